"""Lock files as TOML: read with the place of every mistake, and their fields with the types that they must have."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import SpecifierSet

from pyproxy.errors import ConfigurationError, InvalidFilename, InvalidProjectName
from pyproxy.requirements.model import LockedFile
from pyproxy.requirements.widening import widened
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import check_filename, normalize
from pyproxy.simple.parse_fields import hashes_of

T = TypeVar("T")

REMEDY = "make the lock file again with the tool that wrote it"

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")


class Entry:
    """A table of the file, with the place where its entry begins, for people."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self.table = table
        self.where = where

    def __contains__(self, key: str) -> bool:
        return key in self.table

    def get(self, key: str, kind: type[T], default: T) -> T:
        """A field, or ``default`` where it is not there. Raises `ConfigurationError` where it is something else."""
        value = self.table.get(key, default)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise self.mistake(f"{key} is not what it should be there")
        return value

    def tables(self, key: str) -> Iterator[Entry]:
        """The tables of an array of them."""
        for each in self.get(key, list, []):
            if not isinstance(each, dict):
                raise self.mistake(f"{key} is no list of tables")
            yield Entry(each, self.where)

    def project(self, key: str = "name") -> NormalizedName:
        """A project's name, which must be there."""
        try:
            return normalize(self.get(key, str, ""))
        except InvalidProjectName as error:
            raise self.mistake(str(error)) from None

    def marker(self, text: str) -> Marker:
        """A marker, whatever it says of extras. Raises `ConfigurationError`."""
        try:
            return widened(Marker(text))
        except InvalidMarker:
            raise self.mistake(f"{text!r} is no marker") from None

    def file(self, filename: str, hashes: Mapping[str, str]) -> LockedFile:
        """A file with its hashes; without any where the index had none for the tool that wrote the lock."""
        usable = hashes_of(dict(hashes))
        if hashes and not usable:
            raise self.mistake(f"{filename} has no hash that is known here")
        try:
            return LockedFile(filename=check_filename(filename), hashes=usable, size=self._size())
        except InvalidFilename as error:
            raise self.mistake(str(error)) from None

    def _size(self) -> int | None:
        size = self.get("size", int, -1)
        return size if size >= 0 else None

    def mistake(self, problem: str) -> ConfigurationError:
        """An error of this entry, to be raised."""
        return ConfigurationError(problem, where=self.where, suggestion=REMEDY)


def read_toml(text: str, name: str) -> dict[str, Any]:
    """The document. Raises `ConfigurationError`."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is one; numbers may be too long, lists too deep
        line = _AT_LINE.search(str(error))
        where = f"{name}:{line[1]}" if line and line[1] else name
        problem = _AT_LINE.sub("", str(error))
        problem = f"this is no TOML: {problem[:1].lower()}{problem[1:]}"
        raise ConfigurationError(problem, where=where, suggestion=REMEDY) from None


def entries(document: Mapping[str, Any], text: str, name: str, key: str) -> list[Entry]:
    """The tables of ``[[key]]``, each with the line at which it begins."""
    headings = re.finditer(rf"^\s*\[\[\s*{key}\s*\]\]", text, re.MULTILINE)
    lines = [text.count("\n", 0, match.end()) + 1 for match in headings]
    tables = document.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{key} is no list of tables", where=name, suggestion=REMEDY)
    places = [f"{name}:{line}" for line in lines] if len(lines) == len(tables) else [name] * len(tables)
    return [Entry(table, where) for table, where in zip(tables, places, strict=True)]


def filename_in(address: str) -> str:
    """The last part of an address or path; addresses are all that uv's lock tells of a filename.

    >>> filename_in("https://index.example.com/files/demo-1.0%2Bcpu.tar.gz?token=1#sha256=0")
    'demo-1.0+cpu.tar.gz'
    """
    if "://" in address:
        try:
            address = urlsplit(address).path
        except ValueError:
            return ""
        address = unquote(address)
    return re.split(r"[/\\]", address)[-1]


def read_specifier(text: str) -> SpecifierSet:
    """Versions of Python; all of them where the text is none of PEP 440's, such as Poetry's ``^3.8 || 4.0``."""
    try:
        specifier = SpecifierSet("" if text.strip() == "*" else text)
        specifier.contains("3.11")  # reads its numbers, of which some are too long for Python
    except ValueError:
        return SpecifierSet()
    return specifier


def split_hash(text: str) -> dict[str, str]:
    """``sha256:…`` as a mapping; empty for what is none."""
    algorithm, _, digest = text.partition(":")
    return {algorithm: digest} if digest else {}
