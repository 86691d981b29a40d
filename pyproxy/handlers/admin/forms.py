"""What a browser sends with a form: fields by name, and uploaded files."""

from __future__ import annotations

from dataclasses import dataclass, field

from tornado.escape import to_unicode
from tornado.httputil import HTTPFile, HTTPInputError, parse_body_arguments

from pyproxy.errors import ConfigurationError

LONGEST_TYPED = 200
"""Characters of a field that are shown again, and of a filter."""


class UnreadableForm(Exception):
    """The body is no form; the text is a sentence for people."""


def read_form(content: bytes, content_type: str) -> Form:
    """The form that a body holds. Raises `UnreadableForm`."""
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    try:
        parse_body_arguments(content_type, content, arguments, files)
        fields = {name: [to_unicode(value) for value in values] for name, values in arguments.items()}
    except HTTPInputError as error:  # among others, of more parts or fields than Tornado reads
        raise UnreadableForm(f"The form could not be read: {str(error)[:200]}") from error
    except UnicodeDecodeError as error:
        raise UnreadableForm("The form could not be read: it is not UTF-8") from error
    return Form(fields, {name: each[0]["body"] for name, each in files.items()})


@dataclass(frozen=True, slots=True)
class Form:
    """``fields`` as they were typed, ``files`` by their field's name."""

    fields: dict[str, list[str]]
    files: dict[str, bytes] = field(repr=False)

    def text(self, name: str) -> str:
        """A field's last value without blanks around it; empty where there is none."""
        return self.secret(name).strip()

    def secret(self, name: str) -> str:
        """The same with its blanks, for passwords."""
        values = self.fields.get(name)
        return values[-1] if values else ""

    def has(self, name: str) -> bool:
        """Whether the field was sent at all, as a ticked box and a pressed button are."""
        return name in self.fields


def sentence(error: ConfigurationError) -> str:
    """A field's mistake beside that field."""
    problem = error.problem[:1].upper() + error.problem[1:]
    if not error.suggestion:
        return f"{problem}."
    return f"{problem}: {error.suggestion}."


def shown_again(text: str) -> str:
    """What was typed, as a field shows it once more: not without end, and nothing that cannot be seen."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text[:LONGEST_TYPED])
