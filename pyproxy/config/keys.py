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
    """What one key means, and how it is read and shown; an ``optional`` one may be null (as text: empty)."""

    meaning: str
    read: Callable[[object], object]
    show: Callable[[object], object] = values.show_plain
    optional: bool = False


def _integer(lowest: int, highest: int) -> Callable[[object], object]:
    return lambda value: read_integer(value, lowest, highest)


def _choice(*choices: str) -> Callable[[object], object]:
    return lambda value: read_choice(value, choices)


def _path_or_none(meaning: str) -> Key:
    return Key(meaning, values.read_path, values.show_path, optional=True)


def _duration(meaning: str) -> Key:
    return Key(meaning, values.read_duration, values.show_duration)


_POSITIVE_SIZE = values.positive(values.read_size, "write it like 500MB or 50GB")
_LIMIT = values.positive(values.read_size, "write null for no limit")
# With less, browsers with a session and installers with credentials are refused; more, each connection may hold.
_HEADER_SIZE = values.size_between(1024, 16 * 1024**2)
_BODY_SIZE = values.size_between(16 * 1024, 64 * 1024**2)
_POSITIVE_DURATION = values.positive(values.read_duration, "write it like 10s")

KEYS: Mapping[str, Key] = {
    "server.host": Key("the address to listen on; 0.0.0.0 is every one of this machine", values.read_listen_host),
    "server.port": Key("the port to listen on; 0 takes a free one", _integer(0, 65535)),
    "server.workers": Key("processes that share the port and the cache; 0 is one per core", _integer(0, MOST_WORKERS)),
    "server.public_url": Key("the address that people are shown", values.read_public_url, optional=True),
    "server.trusted_proxies": Key(
        "networks whose X-Forwarded-* headers are believed", values.read_networks, values.show_networks
    ),
    "server.accel_redirect": Key(
        "the internal address at which a trusted nginx finds the files folder and sends from it",
        values.read_internal_address,
        optional=True,
    ),
    "server.max_connections": Key(
        "connections of clients at a time, in each worker; more are refused", _integer(1, 1_000_000), optional=True
    ),
    "server.idle_timeout": Key(
        "how long a client may ask for nothing, or take nothing of an answer", _POSITIVE_DURATION, values.show_duration
    ),
    "server.max_header_size": Key("the address and headers of a request", _HEADER_SIZE, values.show_size),
    "server.max_body_size": Key("the body of a request: a form, or JSON of the API", _BODY_SIZE, values.show_size),
    "server.tls.certificate": _path_or_none("PEM file with the server's own certificate; with it, it speaks https"),
    "server.tls.key": _path_or_none("PEM file with the key of that certificate"),
    "storage.directory": Key("where database and cached files are", values.read_path, values.show_path),
    "storage.max_size": Key(
        "room for cached files; the least recently used go first", _LIMIT, values.show_size, optional=True
    ),
    "storage.min_free": Key(
        "with less free disk nothing new is kept, but everything is still served", values.read_size, values.show_size
    ),
    "local.directory": _path_or_none("a folder of wheels and sdists, served before any upstream"),
    "cache.index_ttl": _duration("how long a project page is used before its upstream is asked again"),
    "cache.missing_ttl": _duration("how long “no such project” is believed"),
    "cache.serve_stale_for": _duration("how old a page may get while its upstream fails"),
    "cache.lookup_timeout": Key(
        "for one project page, all upstreams together", _POSITIVE_DURATION, values.show_duration
    ),
    "cache.max_page_size": Key("a larger page is a failure of its upstream", _POSITIVE_SIZE, values.show_size),
    "cache.whole_file_below": Key(
        "a range of a smaller file that is not here fetches the whole file", values.read_size, values.show_size
    ),
    "cache.connections_per_upstream": Key(
        "transfers of files at a time from one upstream, and as many of pages; more wait", _integer(1, 10_000)
    ),
    "cache.extract_metadata": Key(
        "read METADATA out of wheels whose upstream offers no metadata files, and list it", read_boolean
    ),
    "cache.look_ahead": Key(
        "ask for the pages of what a metadata file requires as soon as that is asked for", read_boolean
    ),
    "cache.offline": Key("ask no upstream at all", read_boolean),
    "access.anonymous_read": Key("whether everybody may install; else it takes an account or a token", read_boolean),
    "project_list": Key("what /simple/ lists", _choice("known", "upstream")),
    "logging.level": Key("how much is logged", _choice("debug", "info", "warning", "error")),
    "logging.format": Key("how it is logged; json writes one object a line", _choice("text", "json")),
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
