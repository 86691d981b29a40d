"""What a step may say aloud: no secret, and nothing that a terminal would obey.

An upstream can send back what it was sent, in a redirect, a title or a certificate. So every text is looked through
at the end, whoever wrote it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote, quote_plus, unquote, urlsplit

from pyproxy.admin.upstream_test.steps import Step
from pyproxy.settings import UpstreamSettings
from pyproxy.settings.masking import MASK

LONGEST_TEXT = 600
"""Characters; upstreams choose the length of some of what is quoted."""

_SHORTEST_SECRET = 3
"""Shorter ones would be found everywhere."""


class Discretion:
    """Takes the secrets of one upstream, and those of the environment's proxies, out of texts."""

    def __init__(self, settings: UpstreamSettings, environ: Mapping[str, str]) -> None:
        found = {form for secret in _secrets(settings, environ) for form in _forms(secret)}
        # The longest first: a password may be part of the pair that holds it.
        self._forms = sorted((form for form in found if len(form) >= _SHORTEST_SECRET), key=len, reverse=True)

    def about(self, step: Step) -> Step:
        """The step as it may be shown."""
        advice = None if step.advice is None else self.text(step.advice)
        return replace(step, found=self.text(step.found), advice=advice)

    def text(self, text: str) -> str:
        """A text as it may be shown, on one line."""
        for form in self._forms:
            text = text.replace(form, MASK)
        text = "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
        return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _secrets(settings: UpstreamSettings, environ: Mapping[str, str]) -> Iterator[str]:
    for secret in (settings.password, settings.token):
        if secret:
            yield secret
    if settings.password:
        pair = f"{settings.username or ''}:{settings.password}".encode()
        yield base64.b64encode(pair).decode("ascii")
    proxies = [value for name, value in environ.items() if name.lower().endswith("_proxy") and "@" in value]
    for proxy in (settings.http_proxy or "", *proxies):
        userinfo, at, _ = urlsplit(proxy if "://" in proxy else f"http://{proxy}").netloc.rpartition("@")
        if at:
            yield userinfo
            yield unquote(userinfo)
            yield base64.b64encode(unquote(userinfo).encode()).decode("ascii")
            yield unquote(userinfo).partition(":")[2]


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it may come back in an answer."""
    return secret, quote(secret, safe=""), quote(secret), quote_plus(secret)
