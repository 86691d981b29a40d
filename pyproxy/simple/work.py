"""The costly steps for big pages as plain functions, to be run in a worker thread or process.

Arguments, results and errors can be pickled. Nothing here keeps state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyproxy.simple import canonical
from pyproxy.simple.model import NormalizedName, ProjectDetail
from pyproxy.simple.negotiate import Format
from pyproxy.simple.offered import NOTHING_OFFERED, OfferedMetadata
from pyproxy.simple.packing import pack, to_gzip, unpack
from pyproxy.simple.parse import parse_project_detail
from pyproxy.simple.render import render_project_detail, render_project_list


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page ready to be stored.

    ``tag`` is the sha256 (hex) of the canonical bytes, ``canonical_z`` these bytes compressed (zlib).
    """

    tag: str
    canonical_z: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page ready to be sent: the body, the same in gzip, and the part that their ETags share."""

    body: bytes
    gzipped: bytes
    etag_base: str


def prepare(body: bytes, content_type: str | None, url: str, project: NormalizedName) -> Prepared:
    """Parse an upstream's answer; arguments and errors are those of ``parse_project_detail``."""
    return prepare_detail(parse_project_detail(body, content_type, url, project))


def prepare_detail(detail: ProjectDetail) -> Prepared:
    """The same for a page that was not fetched, such as a local project's."""
    encoded = canonical.encode(detail)
    return Prepared(tag=hashlib.sha256(encoded).hexdigest(), canonical_z=pack(encoded))


def render(
    canonical_z: bytes, format: Format, recorded: Mapping[str, str], offered: OfferedMetadata = NOTHING_OFFERED
) -> Rendered:
    """Render a stored page; ``recorded`` and ``offered`` as in ``render_project_detail``."""
    detail = canonical.decode(unpack(canonical_z))
    return compressed(render_project_detail(detail, format, recorded, offered))


def render_list(names: Sequence[str], format: Format) -> Rendered:
    """Render the list of projects."""
    return compressed(render_project_list(names, format))


def links(canonical_z: bytes) -> dict[str, canonical.Link]:
    """What fetching the files of a stored page takes, by filename."""
    return canonical.links(unpack(canonical_z))


def compressed(body: bytes) -> Rendered:
    """A rendered body with its compressed form and what names it."""
    return Rendered(body, to_gzip(body), hashlib.sha256(body).hexdigest()[:32])
