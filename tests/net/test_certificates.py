"""Which authorities are trusted."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from pyproxy.net.certificates import Authorities
from pyproxy.settings import UpstreamSettings

PLAIN = UpstreamSettings(name="acme", url="https://pypi.example.org/")


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, certifi.where()),
        ({"SSL_CERT_FILE": ""}, certifi.where()),
        ({"CURL_CA_BUNDLE": "/c"}, "/c"),
        ({"CURL_CA_BUNDLE": "/c", "REQUESTS_CA_BUNDLE": "/r"}, "/r"),
        ({"CURL_CA_BUNDLE": "/c", "REQUESTS_CA_BUNDLE": "/r", "SSL_CERT_FILE": "/s"}, "/s"),
    ],
)
def test_the_environment_counts_in_order_and_certifi_last(environ: dict[str, str], path: str) -> None:
    assert Authorities.of(PLAIN, environ) == Authorities(path, verify=True)


def test_the_upstreams_bundle_counts_most() -> None:
    settings = UpstreamSettings(name="acme", url="https://a.example.org/", ca_bundle="/own.pem", verify_ssl=False)
    assert Authorities.of(settings, {"SSL_CERT_FILE": "/s"}) == Authorities("/own.pem", verify=False)


def test_a_folder_is_one_as_soon_as_it_is_there(tmp_path: Path) -> None:
    authorities = Authorities(str(tmp_path / "certs"))
    assert not authorities.is_directory
    (tmp_path / "certs").mkdir()
    assert authorities.is_directory
    assert not Authorities(str(Path(__file__))).is_directory
