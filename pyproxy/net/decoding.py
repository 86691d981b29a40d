"""Bodies that an upstream encodes although it was asked not to: what to make of ``Content-Encoding`` on a file.

Files are asked for with ``Accept-Encoding: identity``, and the hash an index lists is that of the file itself. Two
kinds of upstreams answer encoded all the same, and they mean opposite things by the same header:

- one compresses whatever it sends: the body must be decoded to get the file;
- one derives ``Content-Encoding: gzip`` from the suffix of ``.tar.gz``: the body *is* the file, decoding destroys it.

:class:`FileDecoding` tells them apart by the length and the first bytes. Codings: RFC 9110 section 8.4.1.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from pyproxy.errors import BrokenOff, UpstreamInvalidResponse
from pyproxy.net.archive_check import magic_of
from pyproxy.net.response import ResponseHead

GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1 << 20
"""No decoded piece is larger, however well its bytes compress."""

_PEEK_BYTES = 64 << 10
"""A gzip header may hold a name and a comment; past this much of it nobody means a file."""


class BodyDecoding(Protocol):
    """Turns a body as it came over the wire into what was asked for, piece by piece."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these next bytes become; must be exhausted. Raises UpstreamInvalidResponse for nonsense."""
        ...

    def finish(self) -> Iterator[bytes]:
        """What remained at the end of the body. Raises BrokenOff where the encoded form is cut short."""
        ...


class Identity:
    """The body is what was asked for."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The same bytes."""
        return iter((data,))  # once for every 16 KiB: a generator takes longer

    def finish(self) -> Iterator[bytes]:
        """Nothing is ever left over."""
        return iter(())


class Inflating:
    """Decodes ``gzip`` (also of several members) or ``deflate`` (zlib's format, or bare as some servers send it)."""

    def __init__(self, coding: str, upstream: str) -> None:
        self._coding = coding
        self._upstream = upstream
        self._inflater: zlib._Decompress | None = None
        self._complete = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pieces of at most ``PIECE_BYTES``; bytes after the end of the encoded form are passed over."""
        decoded = b""
        # A piece that was cut at its bound may leave more inside zlib, even with no input left.
        while data or len(decoded) == PIECE_BYTES:
            if self._inflater is None:
                if self._complete and not (self._coding == "gzip" and data.startswith(GZIP_MAGIC[:1])):
                    return
                self._inflater = zlib.decompressobj(self._window_bits(data))
                self._complete = False
            try:
                decoded = self._inflater.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise UpstreamInvalidResponse(self._upstream, f"sent a body that is no valid {self._coding}") from error
            data = self._inflater.unconsumed_tail
            if self._inflater.eof:
                data = self._inflater.unused_data
                self._inflater = None
                self._complete = True
            if decoded:
                yield decoded

    def finish(self) -> Iterator[bytes]:
        """Nothing; zlib gives back all it can while it is fed."""
        if not self._complete:
            raise BrokenOff(self._upstream, f"ended in the middle of its {self._coding} body")
        return iter(())

    def _window_bits(self, data: bytes) -> int:
        if self._coding == "gzip":
            return 16 + zlib.MAX_WBITS
        # RFC 9110 8.4.1.2: "deflate" is the zlib format; bare streams are its well-known misreading.
        return zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS


class FileDecoding:
    """Decides between "the body is the file" and "the body is the encoded file", then does the one that holds.

    The listed size settles it where it equals the length on the wire. Otherwise the first bytes do: a body that does
    not begin like its coding was never encoded; a gzip body for a file that is itself gzip is encoded only if gzip
    comes out of it.
    """

    def __init__(self, head: ResponseHead, filename: str, listed_size: int | None, upstream: str) -> None:
        self._coding = head.headers.get("content-encoding", "").strip().lower().removeprefix("x-")
        self._beginnings = magic_of(filename)
        self._upstream = upstream
        self._cannot_be_raw = None not in (listed_size, head.content_length) and listed_size != head.content_length
        self._peeked = b""
        self._decided: BodyDecoding | None = None
        if self._coding in ("", "identity") or (listed_size is not None and listed_size == head.content_length):
            self._decided = Identity()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The file's bytes; nothing while the decision needs more of them."""
        if self._decided is not None:
            yield from self._decided.feed(data)
            return
        self._peeked += data
        self._decided = self._decide(self._peeked, final=len(self._peeked) >= _PEEK_BYTES)
        if self._decided is not None:
            peeked, self._peeked = self._peeked, b""
            yield from self._decided.feed(peeked)

    def finish(self) -> Iterator[bytes]:
        """What is left, decided by what there is."""
        if self._decided is None:
            self._decided = self._decide(self._peeked, final=True) or Identity()
            yield from self._decided.feed(self._peeked)
        yield from self._decided.finish()

    def _decide(self, start: bytes, *, final: bool) -> BodyDecoding | None:
        if len(start) < len(GZIP_MAGIC) and not final:
            return None
        if self._coding not in ("gzip", "deflate"):
            if self._beginnings and start.startswith(self._beginnings):
                return Identity()
            raise UpstreamInvalidResponse(
                self._upstream, f"sent a file encoded as {self._coding[:40]!r}, although asked not to encode it"
            )
        inflating = Inflating(self._coding, self._upstream)
        if self._cannot_be_raw:
            return inflating
        if self._coding == "deflate":
            return Identity() if self._beginnings and start.startswith(self._beginnings) else inflating
        if not start.startswith(GZIP_MAGIC):
            return Identity()
        if GZIP_MAGIC not in self._beginnings:
            return inflating
        inside = _first_inflated(start)
        if len(inside) < len(GZIP_MAGIC) and not final:
            return None
        return inflating if inside.startswith(GZIP_MAGIC) else Identity()


def _first_inflated(start: bytes) -> bytes:
    """The first bytes that come out of the beginning of a gzip stream; nothing if it is too short or no gzip."""
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(start, len(GZIP_MAGIC))
    except zlib.error:
        return b""
