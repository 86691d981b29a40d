"""An upstream's settings as a row of the table ``upstreams``, and back.

Lists are JSON. Secrets are encrypted: a password, a token, and a proxy's URL that holds a user name.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import fields
from typing import Any

from pyproxy.settings import FIELDS, UpstreamSettings
from pyproxy.settings.masking import MASK
from pyproxy.storage.secrets import SecretBox

COLUMNS = tuple(field.name for field in fields(UpstreamSettings))
"""The columns have the fields' names."""

_SECRETS = frozenset(field.name for field in FIELDS if field.secret)
_LISTS = frozenset(field.name for field in FIELDS if field.kind == "list")
_BOOLEANS = frozenset(field.name for field in FIELDS if field.kind == "boolean")


def to_row(settings: UpstreamSettings, secrets: SecretBox) -> dict[str, object]:
    """The columns' values, by column name."""
    row: dict[str, object] = {}
    for column in COLUMNS:
        value = getattr(settings, column)
        if column in _SECRETS and value is not None and (column != "http_proxy" or "@" in value):
            value = secrets.encrypt(value)
        elif column in _LISTS:
            value = json.dumps(value)
        row[column] = value
    return row


def to_settings(row: sqlite3.Row, secrets: SecretBox | None) -> UpstreamSettings:
    """The settings of a row; without ``secrets``, ``***`` stands for each secret.

    Raises `StorageError` when a secret was encrypted with another key.
    """
    values: dict[str, Any] = {}
    for column in COLUMNS:
        value = row[column]
        if column in _SECRETS and isinstance(value, bytes):
            value = MASK if secrets is None else secrets.decrypt(value, row["name"])
        elif column in _LISTS:
            value = tuple(json.loads(value))
        elif column in _BOOLEANS:
            value = bool(value)
        values[column] = value
    return UpstreamSettings(**values)
