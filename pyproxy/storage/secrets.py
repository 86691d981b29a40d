"""Passwords and tokens, encrypted at rest.

The key is ``PYPROXY_SECRET_KEY``, or else the file ``secret.key`` in the storage directory, made at the first start
and readable by its owner only. It is needed beside a backup of the database. Nothing in here puts a secret or a
key into a message.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import stat
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

from pyproxy.errors import ConfigurationError, StorageError
from pyproxy.storage.directory import SECRET_KEY_NAME, prepare_directory, reason, remedy, sync_directory

log = logging.getLogger(__name__)

VARIABLE = "PYPROXY_SECRET_KEY"
KEY_BYTES = 32

SHORTEST_KEY = 16
"""Characters that a key of the environment must have."""

_SALT = b"pyproxy: secrets of upstreams"
"""Fixed: the same variable must give the same key on every machine. Slow derivation has to make up for it."""


class SecretBox:
    """Encrypts and decrypts texts with one key (Fernet's: 32 bytes as base64); ``open`` finds the key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @cached_property
    def _fernet(self) -> Fernet:
        # Late: cryptography takes 11 MB, and a server without secrets never needs it.
        from cryptography.fernet import Fernet

        return Fernet(self._key)

    @classmethod
    def open(cls, directory: Path, environ: Mapping[str, str]) -> SecretBox:
        """The box of a storage directory.

        Raises `StorageError` when the key file cannot be read or made, `ConfigurationError` for a variable that is
        too short.
        """
        given = environ.get(VARIABLE)
        return cls(_derive(given) if given else _key_file(prepare_directory(directory)))

    @classmethod
    def open_existing(cls, directory: Path, environ: Mapping[str, str]) -> SecretBox:
        """The same without making anything: where there is no key yet, the box opens no secret (`decrypt` says so)."""
        if environ.get(VARIABLE) or (directory / SECRET_KEY_NAME).exists():
            return cls.open(directory, environ)
        return cls(_new_key())

    def derived(self, purpose: str, nonce: bytes) -> bytes:
        """32 bytes that only this key gives for the nonce, and that tell nothing of the key.

        HMAC-SHA256 (RFC 2104) with a key of its own for each purpose, made of the whole key: Fernet's own HMAC has only
        one half of it, so what is made here is never a signature there.
        """
        own = hmac.digest(base64.urlsafe_b64decode(self._key), purpose.encode(), "sha256")
        return hmac.digest(own, nonce, "sha256")

    def encrypt(self, secret: str) -> bytes:
        """The encrypted text."""
        return self._fernet.encrypt(secret.encode())

    def decrypt(self, encrypted: bytes, upstream: str) -> str:
        """The text again. Raises `StorageError`, naming the upstream, when another key encrypted it."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken:
            # Without the cause: it tells nothing, and its frames hold the encrypted text.
            raise StorageError(
                f"the secrets of upstream {upstream} were encrypted with another key: restore {SECRET_KEY_NAME} or "
                f"{VARIABLE}, or enter them again (pyproxy upstream set {upstream} password=… or token=…)"
            ) from None


def key_place(directory: Path, environ: Mapping[str, str]) -> str:
    """Where the key of a storage directory comes from, in words for people."""
    return f"environment variable {VARIABLE}" if environ.get(VARIABLE) else str(directory / SECRET_KEY_NAME)


def _derive(given: str) -> bytes:
    """The key of a text: a Fernet key as it is, anything else through scrypt (RFC 7914)."""
    if _is_key(given.encode()):
        return given.encode()
    if len(given) < SHORTEST_KEY:
        raise ConfigurationError(
            "is too short for a key", where=VARIABLE, suggestion=f"use at least {SHORTEST_KEY} random characters"
        )
    # 16 MiB and some 50 ms, once per start.
    derived = hashlib.scrypt(given.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=KEY_BYTES)
    return base64.urlsafe_b64encode(derived)


def _key_file(directory: Path) -> bytes:
    path = directory / SECRET_KEY_NAME
    try:
        if not path.exists():
            _make_key_file(path)
        with path.open("rb") as stream:
            _keep_private(path, stream.fileno())
            key = stream.read().strip()
    except OSError as error:
        raise StorageError(f"cannot use the key {path} ({reason(error)}): {remedy(error)}") from error
    if not _is_key(key):
        raise StorageError(
            f"{path} is no key: restore it from a backup, or remove it and enter the upstreams' secrets again"
        )
    return key


def _new_key() -> bytes:
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES))


def _is_key(text: bytes) -> bool:
    with contextlib.suppress(ValueError, binascii.Error):
        return len(text) == 44 and len(base64.b64decode(text, altchars=b"-_", validate=True)) == KEY_BYTES
    return False


def _make_key_file(path: Path) -> None:
    """Write a new key beside, then link it: of several processes one wins, and nobody reads half a key."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(_new_key() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()
    sync_directory(path.parent)


def _keep_private(path: Path, descriptor: int) -> None:
    """A key that others can read (a careless copy from a backup) is taken from them again, and they may have it."""
    if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
        os.fchmod(descriptor, 0o600)
        log.warning(
            "%s could be read by other users of this machine; now it cannot. If somebody may have read it, change "
            "the upstreams' passwords and tokens",
            path,
        )
