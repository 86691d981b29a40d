"""The lines of a requirements file as pip reads them: comments gone, continued lines joined, the environment put in."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyproxy.errors import ConfigurationError

_COMMENT = re.compile(r"(^|\s)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_OPTION = re.compile(r"(?:^|\s)(--?[A-Za-z])")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""``pip freeze > requirements.txt`` writes UTF-16 in Windows PowerShell. The longer marks stand first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line: what is asked for, and the options after it, or one of them alone. ``where`` it begins.

    ``written`` is the line as its file has it, without what the environment puts in.
    """

    asked: str
    options: str
    where: str
    written: str

    def as_written(self, text: str, option: str = "") -> str:
        """What may be shown of ``text``: the line as written, where some of it came out of the environment."""
        return shown(f"{option}{text}" if text in self.written else self.written)


def decoded(content: bytes, name: str) -> str:
    """The text of a file. Raises `ConfigurationError`."""
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            "this is no UTF-8 text", where=f"{name}:{line}", suggestion="save it as UTF-8"
        ) from None


def logical_lines(text: str, name: str, environ: Mapping[str, str]) -> Iterator[Line]:
    """Every line that says something; ``${NAME}`` is replaced where ``environ`` has it."""
    parts: list[str] = []
    begun = 0
    for number, raw in enumerate([*text.splitlines(), ""], 1):
        comment = raw.lstrip().startswith("#")
        if not parts:
            begun = number
        # A comment ends a continued line, as in pip.
        parts.append(" " if comment else raw.removesuffix("\\"))
        if raw.endswith("\\") and not comment:
            continue
        joined = _COMMENT.sub("", "".join(parts)).strip()
        parts = []
        if joined:
            line = _VARIABLE.sub(lambda match: environ.get(match[1], match[0]), joined)
            yield _split(line, f"{name}:{begun}", joined)


def shown(text: str) -> str:
    """The same without a user name and password in an address."""
    return _CREDENTIALS.sub("***@", text)


def _split(line: str, where: str, written: str) -> Line:
    option = _OPTION.search(line)
    if option is None:
        return Line(line, "", where, written)
    return Line(line[: option.start()].strip(), line[option.start(1) :], where, written)
