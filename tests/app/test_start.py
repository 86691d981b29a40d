"""What is said before the server serves, and what keeps it from starting."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyproxy.app import serve
from pyproxy.app.resources import open_resources, seed_upstreams
from pyproxy.app.warnings import warn
from pyproxy.config.model import AccessConfig, Config
from pyproxy.errors import ConfigurationError
from pyproxy.settings import UpstreamSettings
from tests.http.proxy import Clock, make_config


def config_with(tmp_path: Path, *upstreams: UpstreamSettings, **cache: Any) -> Config:
    config = make_config(tmp_path / "storage", list(upstreams), **cache)
    config.storage.directory.mkdir()
    return config


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"token": "a-token"}, True),
        ({"token": "a-token", "projects": ("mycompany-*",)}, False),
        ({"token": "a-token", "on_failure": "stop"}, False),
        ({}, False),
    ],
)
def test_a_private_upstream_whose_names_others_may_answer_is_warned_of(
    settings: dict[str, object], warned: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = config_with(tmp_path, UpstreamSettings(name="private", url="https://example.org", **settings))  # type: ignore[arg-type]
    seed_upstreams(config, {})

    with caplog.at_level(logging.WARNING):
        warn(config, {})

    assert ("upstream private" in caplog.text) is warned
    assert "a-token" not in caplog.text


def test_a_setting_that_this_version_cannot_do_is_not_silently_ignored(tmp_path: Path) -> None:
    """Access rules above all (F21)"""
    config = replace(config_with(tmp_path), access=AccessConfig(anonymous_read=False))

    with pytest.raises(ConfigurationError, match=r"access\.anonymous_read"):
        serve(config, {})
    assert list(config.storage.directory.iterdir()) == []


def test_a_local_directory_that_does_not_exist_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    config = config_with(tmp_path, local=tmp_path / "nowhere")

    with pytest.raises(ConfigurationError, match=r"local\.directory.*nowhere"):
        open_resources(config, {}, Clock())
