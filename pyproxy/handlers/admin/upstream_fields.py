"""The fields of an upstream as controls of a form: their order, their words, and what stands in them.

Every key of `pyproxy.settings.FIELDS` has its place here; a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyproxy.settings import UpstreamSettings
from pyproxy.settings.texts import as_text

Kind = Literal["text", "url", "number", "lines", "tick", "choice", "secret", "proxy", "file"]

NONE = "none"


@dataclass(frozen=True, slots=True)
class Words:
    """How a field is asked for: ``help`` is one sentence, ``default`` what holds without a word."""

    kind: Kind
    label: str
    help: str
    default: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field in the form.

    ``value`` is what stands in it, never a secret; ``there``: a secret is stored, which stays where nothing is typed.
    ``problem`` is what is wrong with it, ``note`` what should be known. ``choices`` are of (value, text).
    """

    name: str
    words: Words
    value: str = ""
    there: str = ""
    problem: str = ""
    note: str = ""
    choices: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together."""

    title: str
    controls: tuple[Control, ...]


_USUAL = UpstreamSettings(name="", url="")

GROUPS: Mapping[str, Mapping[str, Words]] = {
    "What and where": {
        "name": Words("text", "Name", "Letters, digits, - and _; it stays for good.", ""),
        "url": Words(
            "url",
            "URL",
            "The index itself, or the server that it is on; a user name and password in it are moved to their fields.",
            "",
        ),
        "index_path": Words(
            "text",
            "Index path",
            "Appended to the URL, unless that leads to the index already; empty for flat indexes.",
            _USUAL.index_path,
        ),
        "priority": Words("number", "Position", "1 is asked first; the others make room.", "last"),
        "active": Words("tick", "Active", "Off: it is not asked; verified files still answer to their links.", "on"),
    },
    "Credentials": {
        "username": Words("text", "User name", "For HTTP Basic.", NONE),
        "password": Words("secret", "Password", "For HTTP Basic.", NONE),
        "token": Words("secret", "Token", "Sent as Authorization: Bearer, instead of user name and password.", NONE),
        "credential_hosts": Words(
            "lines",
            "Further hosts that get the credentials",
            "One a line, such as https://files.example.com; else they go to the URL’s own host alone.",
            NONE,
        ),
    },
    "TLS and connection": {
        "verify_ssl": Words(
            "tick",
            "SSL validation",
            "Off: any certificate is accepted, and anybody on the way can read along and change files.",
            "on",
        ),
        "ca_bundle": Words("file", "CA bundle", "PEM file of the authorities to trust.", "the public authorities"),
        "client_certificate": Words(
            "file", "Client certificate", "PEM file of our own certificate, for servers that ask for one.", NONE
        ),
        "client_key": Words(
            "file",
            "Client key",
            "PEM file of its private key, without a passphrase; not needed where the certificate’s file holds it.",
            NONE,
        ),
        "http_proxy": Words(
            "proxy",
            "HTTP proxy",
            "The outbound proxy, such as http://proxy.example.com:3128; the word none goes directly.",
            "the environment’s",
        ),
        "connect_timeout_ms": Words(
            "number",
            "Connection timeout in ms",
            "For name look-up, TCP and TLS together.",
            str(_USUAL.connect_timeout_ms),
        ),
        "stall_timeout_ms": Words(
            "number",
            "Stall timeout in ms",
            "A file of which no byte comes for so long has failed; there is no limit on the whole of it.",
            str(_USUAL.stall_timeout_ms),
        ),
    },
    "Freshness and failures": {
        "index_ttl": Words("text", "Pages are fresh for", "Such as 30s, 5m or 12h; then they are asked for again.", ""),
        "missing_ttl": Words(
            "text", "“No such project” is believed for", "Such as 30s, 5m or 12h; then the name is asked for again.", ""
        ),
        "on_failure": Words(
            "choice",
            "While it fails, names that it was never asked for",
            "Let them end with an error where no other upstream may ever answer for them.",
            "asked of the next upstream",
            (("next", "are asked of the next upstream"), ("stop", "end with an error")),
        ),
        "redirect_hosts": Words(
            "lines",
            "Hosts to which it may redirect a project page",
            "One a line, as host or host:port; not those of a public index, which would answer for private names.",
            NONE,
        ),
    },
    "Names": {
        "projects": Words(
            "lines",
            "Projects",
            "Patterns such as mycompany-*, one a line: it is asked for these names only, and nobody else is.",
            "all names",
        ),
        "excluded_projects": Words(
            "lines", "Excluded projects", "Patterns of names that it is not asked for, one a line.", NONE
        ),
    },
}

KIND_OF: Mapping[str, Kind] = {name: words.kind for group in GROUPS.values() for name, words in group.items()}
LABEL_OF: Mapping[str, str] = {name: words.label for group in GROUPS.values() for name, words in group.items()}


def texts_of(settings: UpstreamSettings, priority: int | None = None) -> dict[str, str]:
    """What stands in the form for settings whose secrets are masked; a secret's field is empty."""
    texts = {name: _text(kind, getattr(settings, name, None)) for name, kind in KIND_OF.items()}
    return texts | {"priority": "" if priority is None else str(priority)}


def _text(kind: Kind, value: object) -> str:
    if kind == "secret" or (kind == "proxy" and is_hidden(value)):
        return ""
    if kind == "lines" and isinstance(value, tuple):
        return "\n".join(value)
    return as_text(value)


def is_hidden(value: object) -> bool:
    """Whether a proxy's masked URL stands for one with credentials."""
    return isinstance(value, str) and ("@" in value or value == "***")


def groups(
    texts: Mapping[str, str],
    *,
    there: Mapping[str, str],
    problems: Mapping[str, str],
    notes: Mapping[str, str],
    defaults: Mapping[str, str],
    choices: Mapping[str, Sequence[tuple[str, str]]],
    fixed: frozenset[str],
) -> tuple[Group, ...]:
    """The whole form; ``fixed`` fields are left out, ``defaults`` are those that the configuration decides."""
    return tuple(
        Group(
            title,
            tuple(
                Control(
                    name=name,
                    words=words if name not in defaults else Words(words.kind, words.label, words.help, defaults[name]),
                    value=texts.get(name, ""),
                    there=there.get(name, ""),
                    problem=problems.get(name, ""),
                    note=notes.get(name, ""),
                    choices=choices.get(name, words.choices),
                )
                for name, words in fields.items()
                if name not in fixed
            ),
        )
        for title, fields in GROUPS.items()
    )
