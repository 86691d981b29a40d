"""Why an upstream did not answer a question, in words, and what to set about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from pyproxy.errors import ConnectionBroken, UpstreamError, UpstreamForbidden, UpstreamTimeout
from pyproxy.settings import UpstreamSettings

Finding = tuple[str, str | None]
"""What was found, and what to do about it."""

_FORBIDDEN = {
    "host": (
        "if that host belongs to this index, set redirect_hosts to it; else the URL is not that of the index, or the "
        "server sends names it does not have elsewhere: switch that off there"
    ),
    "scheme": (
        "a server behind a TLS front must know its public address (X-Forwarded-Proto); or set url to where it redirects"
    ),
    "address": (
        "links of an upstream at a public address may not lead into a private network: have the server link public "
        "addresses, or set url to the server's private address"
    ),
    "link": None,
}


def explained(error: UpstreamError, settings: UpstreamSettings) -> Finding:
    """An error as a finding about "it", the upstream."""
    found, _, advice = error.reason.partition("; ")
    if isinstance(error, UpstreamForbidden):
        return f"it {error.reason}", _FORBIDDEN[error.rule]
    if isinstance(error, UpstreamTimeout):
        advice = advice or "look at the server's load and log; pages must begin within cache.lookup_timeout"
    if isinstance(error, ConnectionBroken):
        advice = _after_a_break(settings)
    return f"it {found}", advice or None


def _after_a_break(settings: UpstreamSettings) -> str:
    """Servers often end the connection without a word for the commonest of mistakes."""
    if settings.origin[0] == "http":
        return "if the port speaks TLS, write https:// in url; else look into the server's log"
    if settings.client_certificate:
        return "it may have refused client_certificate: look into the server's log for which authority it wants"
    return "look into the server's log; if it wants a client certificate, set client_certificate and client_key"


def no_answer(status: int, headers: Mapping[str, str], body: bytes, settings: UpstreamSettings) -> Finding:
    """Any status that is neither a page nor a clear no."""
    answer = f"it answers {phrase(status)}"
    if b"HTTPS port" in body:  # nginx, and Apache in much the same words
        return f"{answer}: the port wants TLS", "write https:// in url"
    if b"SSL certificate" in body:  # nginx, for a client certificate that is missing or not trusted
        wrong = "refuses" if settings.client_certificate else "misses"
        return f"{answer}: it {wrong} the client certificate", "set client_certificate and client_key to those it wants"
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _refused(status, headers, settings)
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        advice = "set the user name and password in http_proxy (http://user:password@host:port)"
        return f"the outbound proxy answers {phrase(status)}", advice
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return answer, "it limits requests: ask its administrators, or set credentials"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return answer, "look into the server's log: the fault is there, or in a front before it"
    return answer, "check url and index_path"


def _refused(status: int, headers: Mapping[str, str], settings: UpstreamSettings) -> Finding:
    answer, given, wanted = f"it answers {phrase(status)}", sent(settings), _wanted(headers)
    if given is None:
        return f"{answer}, and no credentials are set{wanted}", "set username and password, or token"
    if status == HTTPStatus.FORBIDDEN:
        advice = f"check the {given}, and whether this account may read the index"
    elif settings.token and "bearer" not in headers.get("www-authenticate", "bearer").lower():
        advice = "it does not ask for tokens: set username and password instead (many take a token as password)"
    else:
        advice = f"check the {given}: wrong, expired or revoked"
    return f"{answer} to the {given}{wanted}", advice


def sent(settings: UpstreamSettings) -> str | None:
    """What is sent to prove who we are, for people; ``None`` for nothing."""
    if settings.token:
        return "token"
    if settings.username is not None:
        return "username and password" if settings.password else "username without a password"
    return "client certificate" if settings.client_certificate else None


def phrase(status: int) -> str:
    """``404 Not Found``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _wanted(headers: Mapping[str, str]) -> str:
    """Which scheme it asks for (RFC 9110 section 11.6.1)."""
    scheme = headers.get("www-authenticate", "").partition(" ")[0].rstrip(",")
    return f" (it wants {scheme})" if scheme.isalpha() and len(scheme) <= 20 else ""
