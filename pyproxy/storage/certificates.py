"""The folder of certificates and keys that were uploaded, or put there by hand: what pages and the JSON API may name.

Nothing outside of it can be named from afar: whoever may change upstreams is not meant to find out which files a
server has.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyproxy.errors import ConfigurationError, StorageError
from pyproxy.settings.pem import check_authorities, check_certificate, check_key
from pyproxy.storage.directory import prepare_directory, reason, remedy, sync_directory

Kind = Literal["ca_bundle", "client_certificate", "client_key"]
"""What a file is for: the upstream's field."""

KINDS: tuple[Kind, ...] = ("ca_bundle", "client_certificate", "client_key")

LARGEST = 400 * 1024
"""Bytes; the bundle of all public authorities has some 300 kB."""

MOST_FILES = 500
"""How many are listed; nobody looks through more."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,120}", re.ASCII)
_CHECKS = {"ca_bundle": check_authorities, "client_certificate": check_certificate, "client_key": check_key}
_WORDS: dict[Kind, str] = {"ca_bundle": "ca", "client_certificate": "certificate", "client_key": "key"}
_MARKS: dict[Kind, bytes] = {
    "ca_bundle": b"CERTIFICATE-----",
    "client_certificate": b"CERTIFICATE-----",
    "client_key": b"PRIVATE KEY-----",
}


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A file of the folder, by its plain name; ``kinds`` are the fields that it may be used for."""

    name: str
    kinds: frozenset[Kind]


class CertificateFolder:
    """The folder, which is made with the first upload."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()

    def files(self) -> list[CertificateFile]:
        """What can be chosen, by name. Raises `StorageError`."""
        try:
            paths = sorted(path for path in self._directory.iterdir() if _NAME.fullmatch(path.name))[:MOST_FILES]
            return [CertificateFile(path.name, kinds) for path in paths if (kinds := _kinds_of(path))]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"cannot look into {self._directory} ({reason(error)}): {remedy(error)}") from error

    def path(self, kind: Kind, name: str) -> str:
        """The path of a file by its name. Raises `ConfigurationError` where there is none for this use."""
        path = self._directory / name
        if not _NAME.fullmatch(name) or kind not in _kinds_of(path):
            raise ConfigurationError(
                f"{name[:60]!r} is no such file of the certificates folder",
                key=kind,
                suggestion="upload it, or choose one that is there",
            )
        return str(path)

    def name_of(self, path: str) -> str | None:
        """The name of a file by its path; ``None`` for one that lies elsewhere."""
        folder, _, name = path.rpartition("/")
        return name if folder == str(self._directory) and _NAME.fullmatch(name) else None

    def keep(self, kind: Kind, content: bytes, upstream: str) -> str:
        """Store what was uploaded, readable by this user only; its name, which begins with the upstream's.

        The same content gets the same name. Raises `ConfigurationError` for what is no such PEM file, `StorageError`.
        """
        if len(content) > LARGEST:
            problem = f"the file is larger than {LARGEST // 1024} KiB, a fixed limit"
            raise ConfigurationError(problem, key=kind, suggestion="give the PEM file itself")
        try:
            _CHECKS[kind](content, "the file")
        except ConfigurationError as error:
            error.key = kind
            raise
        stem = upstream if _NAME.fullmatch(upstream) else "upstream"
        name = f"{stem[:64]}-{_WORDS[kind]}-{hashlib.sha256(content).hexdigest()[:8]}.pem"
        self._write(name, content)
        return name

    def remove(self, name: str) -> None:
        """Remove a file that nobody uses, if it is there. Raises `StorageError`."""
        if not _NAME.fullmatch(name):
            return
        try:
            (self._directory / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot remove {self._directory / name} ({reason(error)}): {remedy(error)}") from error

    def _write(self, name: str, content: bytes) -> None:
        directory = prepare_directory(self._directory)
        beside = directory / f".{name}.{secrets.token_hex(4)}"
        try:
            os.chmod(directory, 0o700)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with open(descriptor, "wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                beside.rename(directory / name)
            finally:
                beside.unlink(missing_ok=True)
            sync_directory(directory)
        except OSError as error:
            raise StorageError(f"cannot write {directory / name} ({reason(error)}): {remedy(error)}") from error


def _kinds_of(path: Path) -> frozenset[Kind]:
    """What a file can be used for; nothing for one that cannot be read, or is no file."""
    try:
        if not path.is_file():
            return frozenset()
        with path.open("rb") as file:
            content = file.read(1 << 20)
    except (OSError, ValueError):
        return frozenset()
    return frozenset(kind for kind in KINDS if b"-----BEGIN " in content and _MARKS[kind] in content)
