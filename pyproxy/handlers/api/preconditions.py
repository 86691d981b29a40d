"""``If-Match`` (RFC 9110, section 13.1.1): a change that is made to what its author has seen, or not at all."""

from __future__ import annotations

from pyproxy.handlers.api.operation import Call, Operation
from pyproxy.handlers.api.problems import ApiProblem
from pyproxy.handlers.statuses import Problem

ANY = "*"


def read_if_match(header: str | None, operation: Operation) -> frozenset[str] | None:
    """The versions that the client knows, `ANY` among them for "whatever it is"; `None` where it does not say.

    Raises `ApiProblem` where the operation needs it.
    """
    if operation.conditional == "":
        return None
    if header is None:
        if operation.conditional == "needed":
            raise ApiProblem(_MISSING)
        return None
    if header.strip() == ANY:
        return frozenset({ANY})
    # Whoever forgets the quotes means the same; a weak one (W/"…") never matches.
    return frozenset(tag.strip().strip('"') for tag in header.split(",")) - {ANY}


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
