"""What a process is about to do with some bytes, written down in its temporary folder before it begins.

An intention is the manifest that the bytes are to have, or tells which bytes are to be removed. The one who meant it
takes it away again; where a process died, the next start finds it and finishes the work (``shelf``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from pyproxy.storage.manifests import Manifest, is_sha256, read_manifest, write_manifest
from pyproxy.storage.temporary import INTENTION_SUFFIX


class _Removal(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that go with all their names."""

    removed: tuple[str, ...]


class Forgetting(msgspec.Struct, frozen=True, kw_only=True):
    """Names of a project, by sha256, that are taken away from bytes which other names have as well."""

    project: str
    names: dict[str, tuple[str, ...]]


@contextlib.contextmanager
def keeping(workspace: Path, manifest: Manifest) -> Iterator[Path]:
    """A manifest on its way to its place; it is renamed there, or removed again. Raises `OSError`."""
    intention = workspace / f"{manifest.sha256}{INTENTION_SUFFIX}"
    try:
        write_manifest(intention, manifest)
        yield intention
    finally:
        intention.unlink(missing_ok=True)


@contextlib.contextmanager
def removing(workspace: Path, sha256s: Sequence[str]) -> Iterator[None]:
    """Bytes on their way out, at least one. Raises `OSError`.

    This waits for no disk: what a power failure brings back are bytes that nobody knows, and ``inspection`` finds them.
    """
    intention = workspace / f"{sha256s[0]}{INTENTION_SUFFIX}"
    try:
        intention.write_bytes(msgspec.json.encode(_Removal(removed=tuple(sha256s))))
        yield
    finally:
        intention.unlink(missing_ok=True)


@contextlib.contextmanager
def forgetting(workspace: Path, forgotten: Forgetting) -> Iterator[None]:
    """Names on their way out, of at least one file: their manifests are changed before their rows. Raises `OSError`."""
    intention = workspace / f"{min(forgotten.names)}-names{INTENTION_SUFFIX}"
    try:
        intention.write_bytes(msgspec.json.encode(forgotten))
        yield
    finally:
        intention.unlink(missing_ok=True)


def read_forgetting(intention: Path) -> Forgetting | None:
    """What `forgetting` wrote; ``None`` where it is something else, or cannot be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(intention.read_bytes(), type=Forgetting)
    return None


def intended(intention: Path) -> Iterator[Manifest]:
    """What was intended: manifests, those of bytes to be removed without names; nothing where it cannot be read."""
    manifest = read_manifest(intention)
    if manifest is not None:
        yield manifest
        return
    with contextlib.suppress(OSError, msgspec.DecodeError):
        for sha256 in msgspec.json.decode(intention.read_bytes(), type=_Removal).removed:
            if is_sha256(sha256):
                yield Manifest(sha256=sha256, size=0, names=())
