"""``If-Match`` (RFC 9110, section 13.1.1): a change that is made to what its author has seen, or not at all."""

from __future__ import annotations

import re

from pyproxy.handlers.api.operation import Call, Operation
from pyproxy.handlers.api.problems import ApiProblem
from pyproxy.handlers.statuses import Problem

ANY = "*"

_TAGS = re.compile(r'\s*(W/)?"([!#-~]*)"\s*(?:,|$)')


def read_if_match(header: str | None, operation: Operation) -> frozenset[str] | None:
    """The versions that the client knows, `ANY` among them for "whatever it is"; `None` where it does not say.

    Raises `ApiProblem` for one that the operation needs, and for a header that is none.
    """
    if operation.conditional == "":
        return None
    if header is None:
        if operation.conditional == "needed":
            raise ApiProblem(_MISSING)
        return None
    if header.strip() == ANY:
        return frozenset({ANY})
    versions, position = set(), 0
    while position < len(header):
        found = _TAGS.match(header, position)
        if found is None:
            raise ApiProblem(_UNREADABLE)
        if not found[1]:  # a weak one never matches
            versions.add(found[2])
        position = found.end()
    return frozenset(versions)


def expected_version(call: Call, present: str) -> str | None:
    """The version that a change must find, `None` for any; ``present`` is the one there is. Raises `ApiProblem`."""
    if call.if_match is None or ANY in call.if_match:
        return None
    if present not in call.if_match:
        raise ApiProblem(CHANGED_MEANWHILE)
    return present


def etag(version: str) -> str:
    """As it stands in a header."""
    return f'"{version}"'


CHANGED_MEANWHILE = Problem(
    412,
    "It was changed meanwhile",
    "Nothing was changed. Get it again, look at what somebody else has made of it, and send its new ETag.",
)

_MISSING = Problem(
    428,
    "This needs If-Match",
    "Send the ETag of what you have seen, so that nobody's changes are lost; If-Match: * changes whatever there is.",
)

_UNREADABLE = Problem(400, "If-Match holds no list of ETags", 'Write it like If-Match: "0123456789abcdef", or *')
