"""Readers of single values, from typed YAML or from text, each with a message for people.

YAML gives typed values, and a wrong type is a mistake. The command line, environment variables and ``${NAME}``
give text, marked by the class ``Text``: it is read according to what its key wants (``yes``, ``9000``, ``a,b``).
Every reader raises ``ConfigurationError`` with problem and suggestion; who calls it knows key and place.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pyproxy.errors import ConfigurationError
from pyproxy.settings.quantities import LONGEST_SECONDS, parse_duration

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})

_QUOTING = 'put it in quotes: "…"'


class Text(str):
    """A value that came as text and is read according to its key's kind."""

    __slots__ = ()


def shown(value: object) -> str:
    """A value as it is quoted in messages: short, on one line, in YAML's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def read_text(value: object) -> str:
    """A string; numbers and booleans of YAML are refused, since ``1.10`` or ``no`` would change its spelling."""
    if isinstance(value, str):
        _check_encodable(value)
        return str(value)
    suggestion = _QUOTING if isinstance(value, (bool, int, float)) else "write one text"
    raise ConfigurationError(f"expected a text, got {shown(value)}", suggestion=suggestion)


def read_secret(value: object) -> str:
    """A password or token; its value never appears in the message."""
    if not isinstance(value, str):
        raise ConfigurationError("expected a text", suggestion=_QUOTING)
    _check_encodable(value)
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ConfigurationError(
            "contains a line break or another control character", suggestion="look for a newline at its end"
        )
    return str(value)


def _check_encodable(text: str) -> None:
    # Bytes of the environment or the command line that are not UTF-8 come as lone surrogates (PEP 383).
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("holds bytes that are not UTF-8", suggestion="write it in UTF-8") from None


def read_boolean(value: object) -> bool:
    """``true`` or ``false``; as text also yes, no, on, off, 1 and 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Text):
        word = value.strip().lower()
        if word in TRUE_WORDS or word in FALSE_WORDS:
            return word in TRUE_WORDS
    raise ConfigurationError(f"expected true or false, got {shown(value)}", suggestion="write true or false")


def read_integer(value: object, lowest: int, highest: int) -> int:
    """A whole number between ``lowest`` and ``highest``, both included."""
    number: int | None = None
    if isinstance(value, Text):
        digits = value.strip()
        if digits.removeprefix("-").isdecimal() and digits.isascii() and len(digits) < 20:
            number = int(digits)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    if number is None:
        raise ConfigurationError(
            f"expected a whole number, got {shown(value)}", suggestion=f"write a number from {lowest} to {highest}"
        )
    if not lowest <= number <= highest:
        raise ConfigurationError(f"{number} is out of range", suggestion=f"write a number from {lowest} to {highest}")
    return number


def read_duration(value: object) -> float:
    """Seconds of ``5m`` or of a plain number of seconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LONGEST_SECONDS:
        return float(value)
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            problem = str(error)
    else:
        problem = f"expected a duration, got {shown(value)}"
    raise ConfigurationError(problem, suggestion="write it like 30s, 5m, 12h, 30d or 250ms")


def read_list(value: object) -> tuple[str, ...]:
    """A list of texts; as text its entries are separated by commas. Repeated entries are dropped."""
    if isinstance(value, Text):
        entries: Iterable[object] = [part.strip() for part in value.split(",") if part.strip()]
    elif isinstance(value, (list, tuple)):
        entries = value
    elif isinstance(value, str):
        raise ConfigurationError(f"expected a list, got {shown(value)}", suggestion=f"write [{shown(value)}]")
    else:
        raise ConfigurationError(f"expected a list, got {shown(value)}", suggestion="write [] for an empty list")
    return tuple(dict.fromkeys(read_text(entry).strip() for entry in entries))


def read_choice(value: object, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    if isinstance(value, str) and value.strip().lower() in choices:
        return value.strip().lower()
    close = closest(str(value), choices)
    suggestion = f"did you mean {close}?" if close else f"write {' or '.join(choices)}"
    raise ConfigurationError(f"{shown(value)} is none of {', '.join(choices)}", suggestion=suggestion)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, for "did you mean …?"."""
    matches = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None
