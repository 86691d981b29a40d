"""Which URLs see the upstream's credentials."""

from __future__ import annotations

import pytest

from pyproxy.net.credentials import Credentials
from pyproxy.settings import UpstreamSettings

SETTINGS = UpstreamSettings(
    name="acme",
    url="https://pypi.example.org/private/",
    username="alice",
    password="sesame",
    credential_hosts=("https://files.example.org", "http://old.example.org:8080"),
)


@pytest.mark.parametrize(
    "url",
    [
        "https://pypi.example.org/",
        "https://pypi.example.org:443/other/path",
        "https://PYPI.example.org/x",
        "https://files.example.org/x",
        "http://old.example.org:8080/x",
    ],
)
def test_the_upstreams_origin_and_credential_hosts_see_them(url: str) -> None:
    assert Credentials.of(SETTINGS).headers(url) == {"Authorization": "Basic YWxpY2U6c2VzYW1l"}


@pytest.mark.parametrize(
    "url",
    [
        "http://pypi.example.org/",
        "https://pypi.example.org:8443/",
        "https://pypi.example.org.evil.example.com/",
        "https://evil.example.com/pypi.example.org/",
        "https://pypi.example.org@evil.example.com/",
        "http://files.example.org/",
        "https://sub.files.example.org/",
        "http://old.example.org/x",
    ],
)
def test_no_other_origin_sees_them(url: str) -> None:
    assert Credentials.of(SETTINGS).headers(url) == {}


def test_a_user_name_may_stand_without_a_password_and_be_any_text() -> None:
    settings = UpstreamSettings(name="acme", url="https://a.example.org/", username="zoë")
    assert Credentials.of(settings).headers("https://a.example.org/") == {"Authorization": "Basic em/Dqzo="}


def test_they_do_not_show_in_a_repr() -> None:
    assert "YWxpY2U6" not in repr(Credentials.of(SETTINGS))
