"""The settings of the running server as plain values: what holds, where it comes from, which processes there are."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from pyproxy.admin.settings.overview import Processes
from pyproxy.admin.settings.server import ServerSettings
from pyproxy.app.origin import Origin
from pyproxy.app.server_settings import server_settings
from pyproxy.config import load
from pyproxy.config.keys import KEYS
from pyproxy.config.load import LoadedConfig
from pyproxy.settings import Text, UpstreamSettings
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore

TEXT = """
server: {trusted_proxies: [10.0.0.0/8]}
storage: {max_size: 50GB}
local: {directory: wheels}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedConfig:
    """Given in the file, in the environment and on the command line."""
    path = tmp_path / "pyproxy.yaml"
    path.write_text(TEXT, encoding="utf-8")
    environ = {"PYPROXY_CACHE__OFFLINE": "yes"}
    return load(path, environ, {"server.port": Text("0"), "storage.directory": Text(str(tmp_path / "data"))})


def settings_of(loaded: LoadedConfig, upstreams: UpstreamStore | None = None, **environ: str) -> ServerSettings:
    origin = Origin(file=loaded.path, sources=loaded.sources, process=os.getpid(), started_at=1_000.0)
    # A store is asked for the copy alone.
    return server_settings(loaded.config, origin, upstreams, environ, lambda: 1_090.0)  # type: ignore[arg-type]


def test_each_key_is_there_with_its_value_default_meaning_and_source(loaded: LoadedConfig, tmp_path: Path) -> None:
    rows = {setting.key: setting for setting in settings_of(loaded).overview().settings}
    assert list(rows) == list(KEYS)
    assert all(setting.meaning for setting in rows.values())
    assert {key: setting.source for key, setting in rows.items() if setting.source} == {
        "server.trusted_proxies": f"{tmp_path / 'pyproxy.yaml'}:2",
        "storage.max_size": f"{tmp_path / 'pyproxy.yaml'}:3",
        "local.directory": f"{tmp_path / 'pyproxy.yaml'}:4",
        "cache.offline": "environment variable PYPROXY_CACHE__OFFLINE",
        "server.port": "the command line",
        "storage.directory": "the command line",
    }
    given = {key: (setting.value, setting.default) for key, setting in rows.items() if setting.source}
    assert given == {
        "server.port": (0, 8080),
        "server.trusted_proxies": (("10.0.0.0/8",), ()),
        "storage.directory": (str(tmp_path / "data"), "./data"),
        "storage.max_size": ("50GB", None),
        "local.directory": ("./wheels", None),
        "cache.offline": (True, False),
    }
    assert (rows["cache.index_ttl"].text, rows["cache.offline"].text, rows["server.public_url"].text) == (
        *("5m", "true"),
        "",
    )


def test_paths_are_told_whole_and_where_the_key_of_the_secrets_is(loaded: LoadedConfig, tmp_path: Path) -> None:
    paths = settings_of(loaded).overview().paths
    assert paths.configuration == str(tmp_path / "pyproxy.yaml")
    assert paths.storage == str(tmp_path / "data")
    assert paths.database == str(tmp_path / "data" / DATABASE_NAME)
    assert paths.local == str(Path.cwd() / "wheels")
    assert paths.secret_key == str(tmp_path / "data" / "secret.key")
    from_variable = settings_of(loaded, PYPROXY_SECRET_KEY="a key that nobody guesses").overview().paths.secret_key
    assert from_variable == "environment variable PYPROXY_SECRET_KEY"


def test_versions_and_uptime_are_told(loaded: LoadedConfig) -> None:
    overview = settings_of(loaded).overview()
    programs = overview.programs
    for version in (programs.pyproxy, programs.python, programs.tornado, programs.libcurl, programs.sqlite):
        assert version[0].isdigit()
    assert overview.uptime_seconds == 90.0


def test_a_process_that_serves_alone_has_no_workers() -> None:
    assert Origin(process=os.getpid(), started_at=5.0).processes() == Processes(
        main=os.getpid(), workers=(), answering=os.getpid(), started_at=5.0
    )


def test_a_worker_tells_of_its_parent_and_of_itself() -> None:
    processes = Origin(process=os.getppid()).processes()
    assert (processes.main, processes.answering) == (os.getppid(), os.getpid())
    assert os.getpid() in processes.workers


def test_the_copy_has_the_upstreams_of_the_database_in_their_order(loaded: LoadedConfig, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with contextlib.closing(Database.open(tmp_path / "data" / DATABASE_NAME)) as database:
        store = UpstreamStore(database, SecretBox.open(tmp_path / "data", {}))
        for name in ("last", "first"):
            store.add(UpstreamSettings(name=name, url="https://h.example/", token="s3cret"), priority=1)
        text = settings_of(loaded, store).copy()
    assert "s3cret" not in text
    (tmp_path / "copy.yaml").write_text(text, encoding="utf-8")
    variables = {"UPSTREAM_FIRST_TOKEN": "1", "UPSTREAM_LAST_TOKEN": "2"}
    copied = load(tmp_path / "copy.yaml", variables, {}).config
    assert [(upstream.name, upstream.token) for upstream in copied.upstreams] == [("first", "1"), ("last", "2")]
