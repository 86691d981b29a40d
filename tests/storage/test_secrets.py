"""Secrets at rest: where the key comes from, who may read it, and what is said when it is the wrong one."""

from __future__ import annotations

import base64
import hmac
import logging
import os
import stat
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from pyproxy.errors import ConfigurationError, StorageError
from pyproxy.storage.directory import SECRET_KEY_NAME
from pyproxy.storage.secrets import VARIABLE, SecretBox


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_comes_back_and_is_not_stored_readably(tmp_path: Path) -> None:
    box = SecretBox.open(tmp_path, {})
    encrypted = box.encrypt("hush hush")
    assert b"hush" not in encrypted
    assert box.decrypt(encrypted, "a") == "hush hush"


def test_the_key_file_is_for_its_owner_only_and_is_used_again(tmp_path: Path) -> None:
    encrypted = SecretBox.open(tmp_path / "data", {}).encrypt("hush")
    assert mode(tmp_path / "data" / SECRET_KEY_NAME) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [SECRET_KEY_NAME]
    assert SecretBox.open(tmp_path / "data", {}).decrypt(encrypted, "a") == "hush"


def test_the_key_file_is_private_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SecretBox.open(tmp_path, {})
    finally:
        os.umask(before)
    assert mode(tmp_path / SECRET_KEY_NAME) == 0o600


def test_a_key_file_that_others_can_read_is_taken_from_them_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SecretBox.open(tmp_path, {})
    key = (tmp_path / SECRET_KEY_NAME).read_text().strip()
    (tmp_path / SECRET_KEY_NAME).chmod(0o644)
    with caplog.at_level(logging.WARNING):
        SecretBox.open(tmp_path, {})
    assert mode(tmp_path / SECRET_KEY_NAME) == 0o600
    assert "could be read by other users" in caplog.text
    assert key not in caplog.text


def test_several_who_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    boxes: list[SecretBox] = []

    def open_it() -> None:
        together.wait()
        boxes.append(SecretBox.open(tmp_path, {}))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    encrypted = boxes[0].encrypt("hush")
    assert [box.decrypt(encrypted, "a") for box in boxes] == ["hush"] * 8


@pytest.mark.parametrize(
    "key",
    ["a passphrase of some length", "0123456789abcdef", Fernet.generate_key().decode()],
    ids=["passphrase", "sixteen characters", "Fernet key"],
)
def test_the_variable_rules_and_no_file_is_made(tmp_path: Path, key: str) -> None:
    encrypted = SecretBox.open(tmp_path, {VARIABLE: key}).encrypt("hush")
    assert list(tmp_path.iterdir()) == []
    assert SecretBox.open(tmp_path, {VARIABLE: key}).decrypt(encrypted, "a") == "hush"


def test_a_fernet_key_is_taken_as_it_is(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    encrypted = Fernet(key).encrypt(b"hush")
    assert SecretBox.open(tmp_path, {VARIABLE: key.decode()}).decrypt(encrypted, "a") == "hush"


def test_a_passphrase_gives_the_key_that_it_always_gave(tmp_path: Path) -> None:
    phrase = "a passphrase of some length"
    derived = Scrypt(salt=b"pyproxy: secrets of upstreams", length=32, n=2**14, r=8, p=1).derive(phrase.encode())
    encrypted = Fernet(base64.urlsafe_b64encode(derived)).encrypt(b"hush")
    assert SecretBox.open(tmp_path, {VARIABLE: phrase}).decrypt(encrypted, "a") == "hush"


def test_a_short_variable_is_refused_without_being_quoted(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PYPROXY_SECRET_KEY: is too short") as caught:
        SecretBox.open(tmp_path, {VARIABLE: "letmein"})
    assert "letmein" not in str(caught.value)


def test_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    SecretBox.open(tmp_path, {VARIABLE: ""})
    assert (tmp_path / SECRET_KEY_NAME).exists()


def test_another_key_is_told_with_the_upstream_and_what_to_do(tmp_path: Path) -> None:
    encrypted = SecretBox.open(tmp_path / "one", {}).encrypt("hush")
    with pytest.raises(StorageError) as caught:
        SecretBox.open(tmp_path / "two", {}).decrypt(encrypted, "internal")
    assert str(caught.value) == (
        "the secrets of upstream internal were encrypted with another key: restore secret.key or PYPROXY_SECRET_KEY, "
        "or enter them again (pyproxy upstream set internal password=… or token=…)"
    )


def test_opening_what_exists_makes_no_key(tmp_path: Path) -> None:
    encrypted = SecretBox.open(tmp_path / "elsewhere", {}).encrypt("s3cret")
    empty = tmp_path / "empty"
    box = SecretBox.open_existing(empty, {})
    assert not empty.exists()
    with pytest.raises(StorageError, match="encrypted with another key"):
        box.decrypt(encrypted, "acme")
    assert SecretBox.open_existing(tmp_path / "elsewhere", {}).decrypt(encrypted, "acme") == "s3cret"


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff" * 44])
def test_a_key_file_that_is_no_key_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SECRET_KEY_NAME).write_bytes(content)
    with pytest.raises(StorageError, match="is no key: restore it from a backup"):
        SecretBox.open(tmp_path, {})


def test_a_key_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / SECRET_KEY_NAME).mkdir()
    with pytest.raises(StorageError, match="cannot use the key"):
        SecretBox.open(tmp_path, {})


def test_neither_key_nor_secret_shows_in_a_representation(tmp_path: Path) -> None:
    box = SecretBox.open(tmp_path, {})
    assert (tmp_path / SECRET_KEY_NAME).read_text().strip() not in repr(box)


def test_what_is_derived_is_of_one_key_one_purpose_and_one_nonce(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    box, other = SecretBox(key), SecretBox(Fernet.generate_key())
    derived = box.derived("one", b"nonce")
    assert len(derived) == 32
    assert SecretBox.open(tmp_path, {VARIABLE: key.decode()}).derived("one", b"nonce") == derived
    others = [other.derived("one", b"nonce"), box.derived("two", b"nonce"), box.derived("one", b"another nonce")]
    assert derived not in others


def test_what_is_derived_is_no_signature_that_a_secret_would_have() -> None:
    """Fernet signs with the first half of the key, https://github.com/fernet/spec/blob/master/Spec.md."""
    raw = bytes(range(32))
    box = SecretBox(base64.urlsafe_b64encode(raw))
    encrypted = base64.urlsafe_b64decode(box.encrypt("hush"))
    signed, signature = encrypted[:-32], encrypted[-32:]
    assert hmac.digest(raw[:16], signed, "sha256") == signature
    assert box.derived("one", signed) != signature
