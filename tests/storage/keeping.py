"""Keeping files in tests: content made from a number, and the store's own look at the disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pyproxy.storage.files import FileStore, StoredFile
from pyproxy.storage.manifests import Manifest, Places, read_manifest

PROJECT = "x"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def keep(
    files: FileStore, content: bytes, filename: str = "x-1.whl", project: str = PROJECT, upstream: str = "a"
) -> StoredFile:
    """Write ``content`` to a temporary file and keep it."""
    temporary = files.temporary()
    try:
        os.write(temporary.fd, content)
        sha256 = sha256_of(content)
        return await files.keep(
            temporary,
            sha256=sha256,
            size=len(content),
            project=project,
            filename=filename,
            upstream=upstream,
            hashes={"sha256": sha256},
        )
    finally:
        temporary.discard()


def on_disk(directory: Path) -> list[str]:
    """Every file below ``files`` and ``tmp``, by path."""
    return sorted(
        str(path.relative_to(directory))
        for top in ("files", "tmp")
        for path in (directory / top).rglob("*")
        if path.is_file()
    )


def manifest(directory: Path, sha256: str) -> Manifest | None:
    """The manifest beside some bytes."""
    return read_manifest(Places(directory / "files").manifest(sha256))
