"""Readers of the configuration's own kinds of values, beside those of ``pyproxy.settings.kinds``.

Each takes a typed YAML value, or text marked as ``Text``, and raises ``ConfigurationError`` with problem and
suggestion; key and place are added by the caller. The ``show_`` functions are their inverse for ``config show``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from pyproxy.errors import ConfigurationError
from pyproxy.settings.addresses import check_base_url, check_host_port
from pyproxy.settings.kinds import read_duration, read_list, read_text, shown
from pyproxy.settings.quantities import LARGEST_BYTES, format_duration, format_size, parse_size

Network = IPv4Network | IPv6Network

_INTERNAL_ADDRESS = re.compile(r"/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)+")


def read_size(value: object) -> int:
    """Bytes of ``50GB``, ``1MiB`` or of a plain number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_BYTES:
        return value
    if isinstance(value, str):
        try:
            return parse_size(value)
        except ValueError as error:
            problem = str(error)
    else:
        problem = f"expected a size, got {shown(value)}"
    raise ConfigurationError(problem, suggestion="write it like 500MB, 50GB or 1GiB")


def positive(read: Callable[[object], float], instead: str) -> Callable[[object], float]:
    """The same reader, refusing zero; ``instead`` says what to write."""

    def read_positive(value: object) -> float:
        number = read(value)
        if number <= 0:
            raise ConfigurationError("must be more than 0", suggestion=instead)
        return number

    return read_positive


def size_between(lowest: int, highest: int) -> Callable[[object], int]:
    """A reader of sizes in a range, its ends included."""

    def read(value: object) -> int:
        size = read_size(value)
        if not lowest <= size <= highest:
            raise ConfigurationError(
                f"{format_size(size)} is out of range",
                suggestion=f"write a size from {format_size(lowest)} to {format_size(highest)}",
            )
        return size

    return read


def read_path(value: object) -> Path:
    """A path, relative ones to the working directory; ``~`` is the user's home."""
    text = read_text(value)
    if not text.strip() or "\x00" in text:
        raise ConfigurationError("expected a path, got nothing", suggestion="write it like ./data or /srv/pyproxy")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ConfigurationError(f"the home directory of {shown(text)} is unknown", suggestion="write it out") from None


def read_listen_host(value: object) -> str:
    """A host name or an address to listen on, without a port."""
    text = read_text(value).strip()
    suggestion = "write 127.0.0.1 for this machine only, 0.0.0.0 for every address"
    bare = text.removeprefix("[").removesuffix("]")
    host = f"[{bare}]" if bare.count(":") > 1 else bare
    try:
        checked = check_host_port(host)
    except ConfigurationError:
        checked = ""
    if not checked or (":" in checked and not checked.endswith("]")):
        raise ConfigurationError(f"{shown(text)} is no address to listen on", suggestion=suggestion)
    return checked.strip("[]")


def read_public_url(value: object) -> str:
    """The address shown to people: an http or https URL without credentials."""
    url, username, password = check_base_url(read_text(value).strip())
    if username or password:
        raise ConfigurationError("holds a user name or password", suggestion="it is shown to everybody: leave them out")
    return url


def read_internal_address(value: object) -> str:
    """A path of nginx that begins and ends with a slash, and needs no escaping."""
    text = read_text(value).strip()
    if not _INTERNAL_ADDRESS.fullmatch(text):
        raise ConfigurationError(f"{shown(text)} is no internal address", suggestion="write it like /kept-files/")
    return text


def read_networks(value: object) -> tuple[Network, ...]:
    """A list of addresses and networks such as ``10.0.0.0/8``."""
    return tuple(_network(entry) for entry in read_list(value))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        suggestion = f"did you mean {ip_network(text, strict=False)}?"
    except ValueError:
        suggestion = "write it like 10.0.0.0/8, 192.168.1.5 or fd00::/8"
    raise ConfigurationError(f"{shown(text)} is no network", suggestion=suggestion)


def show_plain(value: object) -> object:
    """A value that YAML knows."""
    return value


def show_size(value: object) -> object:
    """``128MB`` for 128000000."""
    return format_size(value) if isinstance(value, int) else value


def show_duration(value: object) -> object:
    """``5m`` for 300.0."""
    return format_duration(value) if isinstance(value, float) else value


def show_path(value: object) -> object:
    """The path; a relative one begins with ``./`` so that it is seen to be one."""
    if isinstance(value, Path) and not value.is_absolute():
        return f"./{value}"
    return None if value is None else str(value)


def show_networks(value: object) -> object:
    """The networks in the usual notation."""
    return [str(network) for network in value] if isinstance(value, tuple) else value


__all__ = [
    "positive",
    "read_duration",
    "read_internal_address",
    "read_listen_host",
    "read_networks",
    "read_path",
    "read_public_url",
    "read_size",
    "show_duration",
    "show_networks",
    "show_path",
    "show_plain",
    "show_size",
    "size_between",
]
