"""Where the configuration file is looked for, and its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyproxy.errors import ConfigurationError

CONFIG_VARIABLE = "PYPROXY_CONFIG"
PLACES = (Path("pyproxy.yaml"), Path("/etc/pyproxy/pyproxy.yaml"))
"""Tried in this order where neither ``--config`` nor ``$PYPROXY_CONFIG`` names a file; none is needed."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file that was found, and its text."""

    path: Path
    text: str


def find_file(path: Path | None, environ: Mapping[str, str], places: Sequence[Path] = PLACES) -> ConfigFile | None:
    """The file to use, or ``None``. A file that was named must exist; raises ``ConfigurationError``."""
    if path is not None:
        return _read(path, "give the path of an existing file with --config")
    if environ.get(CONFIG_VARIABLE):
        named = Path(environ[CONFIG_VARIABLE])
        return _read(named, f"give the path of an existing file with {CONFIG_VARIABLE}, or unset it")
    for place in places:
        try:
            return ConfigFile(place, _text_of(place))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise _unreadable(place, error, "make it readable for this user, or remove it") from None
    return None


def _read(path: Path, suggestion: str) -> ConfigFile:
    try:
        return ConfigFile(path, _text_of(path))
    except OSError as error:
        raise _unreadable(path, error, suggestion) from None


def _text_of(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            "holds bytes that are not UTF-8", where=f"{path}:{line}", suggestion="save the file as UTF-8"
        ) from None


def _unreadable(path: Path, error: OSError, suggestion: str) -> ConfigurationError:
    problem = f"the configuration file cannot be read: {error.strerror}"
    return ConfigurationError(problem, where=str(path), suggestion=suggestion)
