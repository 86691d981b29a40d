"""Public and other addresses, in all their spellings."""

from __future__ import annotations

import pytest

from pyproxy.net.reach import Reach, is_public, literal_address

OWN = ("https", "pypi.example.org", 443)
OTHER = ("https", "files.example.org", 443)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("localhost", "127.0.0.1"),
        ("a.localhost", "127.0.0.1"),
        ("files.example.org", None),
        ("127.example.org", None),
        ("1e100.example.org", None),
    ],
)
def test_hosts_that_spell_out_an_address(host: str, address: str | None) -> None:
    assert literal_address(host) == address


def test_the_upstreams_own_origin_may_be_anywhere() -> None:
    reach = Reach(OWN)
    assert reach.admits(OWN, "10.0.0.1")
    assert not reach.admits(OTHER, "10.0.0.1")


def test_a_public_upstream_reaches_public_addresses_only() -> None:
    reach = Reach(OWN)
    reach.learn("1.1.1.1")
    assert reach.admits(OTHER, "93.184.215.14")
    assert not reach.admits(OTHER, "127.0.0.1")
    assert not reach.admits_host(("http", "127.1", 80))
    assert reach.admits_host(OTHER)


def test_an_upstream_in_the_house_reaches_its_neighbours() -> None:
    reach = Reach(OWN)
    assert not reach.knows_own_address
    reach.learn("10.0.0.1")
    assert reach.admits(OTHER, "10.0.0.2")
    assert reach.admits_host(("http", "192.168.0.1", 80))


def test_an_upstream_written_as_an_address_is_known_from_the_start() -> None:
    assert Reach(("http", "127.0.0.1", 8080)).admits(OTHER, "127.0.0.2")
    assert not Reach(("http", "1.1.1.1", 80)).admits(OTHER, "127.0.0.2")
