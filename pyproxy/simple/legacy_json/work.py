"""The costly steps for documents of the legacy JSON API, as plain functions for a worker thread or process.

As ``work`` does for project pages. Stored forms are compressed (zlib); nothing here keeps state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pyproxy.simple import canonical
from pyproxy.simple.legacy_json import document as documents
from pyproxy.simple.legacy_json.info import OwnMetadata
from pyproxy.simple.legacy_json.render import Sources, render_document
from pyproxy.simple.model import File, NormalizedName
from pyproxy.simple.offered import OfferedMetadata
from pyproxy.simple.packing import pack, unpack
from pyproxy.simple.releases import Release, newest, release_named, releases_of
from pyproxy.simple.work import Prepared, Rendered, compressed

DESCRIBING_LIMIT = 8
"""Files of one release that are looked at for its metadata: they all say the same."""


class Describing(NamedTuple):
    """A file in which a release describes itself; ``sidecar``: its metadata can be had without the file (PEP 658)."""

    filename: str
    sha256: str | None
    sidecar: bool


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A release on a project page: its version as it is spelt there, and where to look for its metadata, in order."""

    version: str
    describing: tuple[Describing, ...]


def prepare_document(
    body: bytes, content_type: str | None, url: str, project: NormalizedName, version: str | None
) -> Prepared:
    """An upstream's document, ready to be stored; arguments and errors are those of ``parse_document``."""
    encoded = documents.encode(documents.parse_document(body, content_type, url, project, version))
    return Prepared(tag=hashlib.sha256(encoded).hexdigest(), canonical_z=pack(encoded))


def described(document_z: bytes) -> str:
    """Which release the ``info`` of a stored document is about."""
    return documents.described_version(unpack(document_z))


def survey(
    page_z: bytes, recorded: Mapping[str, str], offered: OfferedMetadata, version: str | None
) -> Surveyed | None:
    """A release of a stored page, in any spelling of its version, or the newest; ``None`` if there is none."""
    detail = canonical.decode(unpack(page_z))
    release = newest(releases_of(detail)) if version is None else release_named(detail, version)
    return None if release is None else Surveyed(release.version, _describing(release, recorded, offered))


def render_stored(
    page_z: bytes,
    recorded: Mapping[str, str],
    offered: OfferedMetadata,
    document_z: bytes | None,
    metadata: OwnMetadata | None,
    serial: int | None,
    base: str,
    version: str | None,
) -> Rendered:
    """The document from what is stored; arguments as in ``legacy_json_render``."""
    sources = Sources(
        page=canonical.decode(unpack(page_z)),
        recorded=recorded,
        offered=offered,
        document=documents.decode(unpack(document_z)) if document_z is not None else None,
        metadata=metadata,
        serial=serial,
    )
    return compressed(render_document(sources, base=base, version=version))


def _describing(release: Release, recorded: Mapping[str, str], offered: OfferedMetadata) -> tuple[Describing, ...]:
    """Wheels whose metadata lies beside them, then other wheels, then source distributions."""
    wheels = [file for file in release.files if file.filename.endswith(".whl")]
    wheels.sort(key=lambda file: not _has_sidecar(file, offered))
    sources = [file for file in release.files if file.filename.endswith((".tar.gz", ".zip"))]
    return tuple(_file(file, recorded, offered) for file in [*wheels, *sources][:DESCRIBING_LIMIT])


def _file(file: File, recorded: Mapping[str, str], offered: OfferedMetadata) -> Describing:
    sha256 = file.sha256 or recorded.get(file.filename)
    return Describing(file.filename, sha256, sidecar=_has_sidecar(file, offered))


def _has_sidecar(file: File, offered: OfferedMetadata) -> bool:
    return file.core_metadata is not False or offered.has(file.filename)
