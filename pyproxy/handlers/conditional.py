"""Answers that are rendered before: compressed or not, and only where the client does not have them already."""

from __future__ import annotations

from pyproxy.handlers.package import PackageHandler
from pyproxy.handlers.rendered_head import Head, cache_control, head_of
from pyproxy.simple.negotiate import accepts_gzip

SMALL_BYTES = 64 * 1024
"""Up to here a copy costs less than a second write."""


class ConditionalHandler(PackageHandler):
    """Sends what is named by an ETag."""

    def accepts_gzip(self) -> bool:
        """Whether this client takes a compressed body."""
        return accepts_gzip(self.request.headers.get("Accept-Encoding"))

    @property
    def if_none_match(self) -> str | None:
        """What this client has already."""
        return self.request.headers.get("If-None-Match")

    def announce(self, content_type: str, etag_base: str, *, gzip: bool, max_age: int) -> bool:
        """Set the headers of an answer; false if the client has it already, and was told so (304)."""
        control = cache_control(max_age, public=self.is_public)
        return self.begin(
            head_of(content_type, etag_base, gzip=gzip, cache_control=control, if_none_match=self.if_none_match)
        )

    def begin(self, head: Head) -> bool:
        """Take the status and the headers; false if that was all (304)."""
        self.set_status(head.status)
        for name, value in head.headers.items():
            self.set_header(name, value)
        if head.status == 304:
            self.finish()
            return False
        return True

    def finish_with(self, body: bytes) -> None:
        """Send the rendered body. Tornado joins it to the head, so that each slow client would hold a copy: a large one
        goes by itself, and is the one that all share."""
        if len(body) > SMALL_BYTES and self.request.method != "HEAD":
            self.set_header("Content-Length", str(len(body)))
            self.flush()
        self.finish(body)
