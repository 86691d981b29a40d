"""Who asks, and under which address, behind reverse proxies."""

from __future__ import annotations

import ipaddress

import pytest

from pyproxy.handlers.forwarded import client_address, is_trusted, visited_url

TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2,10.0.0.3", "203.0.113.9"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, evil", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "fe80::1%<b>any text</b>", "10.0.0.1"),
        ("-", "203.0.113.9", "-"),
    ],
)
def test_the_client_is_the_first_hop_that_is_not_trusted(remote: str, forwarded: str, client: str) -> None:
    assert client_address(remote, forwarded, TRUSTED) == client


def test_nobody_is_trusted_unless_configured() -> None:
    assert client_address("10.0.0.1", "203.0.113.9", ()) == "10.0.0.1"
    assert not is_trusted("10.0.0.1", ())


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({}, "http://here:8080"),
        ({"X-Forwarded-Proto": "https"}, "https://here:8080"),
        ({"X-Forwarded-Proto": "HTTPS, http"}, "https://here:8080"),
        ({"X-Forwarded-Host": "pypi.example.org"}, "http://pypi.example.org"),
        ({"X-Forwarded-Host": "[2001:db8::1]:443"}, "http://[2001:db8::1]:443"),
        ({"X-Forwarded-Host": "[:::::]:443"}, "http://here:8080"),
        ({"X-Forwarded-Host": "[192.0.2.1]"}, "http://here:8080"),
        ({"X-Forwarded-Host": "pypi.example.org:65536"}, "http://here:8080"),
        ({"X-Forwarded-Prefix": "/team/py/"}, "http://here:8080/team/py"),
        ({"X-Forwarded-Prefix": "team"}, "http://here:8080"),
        ({"X-Forwarded-Prefix": "//evil.example.org"}, "http://here:8080"),
        ({"X-Forwarded-Host": "a/b", "X-Forwarded-Proto": "file", "X-Forwarded-Prefix": '/"><b>'}, "http://here:8080"),
    ],
)
def test_the_visited_address_takes_only_what_makes_sense(headers: dict[str, str], url: str) -> None:
    assert visited_url("http", "here:8080", headers) == url
