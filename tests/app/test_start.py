"""What is said before the server serves, and what keeps it from starting."""

from __future__ import annotations

import logging
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from pyproxy.app.checks import check
from pyproxy.app.listening import bind
from pyproxy.app.resources import seed_upstreams
from pyproxy.app.tls import load_pair
from pyproxy.app.warnings import reads_for_everybody, warn
from pyproxy.config.model import AccessConfig, Config, ServerConfig, TlsConfig
from pyproxy.errors import ConfigurationError, ListenError
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.upstreams import StoredUpstream
from tests.http.proxy import make_config
from tests.upstream.certificates import Authority


def config_with(tmp_path: Path, *upstreams: UpstreamSettings, **cache: Any) -> Config:
    config = make_config(tmp_path / "storage", list(upstreams), **cache)
    config.storage.directory.mkdir()
    return config


def stored(**settings: Any) -> StoredUpstream:
    return StoredUpstream(1, 1, 1, UpstreamSettings(name="private", url="https://a.example/", **settings))


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
    stored = seed_upstreams(config, {})

    with caplog.at_level(logging.WARNING):
        warn(stored, config)

    assert ("upstream private" in caplog.text) is warned
    assert "a-token" not in caplog.text


def test_an_nginx_that_nobody_trusts_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = make_config(tmp_path, [])
    trusted = ServerConfig(accel_redirect="/kept-files/", trusted_proxies=(ip_network("127.0.0.1/32"),))
    with caplog.at_level(logging.WARNING):
        warn([stored()], replace(config, server=trusted))
        assert caplog.records == []
        warn([stored()], replace(config, server=ServerConfig(accel_redirect="/kept-files/")))
    assert [record.message for record in caplog.records] == [
        "server.accel_redirect is without effect: server.trusted_proxies does not name nginx"
    ]


@pytest.mark.parametrize(
    ("host", "anonymous_read", "secret", "warned"),
    [
        ("0.0.0.0", True, "a-token", True),
        ("::", True, "a-token", True),
        ("pypi.mycompany.example", True, "a-token", True),
        ("0.0.0.0", True, None, False),
        ("0.0.0.0", False, "a-token", False),
        ("127.0.0.1", True, "a-token", False),
        ("::1", True, "a-token", False),
        ("localhost", True, "a-token", False),
    ],
)
def test_who_lets_strangers_read_private_projects_is_warned(
    host: str, anonymous_read: bool, secret: str | None, warned: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = config_with(tmp_path)
    config = replace(
        config, server=replace(config.server, host=host), access=AccessConfig(anonymous_read=anonymous_read)
    )
    with caplog.at_level(logging.WARNING):
        warn([stored(token=secret)], config)

    assert ("everybody who reaches this server can read" in caplog.text) is warned


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"username": "ci", "password": "a-password"}, True),
        ({"client_certificate": "/etc/ssl/client.pem"}, True),
        ({"token": "a-token", "active": False}, False),
        ({}, False),
    ],
)
def test_every_kind_of_credentials_counts_while_its_upstream_is_asked(
    settings: dict[str, Any], warned: bool, tmp_path: Path
) -> None:
    config = config_with(tmp_path)
    config = replace(config, server=replace(config.server, host="0.0.0.0"))
    assert reads_for_everybody([stored(**settings)], config) is warned


def test_what_would_end_the_start_is_told_with_its_place(tmp_path: Path) -> None:
    """All of it at once."""
    tls = TlsConfig(certificate=tmp_path / "none.pem", key=tmp_path / "none.key")
    config = config_with(tmp_path, local=tmp_path / "nowhere")
    config = replace(config, server=replace(config.server, tls=tls))
    places = {
        "local.directory": "pyproxy.yaml:2",
        "server.tls.certificate": "given",
    }

    with pytest.raises(ConfigurationError) as caught:
        check(config, places)
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == list(places.values())
    assert f"{tmp_path / 'nowhere'} is no directory" in lines[0]
    assert f"{tmp_path / 'none.pem'} cannot be read" in lines[1]


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (certificate, _), (_, key) = authority.issue("one"), authority.issue("two")
    with pytest.raises(ConfigurationError, match="key values mismatch"):
        load_pair(ServerConfig(tls=TlsConfig(certificate=certificate, key=key)))


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_of_another_machine_is_told_and_what_to_do(host: str) -> None:
    with pytest.raises(ListenError, match=f"{host}.*no address of this machine; choose another --host"):
        bind(ServerConfig(host=host, port=0))
