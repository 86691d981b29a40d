"""The configuration as it holds."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pyproxy.handlers.api.moments import Moment, answer_of
from pyproxy.handlers.api.operation import Call, operation

Value = str | int | bool | list[str] | None


class Setting(msgspec.Struct, kw_only=True, frozen=True):
    """One key of the configuration."""

    key: Annotated[str, Meta(examples=["cache.index_ttl"])]
    value: Annotated[Value, Meta(description="As pyproxy.yaml writes it.", examples=["5m"])]
    default: Value
    source: Annotated[str | None, Meta(description="Where it was given; null: nowhere, the default holds.")]
    meaning: str


class Paths(msgspec.Struct, kw_only=True, frozen=True):
    """Where things are on the server."""

    configuration: Annotated[str | None, Meta(description="The file that was read; null: there is none.")]
    working_directory: str
    storage: str
    database: str
    files: str
    local: Annotated[str | None, Meta(description="`local.directory`; null: there is none.")]
    secret_key: Annotated[str, Meta(description="A file, or the name of an environment variable.")]


class Processes(msgspec.Struct, kw_only=True, frozen=True):
    """The server's processes by their ids."""

    main: Annotated[int, Meta(description="The one that was started.")]
    workers: Annotated[list[int], Meta(description="Those that share the port; empty: the first serves alone.")]
    answering: Annotated[int, Meta(description="The one that was asked.")]
    started_at: Moment


class Settings(msgspec.Struct, kw_only=True, frozen=True):
    """The configuration of the running server; the upstreams are in the database."""

    settings: list[Setting]
    paths: Paths
    processes: Processes


class SettingsCopy(msgspec.Struct, kw_only=True, frozen=True):
    """A configuration file."""

    yaml: Annotated[str, Meta(description="Its text, with a ${NAME} for each secret.")]


async def get_settings(call: Call) -> Settings:
    """Tell every key of the configuration, with its value and where that comes from.

    They are read at the start; `pyproxy.yaml`, the environment and the command line change them.
    """
    return answer_of(Settings, await call.admin.desk.run(call.admin.settings.overview))


async def get_settings_copy(call: Call) -> SettingsCopy:
    """Write a configuration file that starts an equal server, upstreams included."""
    return SettingsCopy(yaml=await call.admin.desk.run(call.admin.settings.copy))


OPERATIONS = (
    operation("GET", "/settings", get_settings),
    operation("GET", "/settings/copy", get_settings_copy),
)
