"""Reads requirement files, with all that they include, and lock files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.fitting import Formats
from pyproxy.requirements.lines import decoded
from pyproxy.requirements.lock_files import KINDS, read_lock
from pyproxy.requirements.model import Lock, Requirement, Skipped
from pyproxy.requirements.requirements_txt import Include, is_index_option, read_requirements

FILE_LIMIT = 100_000_000
"""Bytes of a file; some that can be named, such as devices, never end."""


@dataclass(slots=True, kw_only=True)
class Source:
    """One file that was given, with those that it includes; of a lock file, only ``lock`` and ``skipped``."""

    name: str
    formats: Formats
    lock: Lock | None = None
    requirements: list[Requirement] = field(default_factory=list)
    constraints: list[Requirement] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pre: bool = False


def read_source(name: str, environ: Mapping[str, str], formats: Formats, *, pre: bool = False) -> Source:
    """The file of this name; ``formats`` and ``pre`` are what is said beside it.

    Raises `ConfigurationError` with the file, the line and what to do.
    """
    text = _read(Path(name), None, KINDS)
    lock = read_lock(text, name)
    if lock is not None:
        return Source(name=name, formats=formats, lock=lock, skipped=list(lock.skipped))
    source = Source(name=name, formats=formats, pre=pre)
    _Including(source, environ).take(text, Path(name), name, constraint=False)
    return source


class _Including:
    """Reads a file and those that it includes, each once."""

    def __init__(self, source: Source, environ: Mapping[str, str]) -> None:
        self._source = source
        self._environ = environ
        self._seen: set[tuple[Path, bool]] = set()

    def take(self, text: str, path: Path, name: str, *, constraint: bool) -> None:
        self._seen.add((path.resolve(), constraint))
        found, source = read_requirements(text, name, self._environ), self._source
        (source.constraints if constraint else source.requirements).extend(found.requirements)
        source.skipped += found.skipped
        source.notes += [_ignored(option, where) for option, where in found.ignored]
        source.pre = source.pre or found.pre
        for option, value in found.formats:
            source.formats = source.formats.changed(option, value)
        for include in found.includes:
            self._include(include, path)

    def _include(self, include: Include, by: Path) -> None:
        if "://" in include.path:
            reason = "it lies at an address of its own: download it, and give the file"
            self._source.skipped.append(Skipped(include.shown, include.where, reason))
            return
        path = by.parent / include.path
        shown = str(path) if include.shown == include.path else include.shown
        text = _read(path, include.where, "paths are relative to the file that names them", shown)
        if (path.resolve(), include.constraint) not in self._seen:
            self.take(text, path, str(path), constraint=include.constraint)


def _read(path: Path, where: str | None, suggestion: str, shown: str | None = None) -> str:
    """The text of a file, of which people see ``shown`` where it cannot be read; it may be any file of this machine."""
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE_LIMIT + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except ValueError:
        reason = "this is no path"  # a zero byte in it
    else:
        if len(content) <= FILE_LIMIT:
            return decoded(content, str(path))
        reason = f"it has more than {FILE_LIMIT // 10**6} MB, a fixed limit"
    raise ConfigurationError(f"cannot read {shown or path} ({reason})", where=where, suggestion=suggestion)


def _ignored(option: str, where: str) -> str:
    if is_index_option(option):
        return f"{where}: {option} is ignored: the upstreams of pyproxy are asked"
    return f"{where}: {option} is ignored"
