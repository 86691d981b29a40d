"""What a project page has, and what clients will miss: judged from one page, without asking anything more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pyproxy.admin.upstream_test.steps import State, Step
from pyproxy.net.addresses import Origin, origin_of
from pyproxy.simple.model import File, NormalizedName

_JSON_VERSION = re.compile(rb'"api-version"\s*:\s*"([0-9.]{1,10})"')
_HTML_VERSION = re.compile(rb"pypi:repository-version[\"']?\s+content\s*=\s*[\"']?([0-9.]{1,10})", re.IGNORECASE)

_NOTHING_TO_SET = "nothing can be set here; a newer version of the server may list them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it came, after ``seconds``; ``url`` is the final one.

    ``index_url`` and ``origin`` are those of the upstream that was asked.
    """

    project: NormalizedName
    body: bytes = field(repr=False)
    content_type: str | None
    url: str
    seconds: float
    index_url: str
    origin: Origin


def findings(page: Page, files: Sequence[File]) -> list[Step]:
    """The steps about a page and the files that it lists, one at least."""
    # Of an HTML page the first step has said already that there is nothing to set.
    advice = _NOTHING_TO_SET if _is_json(page) else None
    return [
        _format(page, len(files)),
        _sha256(files),
        _sizes(files, advice),
        _upload_times(files, advice),
        *_wheel_metadata(files, advice),
        *_links(files, page.origin),
    ]


def _format(page: Page, count: int) -> Step:
    """The page itself: where, how large, in which format."""
    is_json = _is_json(page)
    version = (_JSON_VERSION if is_json else _HTML_VERSION).search(page.body)
    kind = f"{'JSON' if is_json else 'HTML'}{f' {version[1].decode()}' if version else ''}"
    found = f"{page.project}: {count} {'file' if count == 1 else 'files'}, {len(page.body):,} bytes of {kind}"
    if not page.url.startswith(page.index_url):
        found += f", after a redirect to {urlsplit(page.url).netloc}"
    if is_json:
        return Step("project page", "ok", page.seconds, found)
    advice = "nothing can be set here; only JSON (PEP 691, PEP 700) tells clients sizes and upload times"
    return Step("project page", "warning", page.seconds, f"{found}: it does not speak JSON", advice)


def _is_json(page: Page) -> bool:
    return page.body.lstrip()[:1] == b"{"


def _sha256(files: Sequence[File]) -> Step:
    without = [file for file in files if file.sha256 is None]
    if not without:
        return Step("sha256", "ok", None, "every file has one")
    others = sorted({name for file in without for name in file.hashes})
    instead = f"only {', '.join(others)}" if others else "and no other hash"
    found = f"{_lacking(without, files)}, {instead}"
    advice = "pyproxy records the sha256 at the first download and refuses other bytes from then on; lock files made "
    return Step("sha256", "warning", None, found, f"{advice}before that have none")


def _sizes(files: Sequence[File], advice: str | None) -> Step:
    without = [file for file in files if file.size is None]
    if not without:
        return Step("sizes", "ok", None, "every file has one")
    return Step("sizes", "warning", None, _lacking(without, files), advice)


def _upload_times(files: Sequence[File], advice: str | None) -> Step:
    without = [file for file in files if file.upload_time is None]
    if not without:
        return Step("upload times", "ok", None, "every file has one")
    found = f"{_lacking(without, files)}: uv --exclude-newer and pip --uploaded-prior-to will not work"
    return Step("upload times", "warning", None, found, advice)


def _wheel_metadata(files: Sequence[File], advice: str | None) -> list[Step]:
    wheels = [file for file in files if file.filename.endswith(".whl")]
    without = [file for file in wheels if not file.core_metadata]
    if not wheels:
        return []
    if not without:
        return [Step("wheel metadata", "ok", None, "it is listed for every wheel (PEP 658)")]
    found = f"{_lacking(without, wheels, 'wheel')} (PEP 658): pyproxy reads it out of the wheels"
    return [Step("wheel metadata", "warning", None, found, advice)]


def _links(files: Sequence[File], origin: Origin) -> list[Step]:
    """Files that are not where the index is."""
    steps = []
    down = [file for file in files if origin[0] == "https" and urlsplit(file.url).scheme == "http"]
    if down:
        unprotected = [file for file in down if file.sha256 is None]
        found = f"{len(down)} of {len(files)} files are linked at http, the index is https"
        if unprotected:
            found += f"; {len(unprotected)} of them have no sha256 and are never fetched so"
        state: State = "failed" if len(unprotected) == len(files) else "warning"
        advice = "set the server's public address to https (X-Forwarded-Proto, base URL)"
        steps.append(Step("links", state, None, found, advice))
    elsewhere = [file.url for file in files if origin_of(file.url)[1:] != origin[1:]]
    hosts = sorted({urlsplit(url).netloc.rpartition("@")[2] for url in elsewhere})
    if hosts:
        steps.append(Step("file host", "ok", None, f"files are on another host: {', '.join(hosts[:5])}"))
    return steps


def _lacking(some: Sequence[File], all_: Sequence[File], noun: str = "file") -> str:
    """``2 of 3 files have none``."""
    if len(all_) == 1:
        return f"its only {noun} has none"
    if len(some) == len(all_):
        return f"none of its {len(all_)} {noun}s has one"
    return f"{len(some)} of its {len(all_)} {noun}s have none"
