"""The settings of this server as its pages show them: the administration gets plain values, no configuration."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import cast

import tornado

from pyproxy import __version__
from pyproxy.admin.settings.overview import Paths, Programs, Setting, SettingValue
from pyproxy.admin.settings.server import ServerSettings
from pyproxy.app.origin import Origin
from pyproxy.config.copy import copied
from pyproxy.config.keys import KEYS, flatten
from pyproxy.config.model import Config
from pyproxy.net.client import LIBCURL_VERSION
from pyproxy.storage.database import SQLITE_VERSION
from pyproxy.storage.directory import DATABASE_NAME, FILES_NAME
from pyproxy.storage.secrets import key_place
from pyproxy.storage.upstreams import UpstreamStore


def server_settings(
    config: Config,
    origin: Origin,
    upstreams: UpstreamStore,
    environ: Mapping[str, str],
    clock: Callable[[], float],
) -> ServerSettings:
    """``config`` is what holds, ``upstreams`` the administration's own store."""
    return ServerSettings(
        settings=tuple(_settings(config, origin)),
        programs=Programs(
            pyproxy=__version__,
            python=platform.python_version(),
            tornado=tornado.version,
            libcurl=LIBCURL_VERSION,
            sqlite=SQLITE_VERSION,
        ),
        paths=_paths(config, origin, environ),
        processes=origin.processes,
        upstreams=upstreams,
        write=partial(copied, config),
        clock=clock,
    )


def _settings(config: Config, origin: Origin) -> Iterator[Setting]:
    defaults = dict(flatten())
    for key, value in flatten(config):
        known = KEYS[key]
        yield Setting(
            key=key,
            value=_plain(known.show(value)),
            default=_plain(known.show(defaults[key])),
            source=origin.sources.get(key),
            meaning=known.meaning,
        )


def _plain(value: object) -> SettingValue:
    return cast(SettingValue, tuple(value) if isinstance(value, list) else value)


def _paths(config: Config, origin: Origin, environ: Mapping[str, str]) -> Paths:
    storage, local = config.storage.directory.absolute(), config.local.directory
    return Paths(
        configuration=None if origin.file is None else str(origin.file.absolute()),
        working_directory=str(Path.cwd()),
        storage=str(storage),
        database=str(storage / DATABASE_NAME),
        files=str(storage / FILES_NAME),
        local=None if local is None else str(local.absolute()),
        secret_key=key_place(storage, environ),
    )
