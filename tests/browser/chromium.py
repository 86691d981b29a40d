"""Debian's Chromium, driven by Playwright: where it is, how it is started, and what no page may do in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request, Response, WebError, sync_playwright

EXECUTABLE = Path("/usr/bin/chromium")

ARGUMENTS = (
    "--no-sandbox",  # CI is root
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

TOO_LONG_MS = 60_000
"""Ends a step that hangs; never a measurement."""

_LOUD = "Failed to load resource: the server responded with a status of"
"""How the console repeats what `Watch` sees in the responses themselves."""


@contextmanager
def running_chromium(
    executable: Path = EXECUTABLE, environ: Mapping[str, str] = os.environ
) -> Iterator[Browser]:
    """A browser. Without one the test is skipped; in CI (``CI`` is set) that is a failure."""
    if not executable.exists():
        missing = f"there is no browser at {executable}: apt-get install chromium"
        pytest.fail(missing) if environ.get("CI") else pytest.skip(missing)
    # Playwright's loop counts as running in this thread until it is left: nothing asynchronous may be tested meanwhile.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass  # without slots: Playwright hangs attributes of its own on whom it calls back
class Watch:
    """What happens in a window's pages that must not; ``base_url`` is the only server that they may ask.

    An answer of 400 and above is a complaint too, but for those ``expected``.
    """

    base_url: str
    expected: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        """Look at all that happens in a window from now on."""
        context.on("console", self._console)
        context.on("weberror", self._web_error)
        context.on("request", self._request)
        context.on("requestfailed", self._request_failed)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # What the content security policy refuses is an error here as well.
        if message.type in ("error", "warning") and not message.text.startswith(_LOUD):
            self.complaints.append(f"console: {message.text}")

    def _web_error(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", "data:")):
            self.complaints.append(f"asks another server: {request.url}")

    def _request_failed(self, request: Request) -> None:
        # Aborted by the browser itself: a download, or what a page asked for that was left.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status}: {response.url}")
