"""What went wrong, said for people: curl's error numbers as errors of our tree.

The reasons continue the sentence "upstream <name> …". Numbers: ``CURLE_*`` in libcurl-errors(3); pycurl names them
``E_*``. Four different timeouts share number 28, so the stage is read from the times of the stages before.
"""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pycurl

from pyproxy.errors import (
    BrokenOff,
    ConnectionBroken,
    UpstreamError,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from pyproxy.net.client import CurlResult

_HTTP2_STREAM = 92
"""CURLE_HTTP2_STREAM; pycurl has no name for it."""

_TOO_LARGE = 100
"""CURLE_TOO_LARGE; the same."""

_BROKEN = frozenset({pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING, pycurl.E_HTTP2, _HTTP2_STREAM})
_NOT_HTTP = frozenset({pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY})
_CERTIFICATE = frozenset({pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_ISSUER_ERROR})
_CERTIFICATE_PREFIX = re.compile(r"^SSL(?: certificate problem| certificate OpenSSL verify result)?: | \(\d+\)$")
_LOCAL_FILES = frozenset({pycurl.E_SSL_CERTPROBLEM, pycurl.E_SSL_CACERT_BADFILE})


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known about the transfer that failed; ``received`` counts bytes of the body, as they came."""

    upstream: str
    url: str
    through_proxy: bool
    connect_timeout_ms: int
    received: int
    content_length: int | None


def failure_of(result: CurlResult, attempt: Attempt) -> UpstreamError:
    """The error for a transfer that curl ended with ``result.errno`` other than 0."""
    name, number = attempt.upstream, result.errno
    host = urlsplit(attempt.url).hostname or ""
    if number == pycurl.E_OPERATION_TIMEDOUT:
        limit = f"{attempt.connect_timeout_ms} ms ({_stage(result, attempt)}, connect_timeout_ms)"
        return UpstreamTimeout(name, f"did not answer within {limit}")
    if number == pycurl.E_PARTIAL_FILE:
        return BrokenOff(name, _broken_off(attempt))
    if number == pycurl.E_COULDNT_RESOLVE_HOST:
        return UpstreamUnreachable(name, f"has a host name that cannot be found: {host}")
    if number == pycurl.E_COULDNT_RESOLVE_PROXY:
        return UpstreamUnreachable(name, "cannot be reached: the host name of the outbound proxy cannot be found")
    if attempt.through_proxy and "CONNECT tunnel" in result.message:
        return UpstreamUnreachable(name, f"cannot be reached: the outbound proxy refused ({_tidy(result.message)})")
    if number == pycurl.E_COULDNT_CONNECT:
        return UpstreamUnreachable(name, _not_connected(result, attempt))
    if (detail := certificate_problem(result)) is not None:
        advice = "set ca_bundle or verify_ssl=false"
        return UpstreamUnreachable(name, f"presented a certificate that is not trusted: {detail}; {advice}")
    if number in _LOCAL_FILES:
        return UpstreamUnreachable(name, f"cannot be asked: a certificate file is unusable: {_tidy(result.message)}")
    if "certificate required" in result.message or "handshake failure" in result.message:
        advice = "set client_certificate and client_key if it wants one"
        return UpstreamUnreachable(name, f"refused the TLS handshake: {_tidy(result.message)}; {advice}")
    if number == pycurl.E_SSL_CONNECT_ERROR:
        return UpstreamUnreachable(name, f"failed in the TLS handshake: {_tidy(result.message)}")
    if number == _TOO_LARGE or "response headers" in result.message:
        limits = "100 KiB for one, 300 KiB or 5,000 in all"
        return UpstreamInvalidResponse(name, f"sent more headers than libcurl takes ({limits}), a fixed limit")
    if number in _NOT_HTTP:
        return UpstreamInvalidResponse(name, "answered with something that is no HTTP")
    if number in _BROKEN:
        return ConnectionBroken(name, _broken(number, attempt))
    return UpstreamUnreachable(name, f"failed: {_tidy(result.message) or f'curl ends with {number}'}")


def certificate_problem(result: CurlResult) -> str | None:
    """What is wrong with the server's certificate, in OpenSSL's or curl's words, if that is why it failed."""
    return _CERTIFICATE_PREFIX.sub("", _tidy(result.message)) if result.errno in _CERTIFICATE else None


def _stage(result: CurlResult, attempt: Attempt) -> str:
    if not result.name_lookup:
        return "name look-up"
    if not result.connect:
        return "connect"
    return "outbound proxy or TLS" if attempt.through_proxy else "TLS"


def _not_connected(result: CurlResult, attempt: Attempt) -> str:
    if attempt.through_proxy:
        return "cannot be reached: the outbound proxy refused the connection"
    if result.os_errno in (0, errno.ECONNREFUSED):
        return "refused the connection"
    return f"cannot be connected to: {os.strerror(result.os_errno)}"


def _broken_off(attempt: Attempt) -> str:
    if attempt.content_length is None:
        return f"broke off the body after {attempt.received} bytes"
    return f"broke off the body after {attempt.received} of {attempt.content_length} bytes"


def _broken(number: int, attempt: Attempt) -> str:
    if number == pycurl.E_GOT_NOTHING:
        return "closed the connection without an answer"
    if attempt.received:
        return f"reset the connection after {attempt.received} bytes"
    return "reset the connection"


def _tidy(message: str) -> str:
    """curl's message on one line, without the addresses inside OpenSSL's."""
    words = " ".join(message.split())
    return words.rpartition("::")[2].partition(", errno")[0] if "SSL routines::" in words else words
