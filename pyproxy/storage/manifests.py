"""Where a file's bytes lie, and the manifest beside them: by what names they are known.

``files/<aa>/<sha256>`` are the bytes, ``files/<aa>/<sha256>.json`` is the manifest, where ``<aa>`` are the first two
digits of the hash. From the manifests the rows of the database can be made again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class FileName(msgspec.Struct, frozen=True, kw_only=True):
    """One name by which some bytes are known: where they came from, and every hash that was listed there.

    ``time`` is when they were kept under this name, in unix seconds.
    """

    project: str
    filename: str
    upstream: str
    hashes: dict[str, str]
    time: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of some bytes: ``size`` in bytes, and their names."""

    sha256: str
    size: int
    names: tuple[FileName, ...]

    def with_name(self, name: FileName) -> Manifest:
        """The manifest with one more name, in place of an older one for the same project and filename."""
        return msgspec.structs.replace(
            self, names=(*self.without_name(name.project, name.filename).names, name)
        )

    def without_name(self, project: str, filename: str) -> Manifest:
        """The manifest without a name."""
        rest = (name for name in self.names if (name.project, name.filename) != (project, filename))
        return msgspec.structs.replace(self, names=tuple(rest))


@dataclass(frozen=True, slots=True)
class Places:
    """The paths below the ``files`` directory."""

    root: Path

    def content(self, sha256: str) -> Path:
        """Where the bytes lie. ``sha256`` must be lower-case hex: nothing else may become part of a path."""
        if not is_sha256(sha256):
            raise ValueError("a sha256 is 64 lower-case hex digits")
        return self.root / sha256[:2] / sha256

    def manifest(self, sha256: str) -> Path:
        """Where their manifest lies."""
        content = self.content(sha256)
        return content.with_name(f"{content.name}.json")

    def manifests(self) -> Iterator[Path]:
        """Every manifest there is, in no order."""
        for shard in self.root.iterdir():
            if shard.is_dir():
                yield from shard.glob("*.json")


def is_sha256(text: str) -> bool:
    """Whether the text is a sha256 in lower-case hex."""
    return _SHA256.fullmatch(text) is not None


def read_manifest(path: Path) -> Manifest | None:
    """The manifest at ``path``; ``None`` where there is none, or none that can be read."""
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None
    return manifest if is_sha256(manifest.sha256) else None


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write and fsync a manifest; renaming it into place is the caller's part. Raises `OSError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with open(descriptor, "wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        stream.flush()
        os.fsync(stream.fileno())
