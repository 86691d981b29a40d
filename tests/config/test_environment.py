"""Overrides by environment variables."""

from __future__ import annotations

import pytest

from pyproxy.config import Config
from pyproxy.config.environment import read_environment
from pyproxy.config.keys import KEYS
from pyproxy.config.load import load_config
from pyproxy.errors import ConfigurationError


def load_from(environ: dict[str, str]) -> Config:
    # An empty file, so that nothing of the working directory is read.
    return load_config(None, {"PYPROXY_CONFIG": "/dev/null", **environ})


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_a_variable(key: str) -> None:
    found = read_environment({"PYPROXY_" + key.upper().replace(".", "__"): "x"})
    assert ([given.key for given in found.given], found.mistakes) == ([key], [])


def test_a_variable_is_read_by_the_kind_of_its_key() -> None:
    config = load_from(
        {
            "PYPROXY_SERVER__PORT": "9000",
            "PYPROXY_STORAGE__MAX_SIZE": "50GB",
            "PYPROXY_CACHE__OFFLINE": "yes",
            "PYPROXY_CACHE__INDEX_TTL": "1m",
            "PYPROXY_SERVER__TRUSTED_PROXIES": "10.0.0.0/8,127.0.0.1",
            "PYPROXY_PROJECT_LIST": "upstream",
        }
    )
    assert (config.server.port, config.storage.max_size, config.cache.offline) == (9000, 50 * 10**9, True)
    assert (config.cache.index_ttl, len(config.server.trusted_proxies)) == (60.0, 2)
    assert config.project_list == "upstream"


def test_an_empty_variable_clears_an_optional_key() -> None:
    assert load_from({"PYPROXY_STORAGE__MAX_SIZE": ""}) == Config()


def test_upstreams_may_come_from_a_variable_as_yaml() -> None:
    config = load_from(
        {"PYPROXY_UPSTREAMS": "[{name: a, url: 'https://h.example/', password: '${P}', username: u}]", "P": "p"}
    )
    assert [(upstream.name, upstream.password) for upstream in config.upstreams] == [("a", "p")]


@pytest.mark.parametrize(
    ("variable", "suggestion"),
    [
        ("PYPROXY_SERVER__PROT", "did you mean PYPROXY_SERVER__PORT?"),
        ("PYPROXY_SERVERS__PORT", "did you mean PYPROXY_SERVER__PORT?"),
        ("PYPROXY_SERVER_PORT", "did you mean PYPROXY_SERVER__PORT?"),
        ("PYPROXY_SERVER__TLS_KEY", "did you mean PYPROXY_SERVER__TLS__KEY?"),
        ("PYPROXY_UPSTREAMS__0__URL", "set PYPROXY_UPSTREAMS to a YAML list"),
        ("PYPROXY_QUUX__QUUX", "unset it"),
    ],
)
def test_a_variable_that_names_no_key_is_a_mistake(variable: str, suggestion: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_from({variable: "1"})
    assert caught.value.where == f"environment variable {variable}"
    assert suggestion in (caught.value.suggestion or "")


def test_a_wrong_value_names_the_variable() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_from({"PYPROXY_SERVER__PORT": "x"})
    assert caught.value.where == "environment variable PYPROXY_SERVER__PORT"
    assert caught.value.key == "server.port"


def test_a_mistake_in_the_list_of_upstreams_names_the_variable() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_from({"PYPROXY_UPSTREAMS": "[{name: a, url: x}]"})
    assert caught.value.where == "environment variable PYPROXY_UPSTREAMS:1"


def test_variables_of_orchestrators_and_other_uses_are_left_alone() -> None:
    environ = {
        "PYPROXY_PORT": "tcp://10.0.0.1:8080",
        "PYPROXY_SERVICE_HOST": "10.0.0.1",
        "PYPROXY_SERVER_PORT": "tcp://10.0.0.1:8080",
        "PYPROXY_SECRET_KEY": "a long enough secret",
        "HOME": "/root",
    }
    assert load_from(environ) == Config()
