"""Answers that come bit by bit: NDJSON, a JSON value on each line, or one array for who asks for plain JSON."""

from __future__ import annotations

NDJSON = "application/x-ndjson"


def wants_array(accept: str) -> bool:
    """Whether an ``Accept`` header prefers plain JSON (RFC 9110, section 12.5.1)."""
    return _quality(accept, "application/json") > _quality(accept, NDJSON)


def _quality(accept: str, media_type: str) -> float:
    """What it is worth to the client; where nothing is said, one is as good as the other."""
    best, closest = 0.0, -1
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        closeness = {media_type: 2, "application/*": 1, "*/*": 0}.get(name, -1)
        if closeness > closest:
            best, closest = _q(parameters), closeness
    return best


def _q(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
