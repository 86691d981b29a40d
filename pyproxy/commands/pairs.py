"""KEY=VALUE arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pyproxy.errors import ConfigurationError


def read_pairs(arguments: Iterable[str], given: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Values by key; a value may hold further ``=``. Raises `ConfigurationError`.

    ``given`` are values that came in another way, none of which may come again. An argument that is no pair is not
    quoted in the message: it may be a secret that lost its key.
    """
    pairs = dict(given)
    for number, argument in enumerate(arguments, start=1):
        key, equals, value = argument.partition("=")
        key = key.strip()
        if not equals or not key:
            raise ConfigurationError(
                f"setting number {number} is not of the form KEY=VALUE", suggestion="write it like index_ttl=5m"
            )
        if key in pairs:
            raise ConfigurationError("is given twice", key=key, suggestion="give it once; lists are joined by commas")
        pairs[key] = value
    return pairs
