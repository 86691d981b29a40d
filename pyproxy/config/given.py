"""What somebody gave: a value for a key, with the place where it stands, before it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Given:
    """A value for a dotted key; text that wants reading by the key's kind is of class ``Text``.

    ``where`` is ``pyproxy.yaml:12``, ``environment variable PYPROXY_…`` or ``the command line``.
    """

    key: str
    value: object = field(repr=False)
    where: str


@dataclass(frozen=True, slots=True)
class GivenUpstream:
    """One entry of ``upstreams``; ``places`` tells for each of its keys where it stands."""

    values: Mapping[str, object] = field(repr=False)
    places: Mapping[str, str]
    where: str
