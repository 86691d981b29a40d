"""The form in which a project page is stored: one JSON document, whatever format the upstream spoke.

It is the model itself with the PEPs' spelling of the fields and the upstream's own absolute URLs. Equal pages have
equal bytes, so their sha256 tells whether an upstream's answer changed. Unknown fields are skipped when reading, so an
older release reads what a newer one wrote.
"""

from __future__ import annotations

import msgspec

from pyproxy.simple.model import ProjectDetail


class Link(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", gc=False):
    """What fetching one file takes; the fields are those of ``model.File``."""

    filename: str
    url: str
    hashes: dict[str, str] = {}
    size: int | None = None
    core_metadata: bool | dict[str, str] = False

    @property
    def sha256(self) -> str | None:
        """The listed sha256 in lower-case hex, if there is one."""
        return self.hashes.get("sha256")

    @property
    def metadata_url(self) -> str:
        """Where the upstream keeps the metadata sidecar (PEP 658): beside the file, before any query."""
        path, separator, query = self.url.partition("?")
        return f"{path}.metadata{separator}{query}"


class _Links(msgspec.Struct, frozen=True, gc=False):
    files: tuple[Link, ...] = ()


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DETAILS = msgspec.json.Decoder(ProjectDetail)
_LINKS = msgspec.json.Decoder(_Links)


def encode(detail: ProjectDetail) -> bytes:
    """Return the page as canonical bytes; equal pages give equal bytes."""
    return _ENCODER.encode(detail)


def decode(canonical: bytes) -> ProjectDetail:
    """Return the page that ``encode`` was given; raises ``msgspec.DecodeError`` for other bytes."""
    return _DETAILS.decode(canonical)


def links(canonical: bytes) -> dict[str, Link]:
    """Return only what fetching files takes, by filename; builds no model."""
    return {link.filename: link for link in _LINKS.decode(canonical).files}
