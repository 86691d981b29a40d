"""What every command is given: the configuration file that was named, and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pyproxy.config import LoadedConfig, load


@dataclass(frozen=True, slots=True)
class Invocation:
    """The ``ctx.obj`` of all commands; take it with ``@click.pass_obj``."""

    config_path: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def load(self, overrides: Mapping[str, object] = MappingProxyType({})) -> LoadedConfig:
        """The configuration; ``overrides`` are options of this command by dotted key. Raises ``ConfigurationError``."""
        return load(self.config_path, self.environ, overrides)
