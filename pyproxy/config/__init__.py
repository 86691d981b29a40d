"""The configuration: what may be set (``model``, ``keys``), where it comes from (``load``), how it is shown.

Only ``pyproxy.app`` and ``pyproxy.commands`` import this package; everything else is given plain values.
"""

from __future__ import annotations

from pyproxy.config.load import LoadedConfig, load, load_config, load_file
from pyproxy.config.model import (
    AccessConfig,
    CacheConfig,
    Config,
    LocalConfig,
    LoggingConfig,
    ServerConfig,
    StorageConfig,
    TlsConfig,
)
from pyproxy.config.places import ConfigFile, find_file

__all__ = [
    "AccessConfig",
    "CacheConfig",
    "Config",
    "ConfigFile",
    "LoadedConfig",
    "LocalConfig",
    "LoggingConfig",
    "ServerConfig",
    "StorageConfig",
    "TlsConfig",
    "find_file",
    "load",
    "load_config",
    "load_file",
]
