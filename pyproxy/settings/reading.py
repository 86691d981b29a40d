"""From what people wrote to an ``UpstreamSettings``: each field's check and what must fit together.

Errors are ``ConfigurationError`` with the field's name as ``key``; the caller adds the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, cast

from pyproxy.errors import ConfigurationError
from pyproxy.settings import kinds
from pyproxy.settings.addresses import check_base_url, check_host_port, check_origin, check_proxy
from pyproxy.settings.fields import FIELDS
from pyproxy.settings.kinds import Text
from pyproxy.settings.pem import check_client_pair, read_authorities, read_pem_file
from pyproxy.settings.upstream import OnFailure, UpstreamSettings

LONGEST_TIMEOUT_MS = 3_600_000
HIGHEST_PRIORITY = 1_000_000

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", re.ASCII)
_PATTERN = re.compile(r"[A-Za-z0-9._*?\[\]!-]+", re.ASCII)
_INDEX_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*", re.ASCII)
_OPTIONAL = frozenset(field.name for field in FIELDS if field.optional)


def upstream_from_mapping(values: Mapping[str, object], base: UpstreamSettings | None = None) -> UpstreamSettings:
    """The settings of typed values (YAML, JSON); a value of class ``Text`` is read by its field's kind.

    What is left out comes from ``base``, else from the defaults. ``priority`` is accepted and checked, but is no
    field of the result: ask ``priority_of``. Raises ``ConfigurationError``.
    """
    fields: dict[str, Any] = asdict(base) if base else {}
    priority_of(values)
    for key, value in values.items():
        if key != "priority":
            fields[key] = _read_field(key, value)
    for key in ("name", "url"):
        if key not in fields:
            raise ConfigurationError("is missing", key=key, suggestion=f"every upstream needs a {key}")
    if "url" in values:
        _split_url(fields, values)
    settings = UpstreamSettings(**fields)
    _check_together(settings)
    if settings.client_certificate and not {"client_certificate", "client_key"}.isdisjoint(values):
        check_client_pair(settings.client_certificate, settings.client_key)
    return settings


def mistakes_in(values: Mapping[str, object]) -> list[ConfigurationError]:
    """What is wrong with each of the values by itself, so that all of it can be told at once."""
    mistakes = []
    for key, value in values.items():
        try:
            if key == "priority":
                priority_of(values)
            else:
                _read_field(key, value)
        except ConfigurationError as error:
            mistakes.append(error)
    return mistakes


def upstream_from_pairs(pairs: Mapping[str, str], base: UpstreamSettings | None = None) -> UpstreamSettings:
    """The settings of KEY=VALUE text over ``base`` (or the defaults).

    Lists are separated by commas, booleans are true/false, yes/no or on/off, and an empty text clears an
    optional field. Only the fields given are checked one by one, so that a PEM file which is gone does not
    hinder other changes. Raises ``ConfigurationError``.
    """
    return upstream_from_mapping({key: Text(value) for key, value in pairs.items()}, base)


def priority_of(values: Mapping[str, object]) -> int | None:
    """The ``priority`` among typed values or KEY=VALUE text; ``None`` is "last"."""
    value = values.get("priority")
    if value is None or value == "":
        return None
    try:
        return kinds.read_integer(Text(value) if isinstance(value, str) else value, 1, HIGHEST_PRIORITY)
    except ConfigurationError as error:
        error.key = "priority"
        raise


def gives_secret(values: Mapping[str, object]) -> bool:
    """Whether the values name a password or token (an empty one drops it), also inside the URL."""
    if "password" in values or "token" in values:
        return True
    url = values.get("url")
    return isinstance(url, str) and check_base_url(url.strip()).password is not None


def _read_field(key: str, value: object) -> object:
    """One field's value, checked; ``None`` where an optional one is cleared."""
    read = _READERS.get(key)
    if read is None:
        close = kinds.closest(key, [field.name for field in FIELDS])
        known = ", ".join(field.name for field in FIELDS)
        raise ConfigurationError(
            "is no setting of an upstream",
            key=key,
            suggestion=f"did you mean {close}?" if close else f"the settings are {known}",
        )
    if key in _OPTIONAL and (value is None or value == ""):
        return None
    try:
        return read(value)
    except ConfigurationError as error:
        error.key = key
        raise


def _split_url(fields: dict[str, Any], values: Mapping[str, object]) -> None:
    """Move a user name and password that stand in the URL to their fields, in ``fields``."""
    url, username, password = check_base_url(fields["url"])
    fields["url"] = url
    for key, found in (("username", username), ("password", password)):
        if found is None:
            continue
        if values.get(key) not in (None, "", found):
            raise ConfigurationError(
                f"the URL holds another {key} than the key {key}", key="url", suggestion="give it once"
            )
        fields[key] = _read_field(key, found)
    if username is not None and password is None and "password" not in values:
        # A password of an earlier user name would be wrong for the new one.
        fields["password"] = None


def _check_together(settings: UpstreamSettings) -> None:
    """What no single field can tell."""
    if settings.token and (settings.username or settings.password):
        raise ConfigurationError(
            "is given together with a username or password",
            key="token",
            suggestion="keep one of the two; an empty value drops the other",
        )
    if settings.password and not settings.username:
        raise ConfigurationError(
            "is given without a username",
            key="password",
            suggestion="add the username, or drop the password with an empty value",
        )
    if settings.client_key and not settings.client_certificate:
        raise ConfigurationError(
            "is given without a client_certificate", key="client_key", suggestion="add client_certificate"
        )


def _name(value: object) -> str:
    name = kinds.read_text(value)
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{kinds.shown(name)} is no upstream name", suggestion="use letters, digits, - and _, 64 at most"
        )
    return name


def _url(value: object) -> str:
    url = kinds.read_text(value).strip()
    check_base_url(url)
    return url


def _username(value: object) -> str:
    username = kinds.read_secret(value)
    if ":" in username:
        raise ConfigurationError("contains a colon", suggestion="HTTP Basic (RFC 7617) admits none in a user name")
    return username


def _token(value: object) -> str:
    token = kinds.read_secret(value).strip()
    if not token.isascii() or " " in token:
        raise ConfigurationError("contains a blank or a letter outside ASCII", suggestion="give the bare token")
    return token


def _index_path(value: object) -> str:
    path = kinds.read_text(value).strip().strip("/")
    if not _INDEX_PATH.fullmatch(path) or ".." in path.split("/") or "//" in path:
        raise ConfigurationError(
            f"{kinds.shown(path)} is no path", suggestion='write it like simple or root/pypi/+simple, "" for none'
        )
    return path


def _patterns(value: object) -> tuple[str, ...]:
    patterns = kinds.read_list(value)
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise ConfigurationError(
                f"{kinds.shown(pattern)} is no pattern of project names", suggestion="write it like mycompany-*"
            )
    return patterns


def _each(check: Callable[[str], str]) -> Callable[[object], tuple[str, ...]]:
    """A reader of lists whose entries pass one check."""
    return lambda value: tuple(dict.fromkeys(check(entry) for entry in kinds.read_list(value)))


def _timeout_ms(value: object) -> int:
    return kinds.read_integer(value, 1, LONGEST_TIMEOUT_MS)


def _on_failure(value: object) -> OnFailure:
    return cast(OnFailure, kinds.read_choice(value, ("next", "stop")))


_READERS: Mapping[str, Callable[[object], object]] = {
    "name": _name,
    "url": _url,
    "index_path": _index_path,
    "active": kinds.read_boolean,
    "username": _username,
    "password": kinds.read_secret,
    "token": _token,
    "credential_hosts": _each(check_origin),
    "verify_ssl": kinds.read_boolean,
    "ca_bundle": read_authorities,
    "client_certificate": read_pem_file,
    "client_key": read_pem_file,
    "connect_timeout_ms": _timeout_ms,
    "stall_timeout_ms": _timeout_ms,
    "http_proxy": lambda value: check_proxy(kinds.read_text(value).strip()),
    "index_ttl": kinds.read_duration,
    "missing_ttl": kinds.read_duration,
    "on_failure": _on_failure,
    "redirect_hosts": _each(check_host_port),
    "projects": _patterns,
    "excluded_projects": _patterns,
}
