"""The folder of uploaded certificates and keys: what gets in, under which name, and who may read it."""

from __future__ import annotations

import stat
from pathlib import Path

import certifi
import pytest

from pyproxy.errors import ConfigurationError
from pyproxy.storage.certificates import LARGEST, CertificateFile, CertificateFolder, Kind
from tests.upstream.certificates import Authority

BROKEN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"


@pytest.fixture
def folder(tmp_path: Path) -> CertificateFolder:
    return CertificateFolder(tmp_path / "certificates")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_an_upload_is_kept_under_a_name_of_ours_and_for_nobody_else(
    folder: CertificateFolder, authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.issue("client")
    names = [
        folder.keep("ca_bundle", authority.certificate.read_bytes(), "main"),
        folder.keep("client_certificate", certificate.read_bytes(), "main"),
        folder.keep("client_key", key.read_bytes(), "main"),
    ]
    assert [name[:-12] for name in names] == ["main-ca-", "main-certificate-", "main-key-"]
    assert Path(folder.path("client_key", names[2])).read_bytes() == key.read_bytes()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "certificates").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "certificates").stat().st_mode) == 0o700
    both: frozenset[Kind] = frozenset({"ca_bundle", "client_certificate"})
    assert folder.files() == [
        CertificateFile(names[0], both),
        CertificateFile(names[1], both),
        CertificateFile(names[2], frozenset({"client_key"})),
    ]


def test_the_same_content_is_kept_once(folder: CertificateFolder, authority: Authority) -> None:
    content = authority.certificate.read_bytes()
    assert folder.keep("ca_bundle", content, "main") == folder.keep("ca_bundle", content, "main")
    assert len(folder.files()) == 1


def test_all_public_authorities_together_are_not_too_large(folder: CertificateFolder) -> None:
    folder.keep("ca_bundle", Path(certifi.where()).read_bytes(), "main")


@pytest.mark.parametrize(
    ("kind", "content", "problem"),
    [
        ("ca_bundle", b"\x30\x82", "the file is no PEM file"),
        ("ca_bundle", b"", "the file is no PEM file"),
        ("ca_bundle", BROKEN, "the file holds no certificate, or a broken one"),
        ("client_certificate", ENCRYPTED, "the file holds no certificate"),
        ("client_key", BROKEN, "the file holds no private key"),
        ("client_key", ENCRYPTED, "the key of the file has a passphrase"),
        ("client_key", b"x" * (LARGEST + 1), "the file is larger than 400 KiB, a fixed limit"),
    ],
)
def test_what_is_no_such_file_is_refused(folder: CertificateFolder, kind: Kind, content: bytes, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        folder.keep(kind, content, "main")
    assert caught.value.key == kind
    assert caught.value.suggestion
    assert folder.files() == []


@pytest.mark.parametrize("upstream", ["../../etc", "", ".hidden", "a/b", "x" * 200])
def test_no_name_leads_out_of_the_folder(
    upstream: str, folder: CertificateFolder, authority: Authority, tmp_path: Path
) -> None:
    name = folder.keep("ca_bundle", authority.certificate.read_bytes(), upstream)
    assert Path(folder.path("ca_bundle", name)).parent == tmp_path / "certificates"


@pytest.mark.parametrize("name", ["../ca.pem", "/etc/hostname", ".", "..", "", "gone.pem", "notes.txt", "folder", "\0"])
def test_only_pem_files_of_the_folder_can_be_named(name: str, folder: CertificateFolder, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(BROKEN)
    (tmp_path / "certificates" / "folder").mkdir(parents=True)
    (tmp_path / "certificates" / "notes.txt").write_text("nothing")
    with pytest.raises(ConfigurationError, match="is no such file of the certificates folder"):
        folder.path("ca_bundle", name)
    assert folder.files() == []


def test_a_key_cannot_be_taken_for_an_authority(folder: CertificateFolder, authority: Authority) -> None:
    name = folder.keep("client_key", authority.issue("client")[1].read_bytes(), "main")
    with pytest.raises(ConfigurationError):
        folder.path("ca_bundle", name)


def test_a_path_is_known_by_its_name_if_it_lies_there(
    folder: CertificateFolder, authority: Authority, tmp_path: Path
) -> None:
    name = folder.keep("ca_bundle", authority.certificate.read_bytes(), "main")
    assert folder.name_of(folder.path("ca_bundle", name)) == name
    assert folder.name_of("/etc/ssl/ca.pem") is None
    assert folder.name_of(str(tmp_path / "certificates" / "x" / "ca.pem")) is None
