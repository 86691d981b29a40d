"""The configuration as it is shown."""

from __future__ import annotations

from pathlib import Path

from pyproxy.config import load, load_config
from pyproxy.config.show import show

TEXT = """
server: {port: 9000, trusted_proxies: [10.0.0.0/8], host: "::"}
storage: {max_size: 50GB}
cache: {index_ttl: 90s, offline: true}
upstreams:
  - {name: a, url: https://h.example/, projects: [mycompany-*], index_ttl: 1h, on_failure: stop, index_path: ""}
  - {name: "b", url: https://other.example/, verify_ssl: false, priority: 1}
"""


def test_what_is_shown_reads_as_the_same_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TEXT)
    (tmp_path / "b.yaml").write_text(show(load(tmp_path / "a.yaml", {}, {})))
    assert load_config(tmp_path / "b.yaml") == load_config(tmp_path / "a.yaml")


def test_what_looks_like_a_variable_is_shown_so_that_it_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("local: {directory: '$${HOME}'}\n")
    (tmp_path / "b.yaml").write_text(show(load(tmp_path / "a.yaml", {}, {})))
    assert load_config(tmp_path / "b.yaml", {"HOME": "x"}).local.directory == Path("${HOME}")


def test_each_value_that_was_given_is_shown_with_its_source(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT)
    lines = show(load(path, {"PYPROXY_SERVER__WORKERS": "2"}, {})).splitlines()
    assert f"  port: 9000  # {path}:2" in lines
    assert "  workers: 2  # environment variable PYPROXY_SERVER__WORKERS" in lines
    assert "  missing_ttl: 1m" in lines
    assert f"  - name: a  # {path}:6" in lines


def test_secrets_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "upstreams:\n"
        "  - {name: a, url: 'https://u:s3cret@h.example/', http_proxy: 'http://u:s3cret@proxy.example.com:3128'}\n"
        "  - {name: b, url: 'https://h.example/', token: s3cret}\n"
    )
    text = show(load(path, {}, {}))
    assert "s3cret" not in text
    assert "password: '***'" in text
    assert "token: '***'" in text
    assert "http_proxy: http://***@proxy.example.com:3128" in text


def test_no_upstreams_are_shown_as_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("upstreams: []\n")
    assert show(load(tmp_path / "a.yaml", {}, {})).endswith("upstreams: []\n")
