"""A copy of the configuration: it reads as the same one, and holds no secret."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

from pyproxy.config import CacheConfig, Config, LocalConfig, ServerConfig, StorageConfig, load_config
from pyproxy.config.copy import copied
from pyproxy.settings import UpstreamSettings
from pyproxy.settings.masking import MASK

CONFIG = Config(
    server=ServerConfig(port=9000, host="::1", trusted_proxies=(ip_network("10.0.0.0/8"),)),
    storage=StorageConfig(directory=Path("/srv/py proxy"), max_size=50 * 10**9),
    local=LocalConfig(directory=Path("wheels: and # sdists")),
    cache=CacheConfig(missing_ttl=0.0, lookup_timeout=0.25, offline=True),
    project_list="upstream",
)

UPSTREAMS = (
    UpstreamSettings(
        name="private",
        url="https://pypi.example.org/",
        username="ci #1 ${NOT_A_VARIABLE}",
        password="s3cret",
        verify_ssl=False,
        on_failure="stop",
        projects=("mycompany-*", "*-intern"),
        index_ttl=90.0,
        connect_timeout_ms=250,
        http_proxy="http://user:s3cret@proxy.example.org:3128",
    ),
    UpstreamSettings(name="pypi", url="https://pypi.example.com/", active=False, http_proxy="none"),
    UpstreamSettings(name="flat", url="https://flat.example.com/whl/", index_path="", token="s3cret"),
)


def hidden(upstream: UpstreamSettings) -> UpstreamSettings:
    """As the store gives it without the key of the secrets."""
    given = {field: MASK for field in ("password", "token") if getattr(upstream, field)}
    if "@" in (upstream.http_proxy or ""):
        given["http_proxy"] = MASK
    return replace(upstream, **given)


def read(text: str, tmp_path: Path, environ: dict[str, str]) -> Config:
    path = tmp_path / "copy.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environ)


def test_a_copy_reads_as_the_same_configuration_once_its_variables_are_set(tmp_path: Path) -> None:
    text = copied(CONFIG, [hidden(upstream) for upstream in UPSTREAMS])
    environ = {
        "UPSTREAM_PRIVATE_PASSWORD": "s3cret",
        "UPSTREAM_PRIVATE_HTTP_PROXY": "http://user:s3cret@proxy.example.org:3128",
        "UPSTREAM_FLAT_TOKEN": "s3cret",
    }
    assert read(text, tmp_path, environ) == replace(CONFIG, upstreams=UPSTREAMS)
    assert set(re.findall(r"^#   (\w+):", text, re.MULTILINE)) == set(environ)


def test_a_copy_holds_no_secret(tmp_path: Path) -> None:
    text = copied(CONFIG, [hidden(upstream) for upstream in UPSTREAMS])
    assert "s3cret" not in text
    assert MASK not in text


def test_a_copy_without_upstreams_brings_back_no_built_in_one(tmp_path: Path) -> None:
    assert read(copied(CONFIG, []), tmp_path, {}) == replace(CONFIG, upstreams=())


def test_each_secret_has_a_variable_of_its_own_however_alike_the_names_are(tmp_path: Path) -> None:
    names = ("a-b", "a_b", "A_B", "pyproxy__x")
    upstreams = [UpstreamSettings(name=name, url="https://h.example/", token=MASK) for name in names]
    environ = {
        "UPSTREAM_A_B_TOKEN": "1",
        "UPSTREAM_A_B_TOKEN_2": "2",
        "UPSTREAM_A_B_TOKEN_3": "3",
        "UPSTREAM_PYPROXY__X_TOKEN": "4",
    }
    config = read(copied(CONFIG, upstreams), tmp_path, environ)
    assert [upstream.token for upstream in config.upstreams] == ["1", "2", "3", "4"]
