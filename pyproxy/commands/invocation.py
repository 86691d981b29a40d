"""What every command is given: the configuration file that was named, and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pyproxy.config import ConfigFile, LoadedConfig, find_file, load, load_file


@dataclass(frozen=True, slots=True)
class Invocation:
    """The ``ctx.obj`` of all commands; take it with ``@click.pass_obj``."""

    config_path: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def load(self, overrides: Mapping[str, object] = MappingProxyType({})) -> LoadedConfig:
        """The configuration; ``overrides`` are options of this command by dotted key. Raises ``ConfigurationError``."""
        return load(self.config_path, self.environ, overrides)

    def find_file(self) -> ConfigFile | None:
        """The configuration file as it is now. Raises ``ConfigurationError``."""
        return find_file(self.config_path, self.environ)

    def load_file(self, file: ConfigFile | None, overrides: Mapping[str, object]) -> LoadedConfig:
        """The same as ``load`` with a file that was read before. Raises ``ConfigurationError``."""
        return load_file(file, self.environ, overrides)
