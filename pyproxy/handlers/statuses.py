"""The one place where errors become HTTP: status, reason phrase, ``Retry-After`` and explanation.

The title is one short sentence with upstream and reason. It is also the reason phrase, because pip and Poetry show
nothing else; uv prints title and detail (``application/problem+json``, RFC 9457).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyproxy.errors import (
    FileNotListed,
    InvalidFilename,
    InvalidProjectName,
    NameReserved,
    NoActiveUpstream,
    NotAcceptable,
    NotAnswered,
    NotKnownOffline,
    NotYetHere,
    PageGone,
    ProjectNotAdmitted,
    ProjectNotFound,
    ProjectUnavailable,
    PyproxyError,
    StorageError,
    UpstreamError,
    UpstreamForbidden,
    UpstreamStatus,
    UpstreamTimeout,
)

REASON_LIMIT = 120
"""Characters of a reason phrase (RFC 9112 sets no limit; clients and fronts do)."""

RETRY_AFTER_SECONDS = 3
"""As long as a failure is remembered; pip waits as long as it is told to, so it stays small."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client is told: RFC 9457's ``status``, ``title`` and ``detail``; ``retry_after`` in seconds."""

    status: int
    title: str
    detail: str
    retry_after: int | None = None


def problem_of(error: PyproxyError) -> Problem:
    """The problem an error is reported as."""
    title = _sentence(str(error))
    match error:
        case ProjectUnavailable():
            status = 504 if error.timed_out else 502
            others = "".join(f" Then {failure}." for failure in error.failures[1:])
            detail = (
                f"{error.asked_for} could not be looked up: {title}{others} Nothing was kept that could be served "
                f"instead. This is not an answer that it does not exist. {_advice(error.failures[0])}"
            )
            return Problem(status, title, detail, RETRY_AFTER_SECONDS)
        case UpstreamTimeout():
            return Problem(504, title, _upstream_detail(error), RETRY_AFTER_SECONDS)
        case UpstreamError():
            return Problem(502, title, _upstream_detail(error), RETRY_AFTER_SECONDS)
        case InvalidProjectName():
            detail = (
                "A project name consists of ASCII letters, digits, '-', '_' and '.', and begins and ends with a "
                "letter or digit (PEP 508). No upstream was asked."
            )
            return Problem(404, title, detail)
        case InvalidFilename():
            return Problem(404, title, "No upstream was asked.")
        case NotAcceptable():
            detail = (
                "This address answers application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html and "
                "text/html; the request's Accept header admits none of them."
            )
            return Problem(406, title, detail)
        case ProjectNotAdmitted():
            return Problem(404, title, "No upstream was asked. To see their patterns: pyproxy upstream list")
        case ProjectNotFound():
            return Problem(404, title, "Every index that may be asked for this name says that it has no such project.")
        case FileNotListed():
            return Problem(404, title, "No index that may be asked lists this file, or has it any more.")
        case NotKnownOffline():
            detail = "cache.offline is on: no upstream is asked, and only what was fetched before can be served."
            return Problem(503, title, detail, RETRY_AFTER_SECONDS)
        case NameReserved():
            detail = (
                "Its project patterns reserve this name, so no other upstream may answer for it. "
                f"An administrator can switch it on: pyproxy upstream enable {error.upstreams[0]}"
            )
            return Problem(503, title, detail, RETRY_AFTER_SECONDS)
        case PageGone():
            return Problem(503, title, "The next try will find the newer one.", RETRY_AFTER_SECONDS)
        case NotYetHere():
            detail = "The transfer goes on: who asks again joins it. Clients give up on a silence of 15 seconds."
            return Problem(503, title, detail, RETRY_AFTER_SECONDS)
        case NoActiveUpstream():
            detail = (
                "Local packages and files fetched before are still served. An administrator sees the upstreams with: "
                "pyproxy upstream list"
            )
            return Problem(503, title, detail, RETRY_AFTER_SECONDS)
        case NotAnswered():
            return Problem(503, title, "Local packages and files fetched before are still served.", RETRY_AFTER_SECONDS)
        case StorageError():
            # Its text names paths of the server, which are nobody's business but the log's.
            return Problem(500, "The server's storage cannot be used.", "The server's log says more.")
    return Problem(500, "an unexpected error", "The server's log says more.")


def reason_phrase(text: str) -> str:
    """``text`` as an HTTP/1.1 reason phrase: one line of printable ASCII, at most `REASON_LIMIT` characters.

    Clients read it as Latin-1 (RFC 9112 section 4), but Tornado writes UTF-8; ASCII is the same in both. Tornado
    replaces a phrase with ``<`` by "Unknown", and with it the explanation.
    """
    line = _CONTROL.sub(" ", text.replace("<", "(").replace(">", ")").replace("…", "..."))
    line = _NOT_ASCII.sub("?", " ".join(line.split()))
    if len(line) > REASON_LIMIT:
        line = line[: REASON_LIMIT - 3].rstrip() + "..."
    return line or "Error"


def _upstream_detail(error: UpstreamError) -> str:
    return f"The upstream {error.upstream} {error.reason}. {_advice(error)}"


def _advice(error: UpstreamError) -> str:
    """What an administrator can do, where time alone will not mend it."""
    if isinstance(error, UpstreamStatus) and error.status in (401, 403):
        return f"Check its credentials: pyproxy upstream set {error.upstream} username=... password=..."
    if isinstance(error, UpstreamForbidden) and "redirect_hosts" in error.reason:
        return (
            "Some indexes redirect the names that they do not have to a public index. Switch that off there, or name "
            f"the projects that it has: pyproxy upstream set {error.upstream} projects=..."
        )
    return "It will be tried again in a few seconds."


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."
