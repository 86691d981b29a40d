"""Answers that are rendered before: compressed or not, and only where the client does not have them already."""

from __future__ import annotations

from pyproxy.handlers.package import PackageHandler
from pyproxy.simple.negotiate import accepts_gzip


class ConditionalHandler(PackageHandler):
    """Sends what is named by an ETag."""

    def accepts_gzip(self) -> bool:
        """Whether this client takes a compressed body."""
        return accepts_gzip(self.request.headers.get("Accept-Encoding"))

    def announce(self, content_type: str, etag_base: str, *, gzip: bool, max_age: int) -> bool:
        """Set the headers of an answer; false if the client has it already, and was told so (304)."""
        self.set_header("Content-Type", content_type)
        if max_age:
            self.allow_keeping(f"max-age={max_age}")
        else:
            self.forbid_keeping("max-age=0")
        # A strong ETag names bytes, so each coding has its own (RFC 9110 section 8.8.3.3).
        self.set_header("Etag", f'"{etag_base}-gzip"' if gzip else f'"{etag_base}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return False
        if gzip:
            self.set_header("Content-Encoding", "gzip")
        return True
