"""A response as its lines and bytes come in: what is a head, what of the body reaches the receiver.

curl hands over every header line it sees: those of an outbound proxy's answer to CONNECT, of 1xx answers, of the
answer itself, and trailers after a chunked body. Only one of these is the head.
"""

from __future__ import annotations

from pyproxy.errors import UpstreamInvalidResponse
from pyproxy.net.decoding import BodyDecoding, Identity, Inflating
from pyproxy.net.redirects import REDIRECTS
from pyproxy.net.response import Flow, Receiver, ResponseHead

REDIRECT_BODY_BYTES = 256 << 10
"""So much of a redirect's body is read for the sake of its connection; more of it is nonsense."""


class Incoming:
    """Collects one response and feeds the receiver; a redirect's head and body do not reach it.

    ``head`` is ``None`` until the response's header block has ended; ``received`` counts bytes of the body as they
    came over the wire.
    """

    def __init__(self, receiver: Receiver, flow: Flow, upstream: str, url: str, *, decode: bool) -> None:
        self.head: ResponseHead | None = None
        self.received = 0
        self._receiver = receiver
        self._flow = flow
        self._upstream = upstream
        self._url = url
        self._decode = decode
        self._expected = False
        self._status = 0
        self._headers: dict[str, str] = {}
        self._decoding: BodyDecoding = Identity()
        self._passed_over = False

    def expect(self) -> None:
        """The request is about to be sent: from now on, headers are the upstream's own."""
        self._expected = True

    def header(self, line: bytes) -> bool:
        """One line; true if it ended the head, after the receiver has been told. Raises what the receiver raises."""
        if not self._expected or self.head is not None:
            return False
        text = line.decode("latin-1").rstrip("\r\n")
        if text.startswith("HTTP/"):
            self._status = int(text.split(None, 2)[1])
            self._headers = {}
        elif text:
            name, _, value = text.partition(":")
            name, value = name.strip().lower(), value.strip()
            self._headers[name] = f"{self._headers[name]}, {value}" if name in self._headers else value
        elif self._status >= 200:
            self._begin()
            return True
        return False

    def _begin(self) -> None:
        coding = self._headers.get("content-encoding", "").strip().lower()
        self.head = ResponseHead(
            status=self._status,
            headers=self._headers,
            url=self._url,
            encoded=coding not in ("", "identity"),
            content_length=_length(self._headers.get("content-length", "")),
            flow=self._flow,
        )
        if is_redirect(self.head):
            self._passed_over = True
            return
        if self._decode and self.head.encoded:
            self._decoding = self._decoding_for(coding.removeprefix("x-"))
        self._receiver.started(self.head)

    def _decoding_for(self, coding: str) -> BodyDecoding:
        if coding not in ("gzip", "deflate"):
            raise UpstreamInvalidResponse(self._upstream, f"encodes its answer as nobody asked for: {coding[:40]!r}")
        return Inflating(coding, self._upstream)

    def write(self, data: bytes) -> None:
        """Bytes of the body. Raises what the receiver raises, and UpstreamInvalidResponse for a wrong coding."""
        self.received += len(data)
        if self._passed_over:
            if self.received > REDIRECT_BODY_BYTES:
                raise UpstreamInvalidResponse(self._upstream, "redirects with an endless body")
            return
        for piece in self._decoding.feed(data):
            self._receiver.write(piece)

    def finish(self) -> ResponseHead:
        """The transfer is complete. Raises BrokenOff where the coding says that it is not."""
        if self.head is None:
            raise UpstreamInvalidResponse(self._upstream, "answered with something that is no HTTP")
        if self.received and not self._passed_over:
            for piece in self._decoding.finish():
                self._receiver.write(piece)
        return self.head


def is_redirect(head: ResponseHead) -> bool:
    """Whether the answer leads somewhere else."""
    return head.status in REDIRECTS and "location" in head.headers


def _length(value: str) -> int | None:
    # Repeated equal lengths were joined by commas (RFC 9110 section 8.6).
    values = {part.strip() for part in value.split(",")}
    only = values.pop() if len(values) == 1 else ""
    return int(only) if only.isascii() and only.isdigit() and len(only) < 20 else None
