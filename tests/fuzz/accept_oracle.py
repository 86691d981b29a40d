"""What ``Accept`` and ``Accept-Encoding`` allow, read a second way, so that negotiation is not checked by itself."""

from __future__ import annotations

from pyproxy.simple.negotiate import MOST_ELEMENTS, Format

_LATEST = "application/vnd.pypi.simple.latest+"
_V1 = "application/vnd.pypi.simple.v1+"


def allowed_formats(header: str) -> set[Format]:
    """The formats of the highest quality; all where the client names nothing."""
    if not header.strip():
        return set(Format)
    elements = [(token.replace(_LATEST, _V1), quality) for token, quality in _elements(header)]

    def quality_of(offer: Format) -> float:
        for token in (offer.value, offer.value.split("/")[0] + "/*", "*/*"):
            if found := [quality for named, quality in elements if named == token]:
                return max(found)
        return 0.0

    qualities = {offer: quality_of(offer) for offer in Format}
    best = max(qualities.values())
    return {offer for offer, quality in qualities.items() if quality == best > 0}


def allows_gzip(header: str) -> bool:
    """Whether a body in gzip is allowed by name, or by ``*`` where it is not named."""
    elements = _elements(header)
    named = [quality for token, quality in elements if token in ("gzip", "x-gzip")]
    return max(named or [quality for token, quality in elements if token == "*"], default=0.0) > 0


def _elements(header: str) -> list[tuple[str, float]]:
    """Tokens with their qualities; an element whose quality cannot be read says nothing."""
    found = []
    for element in header.split(",")[:MOST_ELEMENTS]:
        token, *parameters = [part.strip().lower() for part in element.split(";")]
        qualities = [value for name, _, value in (p.partition("=") for p in parameters) if name.strip() == "q"]
        try:
            quality = float(qualities[0]) if qualities else 1.0
        except ValueError:
            continue
        if token and 0.0 <= quality <= 1.0:
            found.append((token, quality))
    return found
