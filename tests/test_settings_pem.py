"""PEM files of upstreams: whatever is wrong with them is said when they are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.errors import ConfigurationError
from pyproxy.settings import UpstreamSettings, upstream_from_pairs
from tests.upstream.certificates import Authority

NAMED = {"name": "main", "url": "https://main.example.org/"}
BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def refusal(**fields: object) -> ConfigurationError:
    """The error for these fields."""
    with pytest.raises(ConfigurationError) as caught:
        upstream_from_pairs({**NAMED, **{key: str(value) for key, value in fields.items()}})
    assert caught.value.suggestion
    assert "_ssl.c" not in str(caught.value)
    return caught.value


def test_a_pem_file_is_kept_as_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    monkeypatch.chdir(tmp_path)
    pairs = {**NAMED, "ca_bundle": authority.certificate.name}
    assert upstream_from_pairs(pairs).ca_bundle == str(authority.certificate)


def test_a_file_that_is_no_pem_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(b"\x30\x82")
    assert refusal(ca_bundle=tmp_path / "ca.pem").key == "ca_bundle"


def test_a_broken_authority_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(BROKEN)
    refused = refusal(ca_bundle=tmp_path / "ca.pem")
    assert (refused.key, str(tmp_path / "ca.pem") in refused.problem) == ("ca_bundle", True)


def test_a_client_certificate_with_its_own_key_is_taken(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).issue("client")
    both = {"client_certificate": str(certificate), "client_key": str(key)}
    assert upstream_from_pairs({**NAMED, **both}).client_key == str(key)
    together = tmp_path / "both.pem"
    together.write_bytes(certificate.read_bytes() + key.read_bytes())
    assert upstream_from_pairs({**NAMED, "client_certificate": str(together)}).client_certificate == str(together)


def test_a_client_certificate_with_another_key_or_none_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, _ = authority.issue("client")
    _, other_key = authority.issue("other")
    assert refusal(client_certificate=certificate).key == "client_certificate"
    assert refusal(client_certificate=certificate, client_key=other_key).key == "client_certificate"


def test_a_key_without_a_certificate_is_refused(tmp_path: Path) -> None:
    _, key = Authority(tmp_path).issue("client")
    assert refusal(client_key=key).key == "client_key"


def test_a_pem_file_that_has_gone_does_not_hinder_other_changes() -> None:
    base = UpstreamSettings(**NAMED, ca_bundle="/nowhere/ca.pem", client_certificate="/nowhere/client.pem")
    assert upstream_from_pairs({"active": "no"}, base).active is False
