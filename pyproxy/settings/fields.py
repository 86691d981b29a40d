"""The table of an upstream's fields: the one list from which forms, commands and documents are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "url", "integer", "boolean", "choice", "duration", "list", "file"]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an upstream.

    ``optional`` keys may be cleared (``null`` in YAML, an empty text elsewhere); a ``secret`` one is encrypted at
    rest and never shown.
    """

    name: str
    kind: Kind
    meaning: str
    optional: bool = False
    secret: bool = False


FIELDS: tuple[Field, ...] = (
    Field("name", "text", "letters, digits, - and _; unique"),
    Field("url", "url", "the base URL of the index, or the index URL itself (…/simple/)"),
    Field("index_path", "text", "appended to a base URL; empty for flat indexes"),
    Field("priority", "integer", "1 is asked first; moving one renumbers the others", optional=True),
    Field("active", "boolean", "off: never asked; its verified files still answer to their links"),
    Field("username", "text", "HTTP Basic", optional=True),
    Field("password", "text", "HTTP Basic", optional=True, secret=True),
    Field("token", "text", "sent as Authorization: Bearer", optional=True, secret=True),
    Field("credential_hosts", "list", "further hosts (scheme://host:port) that get the credentials"),
    Field("verify_ssl", "boolean", "off: accept any certificate"),
    Field("ca_bundle", "file", "PEM file with the authorities to trust", optional=True),
    Field("client_certificate", "file", "PEM file with our own certificate", optional=True),
    Field("client_key", "file", "PEM file with the key of our own certificate", optional=True),
    Field("connect_timeout_ms", "integer", "for name look-up, TCP and TLS together"),
    Field("stall_timeout_ms", "integer", "no byte of a file for so long is a failure"),
    Field("http_proxy", "url", "outbound proxy URL; none to ignore the environment's", optional=True, secret=True),
    Field("index_ttl", "duration", "freshness of this upstream's pages, else cache.index_ttl", optional=True),
    Field("missing_ttl", "duration", "freshness of this upstream's 404s, else cache.missing_ttl", optional=True),
    Field("on_failure", "choice", "next: ask the next upstream; stop: end with an error"),
    Field("redirect_hosts", "list", "other hosts to which this upstream may redirect a project page"),
    Field("projects", "list", "patterns of names it is asked for, and then nobody else; empty: all"),
    Field("excluded_projects", "list", "patterns of names it is not asked for"),
)
