"""An upstream's settings: defaults, the index URL, and reading from YAML values and KEY=VALUE text."""

from __future__ import annotations

from dataclasses import fields

import pytest

from pyproxy.errors import ConfigurationError
from pyproxy.settings import (
    FIELDS,
    UpstreamSettings,
    gives_secret,
    masked,
    priority_of,
    upstream_from_mapping,
    upstream_from_pairs,
)

NAMED = {"name": "private", "url": "https://pypi.example.com/"}


def refusal(pairs: dict[str, str], base: UpstreamSettings | None = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        upstream_from_pairs(pairs, base)
    assert caught.value.problem
    assert caught.value.suggestion
    return caught.value


def test_the_table_of_fields_names_every_field_of_the_value_and_the_priority() -> None:
    assert {field.name for field in FIELDS} == {field.name for field in fields(UpstreamSettings)} | {"priority"}


@pytest.mark.parametrize(
    ("url", "index_path", "index_url"),
    [
        ("https://pypi.example.com/", "simple", "https://pypi.example.com/simple/"),
        ("https://pypi.example.com", "simple", "https://pypi.example.com/simple/"),
        (
            "https://pypi.example.com/repository/private/",
            "simple",
            "https://pypi.example.com/repository/private/simple/",
        ),
        ("https://pypi.example.com/simple", "simple", "https://pypi.example.com/simple/"),
        ("https://pypi.example.com/root/pypi/+simple/", "simple", "https://pypi.example.com/root/pypi/+simple/"),
        ("https://pypi.example.com/whl/cu124/", "", "https://pypi.example.com/whl/cu124/"),
        ("https://pypi.example.com/", "root/index", "https://pypi.example.com/root/index/"),
        ("https://pypi.example.com/root/index/", "root/index", "https://pypi.example.com/root/index/"),
        ("https://simple/", "simple", "https://simple/simple/"),
    ],
)
def test_the_index_url_is_the_base_url_with_the_path_or_the_url_itself(
    url: str, index_path: str, index_url: str
) -> None:
    assert UpstreamSettings(name="a", url=url, index_path=index_path).index_url == index_url


@pytest.mark.parametrize(
    ("url", "index_path", "json_url"),
    [
        ("https://pypi.example.com/", "simple", "https://pypi.example.com/pypi/"),
        ("https://pypi.example.com/team/simple/", "simple", "https://pypi.example.com/team/pypi/"),
        ("https://pypi.example.com/root/pypi/+simple/", "simple", "https://pypi.example.com/root/pypi/pypi/"),
        ("https://simple/", "simple", "https://simple/pypi/"),
        ("https://simple/", "", None),
        ("https://pypi.example.com/whl/cu124/", "", None),
        ("https://pypi.example.com/", "root/index", None),
    ],
)
def test_documents_of_the_json_api_lie_beside_an_index_that_is_called_simple(
    url: str, index_path: str, json_url: str | None
) -> None:
    assert UpstreamSettings(name="a", url=url, index_path=index_path).json_url == json_url


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://pypi.example.com/", ("https", "pypi.example.com", 443)),
        ("http://pypi.example.com/", ("http", "pypi.example.com", 80)),
        ("http://[::1]:8080/simple/", ("http", "::1", 8080)),
    ],
)
def test_the_origin_always_has_a_port(url: str, origin: tuple[str, str, int]) -> None:
    assert UpstreamSettings(name="a", url=url).origin == origin


def test_text_is_read_by_the_kind_of_its_field() -> None:
    settings = upstream_from_pairs(
        {
            **NAMED,
            "active": "no",
            "verify_ssl": "off",
            "connect_timeout_ms": "1500",
            "index_ttl": "1h30m",
            "missing_ttl": "0",
            "on_failure": "Stop",
            "projects": "mycompany-*, tools ,,mycompany-*",
            "redirect_hosts": "CDN.example.com:8443",
            "credential_hosts": "https://files.example.com:443",
            "http_proxy": "http://u:p@Proxy.example.com:3128",
        }
    )
    assert settings == UpstreamSettings(
        name="private",
        url="https://pypi.example.com/",
        active=False,
        verify_ssl=False,
        connect_timeout_ms=1500,
        index_ttl=5400.0,
        missing_ttl=0.0,
        on_failure="stop",
        projects=("mycompany-*", "tools"),
        redirect_hosts=("cdn.example.com:8443",),
        credential_hosts=("https://files.example.com",),
        http_proxy="http://u:p@proxy.example.com:3128",
    )


def test_typed_values_and_durations_as_text_are_read() -> None:
    settings = upstream_from_mapping({**NAMED, "index_ttl": "5m", "missing_ttl": 30, "projects": ["a", "b"]})
    assert (settings.index_ttl, settings.missing_ttl, settings.projects) == (300.0, 30.0, ("a", "b"))


def test_null_clears_an_optional_field() -> None:
    assert upstream_from_mapping({**NAMED, "username": None, "index_ttl": None}) == UpstreamSettings(**NAMED)


def test_an_empty_text_clears_an_optional_field_over_the_base() -> None:
    base = UpstreamSettings(**NAMED, token="t0ken", index_ttl=5.0)
    assert upstream_from_pairs({"token": "", "index_ttl": ""}, base) == UpstreamSettings(**NAMED)


def test_fields_that_are_not_given_keep_the_values_of_the_base() -> None:
    base = UpstreamSettings(**NAMED, projects=("a",), username="u", password="p")
    assert upstream_from_pairs({"active": "off"}, base) == UpstreamSettings(
        **NAMED, projects=("a",), username="u", password="p", active=False
    )


def test_a_url_with_user_name_and_password_is_split_into_the_fields() -> None:
    settings = upstream_from_pairs({"name": "a", "url": "https://us%40er:p%3Aw@pypi.example.com/x/"})
    assert (settings.url, settings.username, settings.password) == ("https://pypi.example.com/x/", "us@er", "p:w")


def test_a_url_and_a_key_that_disagree_about_the_user_name_are_refused() -> None:
    assert refusal({"name": "a", "url": "https://u:p@h.example/", "username": "v"}).key == "url"


def test_a_new_user_name_in_the_url_drops_the_password_of_the_old_one() -> None:
    base = UpstreamSettings(**NAMED, username="old", password="p")
    changed = upstream_from_pairs({"url": "https://new@pypi.example.com/"}, base)
    assert (changed.username, changed.password) == ("new", None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", ""),
        ("name", "my index"),
        ("name", "-x"),
        ("name", "größe"),
        ("name", "x" * 65),
        ("url", "ftp://h.example/"),
        ("url", "pypi.example.com"),
        ("url", "https://"),
        ("url", "https:///path"),
        ("url", "https://h.example:99999/"),
        ("url", "https://h.example:0/"),
        ("url", "https://h.example/?page=1"),
        ("url", "https://h.example/#x"),
        ("url", "https://h .example/"),
        ("url", "https://h..example/"),
        ("url", "https://[::1/"),
        ("url", "https:/h.example/"),
        ("url", "https://h.example\\@other.example/"),
        ("index_path", "../simple"),
        ("index_path", "a b"),
        ("index_path", "a?b"),
        ("active", "maybe"),
        ("username", "a:b"),
        ("username", "a\nb"),
        ("password", "p\r\nX-Header: 1"),
        ("token", "two words"),
        ("credential_hosts", "files.example.com"),
        ("credential_hosts", "https://files.example.com/path"),
        ("credential_hosts", "https://u:p@files.example.com"),
        ("ca_bundle", "/nowhere/ca.pem"),
        ("ca_bundle", "ca\x00.pem"),
        ("password", "p\udcff"),
        ("username", "u\udcff"),
        ("ca_bundle", "/\udcff"),
        ("connect_timeout_ms", "9" * 5000),
        ("connect_timeout_ms", "0"),
        ("connect_timeout_ms", "5s"),
        ("stall_timeout_ms", "-1"),
        ("http_proxy", "proxy.example.com:3128"),
        ("http_proxy", "http://proxy.example.com/path"),
        ("index_ttl", "soon"),
        ("index_ttl", "-5m"),
        ("on_failure", "ignore"),
        ("redirect_hosts", "https://cdn.example.com"),
        ("redirect_hosts", "cdn.example.com:x"),
        ("projects", "my company"),
        ("projects", "a/b"),
        ("priority", "0"),
        ("priority", "first"),
        ("tokn", "x"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(key: str, value: str) -> None:
    assert refusal({**NAMED, key: value}).key == key


@pytest.mark.parametrize("key", ["name", "url"])
def test_name_and_url_are_required(key: str) -> None:
    pairs = {name: value for name, value in NAMED.items() if name != key}
    assert refusal(pairs).key == key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 12),
        ("url", None),
        ("active", "yes"),
        ("active", 1),
        ("connect_timeout_ms", True),
        ("connect_timeout_ms", 1.5),
        ("projects", "mycompany-*"),
        ("projects", [1]),
        ("projects", None),
        ("index_ttl", True),
        ("index_ttl", float("inf")),
        ("password", 12345),
        ("priority", True),
    ],
)
def test_a_wrong_type_is_refused_with_its_key(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        upstream_from_mapping({**NAMED, key: value})
    assert caught.value.key == key
    assert caught.value.suggestion


def test_an_unknown_key_gets_a_suggestion() -> None:
    assert refusal({**NAMED, "verify_tls": "no"}).suggestion == "did you mean verify_ssl?"


@pytest.mark.parametrize(
    ("pairs", "key"),
    [
        ({"token": "t", "username": "u", "password": "p"}, "token"),
        ({"token": "t", "username": "u"}, "token"),
        ({"password": "p"}, "password"),
    ],
)
def test_credentials_that_contradict_each_other_are_refused(pairs: dict[str, str], key: str) -> None:
    assert refusal({**NAMED, **pairs}).key == key


def test_a_user_name_without_a_password_is_enough() -> None:
    assert upstream_from_pairs({**NAMED, "username": "key"}).username == "key"


def test_a_secret_never_stands_in_a_message_or_a_representation() -> None:
    assert "s3cret" not in str(refusal({**NAMED, "password": "s3cret\n", "username": "u"}))
    assert "s3cret" not in str(refusal({"name": "a", "url": "https://u:s3cret@h.example:x/"}))
    assert "s3cret" not in str(refusal({**NAMED, "http_proxy": "u:s3cret@h.example"}))
    assert "s3cret" not in str(refusal({**NAMED, "redirect_hosts": "u:s3cret@h.example"}))
    assert "s3cret" not in repr(UpstreamSettings(**NAMED, password="s3cret", http_proxy="http://u:s3cret@h.example"))


def test_masked_fields_show_that_a_secret_is_there_but_not_which() -> None:
    settings = UpstreamSettings(
        **NAMED, username="u", password="s3cret", http_proxy="http://u:s3cret@proxy.example.com"
    )
    shown = masked(settings)
    assert (shown["username"], shown["password"], shown["token"]) == ("u", "***", None)
    assert shown["http_proxy"] == "http://***@proxy.example.com"


def test_the_priority_is_no_field_but_is_read_beside_them() -> None:
    assert upstream_from_pairs({**NAMED, "priority": "2"}) == UpstreamSettings(**NAMED)
    assert priority_of({"priority": "2"}) == 2
    assert priority_of({"priority": 2}) == 2
    assert priority_of({}) is None
    assert priority_of({"priority": ""}) is None


@pytest.mark.parametrize(
    ("pairs", "gives"),
    [
        ({"password": "p"}, True),
        ({"token": ""}, True),
        ({"url": "https://u:p@h.example/"}, True),
        ({"url": "https://u@h.example/"}, False),
        ({"username": "u", "active": "no"}, False),
    ],
)
def test_a_secret_is_given_by_its_key_or_inside_the_url(pairs: dict[str, str], gives: bool) -> None:
    assert gives_secret(pairs) is gives
