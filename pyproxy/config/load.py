"""The configuration as it holds: defaults, then the file, then the environment, then the command line.

Every mistake is a ``ConfigurationError`` with place, key, problem and suggestion; several come together as
``ConfigurationErrors``, so that people need not start again for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from pyproxy.config.document import Document, read_document
from pyproxy.config.environment import read_environment
from pyproxy.config.given import Given, GivenUpstream
from pyproxy.config.keys import KEYS, with_values
from pyproxy.config.model import Config
from pyproxy.config.places import ConfigFile, find_file
from pyproxy.errors import ConfigurationError, ConfigurationErrors
from pyproxy.settings import UpstreamSettings, priority_of, upstream_from_mapping

COMMAND_LINE = "the command line"


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration and where it comes from.

    ``path`` is the file that was read, if any; ``sources`` maps dotted keys (and ``upstreams.<name>``) that were
    given anywhere to the place that won.
    """

    config: Config
    path: Path | None
    sources: Mapping[str, str]


def load_config(
    path: Path | None = None,
    environ: Mapping[str, str] = MappingProxyType({}),
    overrides: Mapping[str, object] = MappingProxyType({}),
) -> Config:
    """The configuration; see ``load``."""
    return load(path, environ, overrides).config


def load(path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object]) -> LoadedConfig:
    """The configuration and its sources.

    ``path`` is that of ``--config``; ``overrides`` maps dotted keys to values of the command line, typed or
    ``Text``; one that is ``None`` was not given. Raises ``ConfigurationError``.
    """
    return load_file(find_file(path, environ), environ, overrides)


def load_file(
    file: ConfigFile | None, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> LoadedConfig:
    """The same with a file that was read already, or with none. Raises ``ConfigurationError``."""
    document = read_document(file.text, str(file.path), environ) if file else Document()
    environment = read_environment(environ)
    command_line = [Given(key, value, COMMAND_LINE) for key, value in overrides.items() if value is not None]
    checked = _Checked([*document.mistakes, *environment.mistakes])
    checked.take([*document.given, *environment.given, *command_line])
    upstreams = document.upstreams if environment.upstreams is None else environment.upstreams
    if upstreams is not None:
        checked.take_upstreams(upstreams)
    checked.check_together()
    if checked.mistakes:
        raise checked.mistakes[0] if len(checked.mistakes) == 1 else ConfigurationErrors(checked.mistakes)
    config: Config = with_values(Config(), checked.values)
    if upstreams is not None:
        priorities = MappingProxyType(checked.priorities)
        config = replace(config, upstreams=tuple(checked.upstreams), priorities=priorities)
    return LoadedConfig(config, file.path if file else None, MappingProxyType(checked.sources))


@dataclass(slots=True)
class _Checked:
    """The values that passed, and the mistakes of those that did not."""

    mistakes: list[ConfigurationError]
    values: dict[str, object] = field(default_factory=dict)
    upstreams: list[UpstreamSettings] = field(default_factory=list)
    priorities: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def take(self, given: Iterable[Given]) -> None:
        """Check each value; a later one of the same key wins."""
        for item in given:
            try:
                self.values[item.key] = _checked_value(item)
            except ConfigurationError as error:
                error.key, error.where = item.key, item.where
                self.mistakes.append(error)
            else:
                self.sources[item.key] = item.where

    def take_upstreams(self, given: Iterable[GivenUpstream]) -> None:
        """Check each entry of ``upstreams``; names must be unique."""
        first: dict[str, str] = {}
        for number, item in enumerate(given, start=1):
            name = item.values.get("name")
            label = f"upstreams.{name}" if isinstance(name, str) else f"upstreams[{number}]"
            try:
                settings = upstream_from_mapping(item.values)
                priority = priority_of(item.values)
                if settings.name in first:
                    problem = f"{settings.name} is already the name of the upstream at {first[settings.name]}"
                    raise ConfigurationError(problem, key="name", suggestion="names must be unique: take another")
            except ConfigurationError as error:
                if error.key in item.places and error.key not in item.values:
                    continue  # its value was a mistake already
                error.where = item.places.get(error.key or "", item.where)
                error.key = f"{label}.{error.key}"
                self.mistakes.append(error)
                continue
            first[settings.name] = item.where
            self.upstreams.append(settings)
            self.sources[f"upstreams.{settings.name}"] = item.where
            if priority is not None:
                self.priorities[settings.name] = priority

    def check_together(self) -> None:
        """What no single key can tell."""
        for here, missing in (("certificate", "key"), ("key", "certificate")):
            key, other = f"server.tls.{here}", f"server.tls.{missing}"
            if self.values.get(key) and not self.values.get(other) and not self._was_mistaken(other):
                problem, suggestion = f"is given without {other}", "give both, or none and no TLS"
                self.mistakes.append(
                    ConfigurationError(problem, where=self.sources[key], key=key, suggestion=suggestion)
                )

    def _was_mistaken(self, key: str) -> bool:
        return any(mistake.key == key for mistake in self.mistakes)


def _checked_value(item: Given) -> object:
    """One value, read by its key's kind."""
    key = KEYS[item.key]
    if key.optional and (item.value is None or item.value == ""):
        return None
    if item.value is None:
        raise ConfigurationError("has no value", suggestion="write one, or remove the key to get the default")
    return key.read(item.value)
