"""The one place where errors become HTTP: status, reason phrase, ``Retry-After`` and explanation.

The title is one short sentence with upstream and reason, without a full stop: uv prints "title, detail"
(``application/problem+json``, RFC 9457). It is also the reason phrase, for pip and Poetry show nothing else, where they
show anything: pip tries a 502 or 503 again and then says that there is no such distribution.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from pyproxy.errors import (
    ConfigurationError,
    ConfigurationErrors,
    FileNotListed,
    InvalidFilename,
    InvalidProjectName,
    LastAdmin,
    NameReserved,
    NameTaken,
    NameUnknown,
    NoActiveUpstream,
    NotAcceptable,
    NotAllowed,
    NotAnswered,
    NotKnownOffline,
    NotSignedIn,
    NotYetHere,
    PageGone,
    ProjectNotAdmitted,
    ProjectNotFound,
    ProjectUnavailable,
    PyproxyError,
    ReleaseNotFound,
    RequestLoop,
    SignInPaused,
    StorageError,
    UnknownUpstream,
    UpstreamError,
    UpstreamForbidden,
    UpstreamStatus,
    UpstreamTimeout,
    VersionConflict,
    WrongCredentials,
)

REASON_LIMIT = 120
"""Characters of a reason phrase (RFC 9112 sets no limit; clients and fronts do)."""

RETRY_AFTER_SECONDS = 3
"""As long as a failure is remembered; pip waits as long as it is told to, so it stays small."""

LONGEST_RETRY_AFTER_SECONDS = 5
"""What clients are told at most: pip would sit a pause of minutes out, again and again, without a word."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client is told: RFC 9457's ``status``, ``title`` and ``detail``; ``retry_after`` in seconds.

    ``errors`` are the wrong values among several, each by its key.
    """

    status: int
    title: str
    detail: str
    retry_after: int | None = None
    errors: tuple[ValueProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueProblem:
    """What is wrong with one value: the key under which it was sent, and a sentence."""

    field: str
    message: str


_STILL_SERVED = "Local packages and files fetched before are still served."

_FIXED: dict[type[PyproxyError], tuple[int, str]] = {
    InvalidProjectName: (
        404,
        "A project name consists of ASCII letters, digits, '-', '_' and '.', and begins and ends with a letter or "
        "digit (PEP 508). No upstream was asked.",
    ),
    InvalidFilename: (404, "No upstream was asked."),
    NotAcceptable: (
        406,
        "This address answers application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html and text/html; "
        "the request's Accept header admits none of them (of a longer one, the first 100 entries are read).",
    ),
    ProjectNotAdmitted: (404, "No upstream was asked. To see their patterns: pyproxy upstream list"),
    ProjectNotFound: (404, "Every index that may be asked for this name says that it has no such project."),
    FileNotListed: (404, "No index that may be asked lists this file, or has it any more."),
    ReleaseNotFound: (404, "Its project page lists no file and no version that is called so."),
    NotKnownOffline: (
        503,
        "cache.offline is on: no upstream is asked, and only what was fetched before can be served.",
    ),
    PageGone: (503, "The next try will find the newer one."),
    NotYetHere: (
        503,
        "The transfer goes on, or waits for one of the upstream's connections (cache.connections_per_upstream): "
        "who asks again joins it. The limit is fixed: clients give up on a silence of 15 seconds.",
    ),
    RequestLoop: (
        508,
        "An upstream of this server is this server itself, directly or through another one. Take it out: pyproxy "
        "upstream list, here and on the servers behind.",
    ),
    NoActiveUpstream: (
        503,
        f"{_STILL_SERVED} An administrator sees the upstreams with: pyproxy upstream list",
    ),
    NotAnswered: (503, _STILL_SERVED),
    NotSignedIn: (
        401,
        "This server wants an account's name and password, or a token as the password with any user name "
        "(https://name:password@host/simple/, netrc or a keyring).",
    ),
    WrongCredentials: (401, "Whoever runs this server can give you an account or a token."),
    NotAllowed: (403, "This account or token may see things, but not change them."),
}
"""Status and detail of errors that need no more than their own sentence; found along their ancestors."""


_MISTAKES: dict[type[ConfigurationError], int] = {NameUnknown: 404, NameTaken: 409, LastAdmin: 409}
"""Those that are no mistake of a value alone, which is 422."""


def problem_of(error: PyproxyError) -> Problem:
    """The problem an error is reported as."""
    title = str(error).strip().removesuffix(".")
    match error:
        case ProjectUnavailable():
            others = "".join(f" Then {failure}." for failure in error.failures[1:])
            detail = (
                f"{error.asked_for} could not be looked up.{others} Nothing was kept that could be served "
                f"instead. This is not an answer that it does not exist. {_advice(error.failures[0])}"
            )
            return Problem(504 if error.timed_out else 502, title, detail, RETRY_AFTER_SECONDS)
        case UpstreamError():
            detail = f"The upstream {error.upstream} {error.reason}. {_advice(error)}"
            return Problem(504 if isinstance(error, UpstreamTimeout) else 502, title, detail, RETRY_AFTER_SECONDS)
        case NameReserved():
            detail = (
                "Its project patterns reserve this name, so no other upstream may answer for it. "
                f"An administrator can switch it on: pyproxy upstream enable {error.upstreams[0]}"
            )
            return Problem(503, title, detail, RETRY_AFTER_SECONDS)
        case SignInPaused():
            wait = math.ceil(error.seconds)
            detail = f"Wait {wait} seconds, then try again. {error.limit}".rstrip()
            return Problem(429, title, detail, min(wait, LONGEST_RETRY_AFTER_SECONDS))
        case UnknownUpstream():
            return Problem(404, title, "Perhaps somebody has removed it.")
        case VersionConflict():
            return Problem(409, title, "Nothing was changed.")
        case ConfigurationError():
            return _mistake(error)
        case StorageError():
            # Its text names paths of the server, which are nobody's business but the log's.
            return Problem(500, "The server's storage cannot be used", "The server's log says more.")
    for kind in type(error).__mro__:
        if kind in _FIXED:
            status, detail = _FIXED[kind]
            return Problem(status, title, detail, RETRY_AFTER_SECONDS if status == 503 else None)
    return Problem(500, "An unexpected error", "The server's log says more.")


def _mistake(error: ConfigurationError) -> Problem:
    """What somebody wants cannot be done, or not so."""
    status = next((status for kind, status in _MISTAKES.items() if isinstance(error, kind)), 422)
    mistakes = error.mistakes if isinstance(error, ConfigurationErrors) else (error,)
    return Problem(
        status,
        "; ".join(str(mistake) for mistake in mistakes),
        "Nothing was changed.",
        errors=tuple(
            ValueProblem(each.key, f"{each.problem} ({each.suggestion})" if each.suggestion else each.problem)
            for each in mistakes
            if each.key is not None
        ),
    )


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
