"""The table of all keys outside ``upstreams``: how each is read and shown.

A test holds it equal to the fields of ``pyproxy.config.model``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from pyproxy.config import values
from pyproxy.config.model import Config
from pyproxy.settings.kinds import closest, read_boolean, read_choice, read_integer

MOST_WORKERS = 256

_NOT_IN_SECTIONS = frozenset({"upstreams", "priorities"})


@dataclass(frozen=True, slots=True)
class Key:
    """How one key is read and shown; an ``optional`` one may be null (as text: empty)."""

    read: Callable[[object], object]
    show: Callable[[object], object] = values.show_plain
    optional: bool = False


def _integer(lowest: int, highest: int) -> Callable[[object], object]:
    return lambda value: read_integer(value, lowest, highest)


def _choice(*choices: str) -> Callable[[object], object]:
    return lambda value: read_choice(value, choices)


_PATH_OR_NONE = Key(values.read_path, values.show_path, optional=True)
_DURATION = Key(values.read_duration, values.show_duration)
_POSITIVE_SIZE = values.positive(values.read_size, "write it like 500MB or 50GB")

KEYS: Mapping[str, Key] = {
    "server.host": Key(values.read_listen_host),
    "server.port": Key(_integer(0, 65535)),
    "server.workers": Key(_integer(0, MOST_WORKERS)),
    "server.public_url": Key(values.read_public_url, optional=True),
    "server.trusted_proxies": Key(values.read_networks, values.show_networks),
    "server.tls.certificate": _PATH_OR_NONE,
    "server.tls.key": _PATH_OR_NONE,
    "storage.directory": Key(values.read_path, values.show_path),
    "storage.max_size": Key(
        values.positive(values.read_size, "write null for no limit"), values.show_size, optional=True
    ),
    "storage.min_free": Key(values.read_size, values.show_size),
    "local.directory": _PATH_OR_NONE,
    "cache.index_ttl": _DURATION,
    "cache.missing_ttl": _DURATION,
    "cache.serve_stale_for": _DURATION,
    "cache.lookup_timeout": Key(values.positive(values.read_duration, "write it like 10s"), values.show_duration),
    "cache.max_page_size": Key(_POSITIVE_SIZE, values.show_size),
    "cache.whole_file_below": Key(values.read_size, values.show_size),
    "cache.offline": Key(read_boolean),
    "access.anonymous_read": Key(read_boolean),
    "project_list": Key(_choice("known", "upstream")),
    "logging.level": Key(_choice("debug", "info", "warning", "error")),
    "logging.format": Key(_choice("text", "json")),
}

SECTIONS = frozenset(key[:position] for key in KEYS for position, character in enumerate(key) if character == ".")
"""The dotted names of all mappings: ``server``, ``server.tls``, …"""


def flatten(section: Any = None, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted key and value of a ``Config`` (the defaults if none is given), upstreams left out."""
    section = Config() if section is None else section
    for field in fields(section):
        value = getattr(section, field.name)
        if is_dataclass(value):
            yield from flatten(value, f"{prefix}{field.name}.")
        elif prefix or field.name not in _NOT_IN_SECTIONS:
            yield prefix + field.name, value


def with_values(section: Any, given: Mapping[str, object], prefix: str = "") -> Any:
    """The same dataclass with the values of the given dotted keys."""
    changes: dict[str, object] = {}
    for field in fields(section):
        current = getattr(section, field.name)
        if is_dataclass(current):
            changes[field.name] = with_values(current, given, f"{prefix}{field.name}.")
        elif prefix + field.name in given:
            changes[field.name] = given[prefix + field.name]
    return replace(section, **changes)


def meant_key(key: str) -> str | None:
    """The known dotted key that was probably meant by an unknown one: here, in another section, or anywhere."""
    section, _, last = key.rpartition(".")
    here = {known.rpartition(".")[2]: known for known in _names_in(section)}
    in_other_sections = (known for known in KEYS if known.rpartition(".")[2] == last.lower())
    word = closest(last, here)
    if word:
        return here[word]
    return next(in_other_sections, None) or (None if section in SECTIONS else closest(key, KEYS))


def suggestion_for(key: str) -> str:
    """What to do about an unknown dotted key of the file."""
    section = key.rpartition(".")[0]
    meant = meant_key(key)
    if meant:
        return f"did you mean {meant}?"
    return f"known here: {', '.join(sorted(known.rpartition('.')[2] for known in _names_in(section)))}"


def _names_in(section: str) -> list[str]:
    """The dotted names of the keys and mappings that stand directly in a section."""
    return [known for known in (*KEYS, *SECTIONS, "upstreams") if known.rpartition(".")[0] == section]
