"""What only starting the server needs to be right: looked at before anything is opened, and by ``config check``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pyproxy.app.limits import check_open_files
from pyproxy.config.model import Config
from pyproxy.errors import ConfigurationError, ConfigurationErrors


def check(config: Config, sources: Mapping[str, str] = MappingProxyType({})) -> None:
    """Raise `ConfigurationError` for what would end the start; ``sources`` says where a key was given."""
    mistakes = []
    for look in (check_open_files, _local_directory, _tls):
        try:
            look(config)
        except ConfigurationError as error:
            error.where = sources.get(error.key or "")
            mistakes.append(error)
    if mistakes:
        raise mistakes[0] if len(mistakes) == 1 else ConfigurationErrors(mistakes)


def _local_directory(config: Config) -> None:
    directory = config.local.directory
    if directory is not None and not directory.is_dir():
        raise ConfigurationError(
            f"{directory.absolute()} is no directory", key="local.directory", suggestion="create it, or remove the key"
        )


def _tls(config: Config) -> None:
    if config.server.tls.certificate is None:
        return
    # Late, for a supervisor without a certificate does without its modules.
    from pyproxy.app.tls import load_pair

    load_pair(config.server)
