"""Which of the Simple API's three formats a client gets, and whether compressed.

Required reading: PEP 691 ("Version + Format Selection") and RFC 9110 section 12.5. The rule for wildcards follows what
the public PyPI answers: a client that names no format of the Simple API sees HTML.
"""

from __future__ import annotations

import enum
from functools import lru_cache

from pyproxy.errors import NotAcceptable


class Format(enum.Enum):
    """A format of the Simple API, in the order in which we prefer them; the value is its bare media type."""

    JSON_V1 = "application/vnd.pypi.simple.v1+json"
    HTML_V1 = "application/vnd.pypi.simple.v1+html"
    TEXT_HTML = "text/html"

    def __init__(self, media_type: str) -> None:
        self.content_type = f"{media_type}; charset=utf-8" if media_type == "text/html" else media_type
        """The exact ``Content-Type``: uv compares the text before ``;`` byte for byte."""


_ALIASES = {
    "application/vnd.pypi.simple.latest+json": Format.JSON_V1.value,
    "application/vnd.pypi.simple.latest+html": Format.HTML_V1.value,
}


REMEMBERED_CHARACTERS = 512
"""Longer headers are read anew each time: no client may fill the memory with them."""

MOST_ELEMENTS = 100
"""Of a list of types or codings; the rest is not read. Browsers send ten, and very many take a second to read."""


def choose_format(accept: str | None, format_param: str | None = None) -> Format:
    """Choose by the ``Accept`` header (several joined by commas) and the decoded ``?format=``, which overrides it.

    Raises ``NotAcceptable``; its message names the three types.
    """
    if len(accept or "") + len(format_param or "") > REMEMBERED_CHARACTERS:
        return _choose_format(accept, format_param)
    return _remembered_format(accept, format_param)


def accepts_gzip(header: str | None) -> bool:
    """Whether ``Accept-Encoding`` admits gzip; a missing header asks for nothing, so it gets the plain body."""
    if len(header or "") > REMEMBERED_CHARACTERS:
        return _accepts_gzip(header)
    return _remembered_gzip(header)


def _choose_format(accept: str | None, format_param: str | None) -> Format:
    if format_param:
        # An unescaped "+" in a query arrives as a space, and no media type contains one.
        return _exact(format_param.strip().lower().replace(" ", "+"))
    if accept is None or not accept.strip():
        return Format.TEXT_HTML
    ranges = _weights(accept, _ALIASES)
    offers = [(offer, *_quality(offer.value, ranges)) for offer in Format]
    best = max(quality for _, quality, _ in offers)
    if best <= 0:
        raise _not_acceptable("nothing in Accept")
    named = [offer for offer, quality, is_named in offers if quality == best and is_named]
    if named:
        return named[0]
    by_wildcard = [offer for offer, quality, _ in offers if quality == best]
    return Format.TEXT_HTML if Format.TEXT_HTML in by_wildcard else by_wildcard[0]


def _accepts_gzip(header: str | None) -> bool:
    weights = _weights(header or "", {"x-gzip": "gzip"})
    return weights.get("gzip", weights.get("*", 0.0)) > 0


_remembered_format = lru_cache(maxsize=512)(_choose_format)  # the same few clients send the same headers
_remembered_gzip = lru_cache(maxsize=512)(_accepts_gzip)


def _exact(media_type: str) -> Format:
    try:
        return Format(_ALIASES.get(media_type, media_type))
    except ValueError:
        raise _not_acceptable(f"format={media_type[:80]!r}") from None


def _quality(media_type: str, ranges: dict[str, float]) -> tuple[float, bool]:
    """The quality of a type by its most specific range, and whether that range names it."""
    if media_type in ranges:
        return ranges[media_type], True
    main_type = media_type.partition("/")[0]
    return ranges.get(f"{main_type}/*", ranges.get("*/*", 0.0)), False


def _weights(header: str, aliases: dict[str, str]) -> dict[str, float]:
    """Read a list of ``token;q=…``; of a token named twice the higher weight counts, an unreadable one does not."""
    weights: dict[str, float] = {}
    for element in header.split(",", MOST_ELEMENTS)[:MOST_ELEMENTS]:
        token, *parameters = (part.strip().lower() for part in element.split(";"))
        weight = _weight(parameters)
        if token and weight is not None:
            token = aliases.get(token, token)
            weights[token] = max(weight, weights.get(token, 0.0))
    return weights


def _weight(parameters: list[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return None
            return weight if 0 <= weight <= 1 else None
    return 1.0


def _not_acceptable(what: str) -> NotAcceptable:
    types = ", ".join(offer.value for offer in Format)
    return NotAcceptable(f"{what} is a format of this index; it speaks {types}")
