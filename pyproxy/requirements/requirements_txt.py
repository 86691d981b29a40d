"""``requirements.txt`` as pip documents it: what it asks for, what it includes, and what of it does not concern us.

Required reading: pip's "Requirements File Format". Files that it includes are read by the caller, for nothing here
opens any.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement

from pyproxy.errors import ConfigurationError, InvalidProjectName
from pyproxy.requirements.fitting import SDIST_SUFFIXES, Formats
from pyproxy.requirements.lines import Line, logical_lines
from pyproxy.requirements.model import Requirement, Skipped
from pyproxy.simple.names import normalize
from pyproxy.simple.parse_fields import hashes_of

SHOWN = 200
"""Characters of a wrong line that are shown."""

_SHORT = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url", "-f": "--find-links"}
_SHORT |= {"-C": "--config-settings"}

_WITH_VALUE = {
    *("--requirement", "--constraint", "--editable", "--index-url", "--extra-index-url", "--find-links"),
    *("--no-binary", "--only-binary", "--trusted-host", "--use-feature", "--config-settings", "--config-setting"),
    *("--global-option", "--hash", "--pypi-url", "--all-releases", "--only-final", "--uploaded-prior-to"),
}
_FLAGS = {"--no-index", "--pre", "--require-hashes", "--prefer-binary"}

_INDEX_OPTIONS = {"--index-url", "--extra-index-url", "--find-links", "--no-index", "--trusted-host", "--pypi-url"}

_ADDRESS = re.compile(r"(?:[a-z]+\+)?[a-z]+://|git\+|file:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Include:
    """A file to be read as well: more requirements, or constraints on them. ``path`` is relative to the file's own.

    ``shown`` is what people may see of it.
    """

    path: str
    shown: str
    where: str
    constraint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementsFile:
    """What one file says, in its order.

    ``ignored`` are options with their places that do not concern us; ``formats`` those options that pip has of this
    name, with their values.
    """

    requirements: tuple[Requirement, ...] = ()
    includes: tuple[Include, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()
    formats: tuple[tuple[str, str], ...] = ()
    pre: bool = False


def read_requirements(text: str, name: str, environ: Mapping[str, str]) -> RequirementsFile:
    """The file of this content. Raises `ConfigurationError`."""
    reading = _Reading()
    for line in logical_lines(text, name, environ):
        options = _options(line)
        if line.asked:
            reading.take_requirement(line, options)
        else:
            for option, value in options:
                reading.take_option(option, value, line)
    return reading.done()


class _Reading:
    """A file on its way."""

    def __init__(self) -> None:
        self._requirements: list[Requirement] = []
        self._includes: list[Include] = []
        self._skipped: list[Skipped] = []
        self._ignored: list[tuple[str, str]] = []
        self._formats: list[tuple[str, str]] = []
        self._pre = False

    def done(self) -> RequirementsFile:
        return RequirementsFile(
            requirements=tuple(self._requirements),
            includes=tuple(self._includes),
            skipped=tuple(self._skipped),
            ignored=tuple(self._ignored),
            formats=tuple(self._formats),
            pre=self._pre,
        )

    def take_requirement(self, line: Line, options: list[tuple[str, str]]) -> None:
        asked, reason = line.as_written(line.asked), _not_of_an_index(line.asked)
        if reason is not None:
            self._skipped.append(Skipped(asked, line.where, reason))
            return
        try:
            parsed = ParsedRequirement(line.asked)
            project = normalize(parsed.name)
            parsed.specifier.contains("0")  # reads its numbers, of which some are too long for Python
        except (InvalidRequirement, InvalidProjectName, ValueError):
            raise ConfigurationError(
                f"{asked[:SHOWN]!r} is no requirement",
                where=line.where,
                suggestion=_how_to_write(asked),
            ) from None
        if parsed.url is not None:
            self._skipped.append(Skipped(asked, line.where, _address_reason(parsed.url)))
            return
        self._requirements.append(
            Requirement(
                project=project,
                specifier=parsed.specifier,
                where=line.where,
                marker=parsed.marker,
                extras=frozenset(parsed.extras),
                hashes=frozenset(_hash(value, line) for option, value in options if option == "--hash"),
            )
        )

    def take_option(self, option: str, value: str, line: Line) -> None:
        if option in ("--requirement", "--constraint"):
            self._includes.append(Include(value, line.as_written(value), line.where, option == "--constraint"))
        elif option == "--editable":
            reason = "it is installed from its source, not from an index"
            self._skipped.append(Skipped(line.as_written(value, "-e "), line.where, reason))
        elif option in ("--no-binary", "--only-binary"):
            _checked(option, value, line)
            self._formats.append((option, value))
        elif option == "--pre":
            self._pre = True
        elif option != "--require-hashes":  # what has hashes is held to them, and what has none says so by itself
            self._ignored.append((option, line.where))


def _options(line: Line) -> list[tuple[str, str]]:
    """The options of a line in their long form, each with its value."""
    try:
        words = shlex.split(line.options)
    except ValueError as error:
        raise ConfigurationError(str(error).lower(), where=line.where, suggestion="close the quotation") from None
    found, waiting = [], iter(words)
    for word in waiting:
        option, equals, value = word.partition("=")
        if not word.startswith("--") and word[:2] in _SHORT:
            option, value = _SHORT[word[:2]], word[2:].removeprefix("=")
            equals = value
        if option in _FLAGS and not equals:
            found.append((option, ""))
            continue
        if option not in _WITH_VALUE:
            close = difflib.get_close_matches(option, sorted(_WITH_VALUE | _FLAGS), 1)
            suggestion = f"did you mean {close[0]}?" if close else "see pip's requirements file format"
            problem = f"{line.as_written(option)} is no option of pip's format"
            raise ConfigurationError(problem, where=line.where, suggestion=suggestion)
        if not equals:
            value = next(waiting, "")
        if not value:
            raise ConfigurationError(f"{option} has no value", where=line.where, suggestion=f"write {option}=…")
        found.append((option, value))
    return found


def _not_of_an_index(asked: str) -> str | None:
    """Why no index can give this: an address or a path."""
    if _ADDRESS.match(asked):
        return _address_reason(asked)
    first = asked.split(";")[0].strip()
    if first.startswith((".", "/", "~", "\\")) or (" " not in first and ("/" in first or "\\" in first)):
        return "it is a path on the machine that installs"
    if "@" not in first and first.lower().endswith((".whl", *SDIST_SUFFIXES)):
        return "it is a file on the machine that installs"
    return None


def _address_reason(url: str) -> str:
    kind = url.partition("+")[0].lower()
    if kind in ("git", "hg", "svn", "bzr"):
        return f"it comes from a {kind} repository, and pyproxy keeps files of indexes only"
    return "it comes from an address of its own, and pyproxy keeps files of indexes only"


def _how_to_write(asked: str) -> str:
    for wrong, right in (("=>", ">="), ("=<", "<="), ("=~", "~=")):
        if wrong in asked:
            return f"did you mean {asked.replace(wrong, right)}?"
    if re.fullmatch(r"[\w.\[\]-]+\s*=\s*[\w.]+", asked):
        return f"did you mean {asked.replace(' ', '').replace('=', '==')}?"
    return "write it like requests==2.32.3 or flask[async]>=3,<4; python_version >= '3.11'"


def _hash(text: str, line: Line) -> str:
    algorithm, _, digest = text.partition(":")
    if not hashes_of({algorithm: digest}):
        problem = f"{line.as_written(text)!r} is no hash"
        raise ConfigurationError(problem, where=line.where, suggestion="write it like --hash=sha256:…")
    return f"{algorithm.lower()}:{digest.lower()}"


def _checked(option: str, value: str, line: Line) -> None:
    try:
        Formats().changed(option, value)
    except ConfigurationError as error:
        problem = error.problem if value in line.written else f"{line.as_written(value)!r} names no projects"
        raise ConfigurationError(problem, where=line.where, key=option, suggestion=error.suggestion) from None


def is_index_option(option: str) -> bool:
    """Whether the option says where to look, which here the upstreams decide."""
    return option in _INDEX_OPTIONS
