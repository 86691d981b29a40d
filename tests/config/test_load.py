"""Loading: what wins, what is read, and a message for every mistake."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from pyproxy.config import CacheConfig, Config, ServerConfig, StorageConfig, TlsConfig, load, load_config
from pyproxy.errors import ConfigurationError, ConfigurationErrors
from pyproxy.settings import Text, UpstreamSettings

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the text as a configuration file and return its path."""

    def write_text(text: str) -> Path:
        path = tmp_path / "pyproxy.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


@pytest.mark.parametrize("text", ["", "# nothing\n", "server:\n", "null\n", "---\n...\n", "\ufeffserver:\n"])
def test_an_empty_file_or_section_gives_the_defaults(write: Write, text: str) -> None:
    assert load_config(write(text)) == Config()


def test_the_built_in_upstream_is_asked_by_https() -> None:
    """(F38)"""
    (builtin,) = Config().upstreams
    assert builtin.url.startswith("https://")


def test_all_kinds_of_values_are_read(write: Write) -> None:
    config = load_config(
        write(
            """
server:
  host: "::1"
  port: 9000
  trusted_proxies: [10.0.0.0/8, "fd00::/8"]
  public_url: https://Pypi.example.com/index
  accel_redirect: /kept-files/
  tls: {certificate: cert.pem, key: key.pem}
storage: {directory: /srv/pyproxy, max_size: 50GB, min_free: 0}
cache: {index_ttl: 1h, missing_ttl: 0, lookup_timeout: 250ms, max_page_size: 1000000, offline: yes}
project_list: upstream
logging: {level: debug, format: json}
"""
        )
    )
    assert config.server == ServerConfig(
        host="::1",
        port=9000,
        trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
        public_url="https://pypi.example.com/index",
        accel_redirect="/kept-files/",
        tls=TlsConfig(certificate=Path("cert.pem"), key=Path("key.pem")),
    )
    assert config.storage == StorageConfig(directory=Path("/srv/pyproxy"), max_size=50 * 10**9, min_free=0)
    assert config.cache == CacheConfig(
        index_ttl=3600.0, missing_ttl=0.0, lookup_timeout=0.25, max_page_size=10**6, offline=True
    )
    assert (config.project_list, config.logging.level, config.logging.format) == ("upstream", "debug", "json")


def test_null_clears_an_optional_key(write: Write) -> None:
    assert load_config(write("storage: {max_size: null}\n")).storage.max_size is None


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(write: Write) -> None:
    path = write("server: {port: 1, workers: 1, host: 127.0.0.1}\n")
    environ = {"PYPROXY_SERVER__PORT": "2", "PYPROXY_SERVER__WORKERS": "2"}
    loaded = load(path, environ, {"server.port": 3, "server.host": None})
    assert (loaded.config.server.port, loaded.config.server.workers) == (3, 2)
    assert loaded.sources == {
        "server.port": "the command line",
        "server.workers": "environment variable PYPROXY_SERVER__WORKERS",
        "server.host": f"{path}:1",
    }


def test_the_list_of_upstreams_replaces_the_built_in_one(write: Write) -> None:
    config = load_config(
        write(
            """
upstreams:
  - {name: private, url: "https://u:p@pypi.example.com/", index_ttl: 1m, projects: [mycompany-*], priority: 1}
  - {name: mirror, url: https://mirror.example.com/simple/}
"""
        )
    )
    private = UpstreamSettings(
        name="private",
        url="https://pypi.example.com/",
        username="u",
        password="p",
        index_ttl=60.0,
        projects=("mycompany-*",),
    )
    mirror = UpstreamSettings(name="mirror", url="https://mirror.example.com/simple/")
    assert config.seeds == ((private, 1), (mirror, None))


def test_an_empty_list_of_upstreams_leaves_none(write: Write) -> None:
    assert load_config(write("upstreams: []\n")).upstreams == ()


def test_variables_are_replaced_and_read_by_the_kind_of_their_key(write: Write) -> None:
    path = write(
        """
server: {port: "${PORT}", trusted_proxies: "${PROXIES}"}
storage: {directory: "${BASE}/cache"}
upstreams:
  - name: a
    url: https://${HOST}/
    username: u
    password: ${PASSWORD}
"""
    )
    environ = {
        "PORT": "9000",
        "PROXIES": "10.0.0.0/8, 192.168.0.0/16",
        "BASE": "/srv",
        "HOST": "pypi.example.com",
        "PASSWORD": "0123: [${PORT}]",
    }
    config = load_config(path, environ)
    assert config.server.port == 9000
    assert config.server.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("192.168.0.0/16"))
    assert config.storage.directory == Path("/srv/cache")
    assert config.upstreams[0].url == "https://pypi.example.com/"
    assert config.upstreams[0].password == "0123: [${PORT}]"


def test_a_doubled_dollar_keeps_a_plain_one(write: Write) -> None:
    path = write("upstreams: [{name: a, url: https://h.example/, username: u, password: 'a$${B}$c$'}]\n")
    assert load_config(path, {"B": "x"}).upstreams[0].password == "a${B}$c$"


ENTRY = "upstreams:\n  - name: a\n    url: https://h.example/\n"
TWICE = "upstreams: [{name: a, url: https://h.example/},\n {name: a, url: https://h.example/}]\n"

MISTAKES = [
    ("server:\n  prot: 80\n", 2, "server.prot", "no setting", "did you mean server.port?"),
    ("servr: {}\n", 1, "servr", "no setting", "did you mean server?"),
    ("port: 80\n", 1, "port", "no setting", "did you mean server.port?"),
    ("server.port: 80\n", 1, "server.port", "one word", "indent port: below server:"),
    ("server:\n  quux: 80\n", 2, "server.quux", "no setting", "known here: accel_redirect, host, idle_timeout"),
    ("server:\n  port: eighty\n", 2, "server.port", "whole number", "from 0 to 65535"),
    ("server:\n  port: 70000\n", 2, "server.port", "out of range", "from 0 to 65535"),
    ("server:\n  port: '80'\n", 2, "server.port", "whole number", "from 0 to 65535"),
    ("server:\n  port: true\n", 2, "server.port", "whole number", "from 0 to 65535"),
    ("server:\n  port:\n", 2, "server.port", "no value", "default"),
    ("server:\n  port: [80]\n", 2, "server.port", "a list", "from 0 to 65535"),
    ("server:\n  port: {a: b}\n", 2, "server.port", "a mapping", "from 0 to 65535"),
    ("server:\n  port: 1:30\n", 2, "server.port", "1:30", "from 0 to 65535"),
    ("server:\n  host: 0.0.0.0:8080\n", 2, "server.host", "no address", "0.0.0.0"),
    ("server:\n  host: '*'\n", 2, "server.host", "no address", "0.0.0.0"),
    ("server:\n  host: ''\n", 2, "server.host", "no address", "0.0.0.0"),
    ("server:\n  public_url: pypi.example.com\n", 2, "server.public_url", "http://", "https://"),
    ("server:\n  public_url: https://u:p@h.example\n", 2, "server.public_url", "user name", "everybody"),
    ("server:\n  trusted_proxies: [10.0.0.1/8]\n", 2, "server.trusted_proxies", "network", "10.0.0.0/8"),
    ("server:\n  accel_redirect: kept-files\n", 2, "server.accel_redirect", "internal address", "/kept-files/"),
    ("server:\n  accel_redirect: /kept/../files/\n", 2, "server.accel_redirect", "internal address", "/kept-files/"),
    ("server:\n  trusted_proxies: 10.0.0.0/8\n", 2, "server.trusted_proxies", "list", "['10.0.0.0/8']"),
    ("server:\n  tls: {key: k.pem}\n", 2, "server.tls.key", "without server.tls.certificate", "both"),
    ("server: 80\n", 1, "server", "section", "below server:"),
    ("storage:\n  max_size: 50XB\n", 2, "storage.max_size", "no size", "50GB"),
    ("storage:\n  max_size: 0\n", 2, "storage.max_size", "more than 0", "null"),
    ("storage:\n  min_free: -1\n", 2, "storage.min_free", "expected a size", "50GB"),
    ("storage:\n  directory: ''\n", 2, "storage.directory", "path", "./data"),
    ("storage:\n  directory: 5\n", 2, "storage.directory", "text", "quotes"),
    ("cache:\n  index_ttl: soon\n", 2, "cache.index_ttl", "no duration", "5m"),
    ("server:\n  max_header_size: 500\n", 2, "server.max_header_size", "500B is out of range", "from 1KiB to 16MiB"),
    ("server:\n  max_body_size: 1GB\n", 2, "server.max_body_size", "1GB is out of range", "from 16KiB to 64MiB"),
    ("cache:\n  lookup_timeout: 0s\n", 2, "cache.lookup_timeout", "more than 0", "10s"),
    ("cache:\n  offline: maybe\n", 2, "cache.offline", "true or false", "true or false"),
    ("project_list: all\n", 1, "project_list", "known, upstream", "known or upstream"),
    ("logging:\n  level: warn\n", 2, "logging.level", "'warn'", "did you mean warning?"),
    ("logging:\n  level: !!binary aGk=\n", 2, "logging.level", "tag", "plain value"),
    ("logging:\n  level: !env LEVEL\n", 2, "logging.level", "tag", "plain value"),
    ("server:\n  port: !!int x\n", 2, "server.port", "tag", "plain value"),
    ("storage:\n  directory: ${NOPE}/x\n", 2, "storage.directory", "NOPE is not set", "set NOPE"),
    ("storage:\n  directory: ${NOPE:-x}\n", 2, "storage.directory", "no ${NAME}", "$${"),
    ("storage:\n  directory: ${NOPE\n", 2, "storage.directory", "no ${NAME}", "$${"),
    ("cache:\n  offline: true\n  offline: false\n", 3, "cache.offline", "given twice, first in line 2", "remove"),
    ("cache: {}\nserver: {}\ncache: {}\n", 3, "cache", "given twice, first in line 1", "remove"),
    ("server:\n  [1, 2]: x\n", 2, "server", "no word", "key: value"),
    ("- server\n", 1, None, "no mapping", "port: 8080"),
    ("hello\n", 1, None, "no mapping", "port: 8080"),
    ("server:\n\tport: 80\n", 2, None, "no valid YAML", "blanks, never with tabs"),
    ("server: {port: 80\ncache: {}\n", 2, None, "no valid YAML", "look at this line"),
    ("a: 1\n---\nb: 2\n", 2, None, "no valid YAML", "look at this line"),
    ("storage: {directory: ${X}}\n", 1, None, "no valid YAML", "quotes"),
    ("server: *nowhere\n", 1, None, "alias", "in quotes"),
    ("upstreams: {name: a}\n", 1, "upstreams", "no list", "- name:"),
    ("upstreams:\n", 1, "upstreams", "no list", "- name:"),
    ("upstreams:\n  - pypi\n", 2, "upstreams[1]", "no mapping", "- name:"),
    ("upstreams:\n  - name: a\n", 2, "upstreams.a.url", "missing", "url"),
    ("upstreams:\n  - url: https://h.example/\n", 2, "upstreams[1].name", "missing", "name"),
    ("upstreams:\n  - name: a\n    url: ftp://h.example/\n", 3, "upstreams.a.url", "http://", "https://"),
    (ENTRY + "    tokn: x\n", 4, "upstreams.a.tokn", "setting", "token"),
    ("upstreams:\n  - name: a\n    url: ${NOPE}\n", 3, "upstreams[1].url", "NOPE is not set", "set NOPE"),
    (TWICE, 2, "upstreams.a.name", "already the name", "unique"),
    (ENTRY + "    name: b\n", 4, "upstreams[1].name", "given twice", "remove"),
    (ENTRY + "    projects: my-*\n", 4, "upstreams.a.projects", "a list", "['my-*']"),
    (ENTRY + "    priority: 0\n", 4, "upstreams.a.priority", "range", "from 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "problem", "suggestion"), MISTAKES)
def test_a_mistake_is_told_with_line_key_problem_and_suggestion(
    write: Write, text: str, line: int, key: str | None, problem: str, suggestion: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    error = caught.value
    assert not isinstance(error, ConfigurationErrors), str(error)
    assert (error.where, error.key) == (f"{path}:{line}", key)
    assert problem in error.problem
    assert suggestion in (error.suggestion or "")


def test_all_mistakes_are_told_at_once(write: Write) -> None:
    path = write("server: {prot: 80, workers: x}\nupstreams: [{name: a, url: x}]\n")
    with pytest.raises(ConfigurationErrors) as caught:
        load_config(path, {"PYPROXY_CACHE__OFLINE": "1"}, {"server.port": Text("x")})
    places = [(error.where, error.key) for error in caught.value.mistakes]
    assert sorted(places, key=str) == [
        (f"{path}:1", "server.prot"),
        (f"{path}:1", "server.workers"),
        (f"{path}:2", "upstreams.a.url"),
        ("environment variable PYPROXY_CACHE__OFLINE", None),
        ("the command line", "server.port"),
    ]
    assert len(str(caught.value).splitlines()) == 5


def test_a_file_that_is_not_utf8_is_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "pyproxy.yaml"
    path.write_bytes(b"server: {}\nstorage: {directory: gr\xfc\xdfe}\n")
    with pytest.raises(ConfigurationError, match="UTF-8") as caught:
        load_config(path)
    assert caught.value.where == f"{path}:2"


def test_a_control_character_is_told(write: Write) -> None:
    with pytest.raises(ConfigurationError, match="no valid YAML"):
        load_config(write("server: \x00\n"))


def test_endless_nesting_is_told(write: Write) -> None:
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        load_config(write("[" * 20_000))


def test_a_recursive_alias_is_told(write: Write) -> None:
    with pytest.raises(ConfigurationError, match="no setting"):
        load_config(write("server: &a\n  tls: *a\n"))


@pytest.mark.parametrize(
    "text",
    [
        "upstreams: [{name: a, url: 'https://u:s3cret@h.example:x/', token: s3cret, password: ['s3cret']}]\n",
        "upstreams: [{name: a, url: https://h.example/, password: [s3cret]}]\n",
        "upstreams: [{name: a, url: https://h.example/, password: {s3cret: s3cret}}]\n",
        "upstreams: [{name: a, url: https://h.example/, password: *s3cret}]\n",
        "upstreams: [{name: a, url: https://h.example/, password: !s3cret}]\n",
        "upstreams: [{name: a, url: https://h.example/, password: !!int s3cret}]\n",
        "upstreams: [{name: a, url: https://h.example/, password: %s3cret}]\n",
        "upstreams: [{name: a, url: https://h.example/, http_proxy: 'u:s3cret@proxy.example.com'}]\n",
    ],
)
def test_a_secret_of_the_file_never_stands_in_a_message(write: Write, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_config(write(text))
    assert "s3cret" not in str(caught.value)
