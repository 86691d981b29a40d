"""The configuration and the versions over the API."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from pyproxy import __version__
from pyproxy.config.keys import KEYS
from pyproxy.config.load import load
from pyproxy.settings import UpstreamSettings
from tests.http.api.client import script
from tests.http.conftest import StartProxy


async def test_every_key_is_told_with_its_default(start_proxy: StartProxy) -> None:
    api = script(await start_proxy(index_ttl=600.0), "viewer")
    told = (await api.get("/settings")).json()
    settings = {each["key"]: each for each in told["settings"]}
    assert settings.keys() == KEYS.keys()
    index_ttl = settings["cache.index_ttl"]
    assert (index_ttl["value"], index_ttl["default"], index_ttl["source"]) == ("10m", "5m", None)
    assert index_ttl["meaning"]
    assert told["paths"]["storage"] == str(api.proxy.config.storage.directory)
    assert told["processes"]["answering"] == os.getpid()
    assert told["processes"]["started_at"] == "2027-01-15T08:00:00Z"


async def test_the_copy_is_read_as_the_same_settings_without_a_secret(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    settings = UpstreamSettings(name="a", url="https://a.example/", username="ci", password="s3cret")
    api = script(await start_proxy(settings, index_ttl=600.0))
    text = (await api.get("/settings/copy")).json()["yaml"]
    assert "s3cret" not in text
    assert yaml.safe_load(text)["cache"]["index_ttl"] == "10m"
    path = tmp_path / "pyproxy.yaml"
    path.write_text(text)
    names = dict.fromkeys(_variables(text), "x" * 16)
    assert load(path, names, {}).config.cache.index_ttl == 600.0


async def test_the_versions_are_told(start_proxy: StartProxy) -> None:
    told = (await script(await start_proxy(), "viewer").get("/version")).json()
    assert told["pyproxy"] == __version__
    assert set(told) == {"pyproxy", "python", "tornado", "libcurl", "sqlite"}


def _variables(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("${")[1:]]
