"""Warnings, and the changes that ask for the secret again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pyproxy.settings import UpstreamSettings, secret_scope_changed, warnings

SECRET = UpstreamSettings(name="a", url="https://pypi.example.com/", username="u", password="p", projects=("a-*",))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"url": "http://pypi.example.com:443/"}, ("scheme",)),
        ({"url": "https://other.example.com/"}, ("host",)),
        ({"url": "https://pypi.example.com:8443/"}, ("port",)),
        ({"http_proxy": "http://proxy.example.com:3128"}, ("http_proxy",)),
        ({"credential_hosts": ("https://files.example.com",)}, ("credential_hosts",)),
        ({"verify_ssl": False}, ("verify_ssl",)),
        ({"url": "http://other.example.com/"}, ("scheme", "host", "port")),
        ({"url": "https://pypi.example.com:443/other/"}, ()),
        ({"index_path": "", "active": False, "projects": ()}, ()),
    ],
)
def test_changes_of_where_the_secret_goes_are_named(changes: dict[str, Any], named: tuple[str, ...]) -> None:
    assert secret_scope_changed(SECRET, replace(SECRET, **changes)) == named


def test_switching_certificate_checks_on_asks_for_nothing() -> None:
    assert secret_scope_changed(replace(SECRET, verify_ssl=False), SECRET) == ()


def test_without_a_secret_nothing_is_asked_for() -> None:
    open_upstream = UpstreamSettings(name="a", url="https://pypi.example.com/")
    assert secret_scope_changed(open_upstream, replace(open_upstream, url="https://other.example.com/")) == ()


def test_a_sound_upstream_has_no_warnings() -> None:
    assert warnings(SECRET) == []
    assert warnings(replace(SECRET, projects=(), on_failure="stop")) == []
    assert warnings(UpstreamSettings(name="a", url="http://pypi.example.com/")) == []


def test_an_unchecked_certificate_is_warned_about() -> None:
    assert "verify_ssl" in warnings(replace(SECRET, verify_ssl=False))[0]


def test_credentials_without_reserved_names_are_warned_about() -> None:
    assert "on_failure=stop" in warnings(replace(SECRET, projects=()))[0]


def test_credentials_over_plain_http_are_warned_about() -> None:
    assert "unencrypted" in warnings(replace(SECRET, url="http://pypi.example.com/"))[0]
