"""How a release describes itself, from its metadata or its document of the legacy JSON API: bounded, and not trusted.

Its text is anybody's: only ``rendering.py`` makes HTML of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from pyproxy.errors import InvalidProjectName
from pyproxy.simple.core_metadata import read_core_metadata
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX, normalize
from pyproxy.simple.packing import unpack
from pyproxy.storage.distributions import DistributionUnreadable, read_sdist_metadata, read_wheel_metadata

Markup = Literal["markdown", "rst", "plain"]

TEXT_LIMIT = 32_000
"""Characters of a description that are shown; what follows is cut off at the end of a line."""

LINE_LIMIT = 300
"""Characters of a summary, a licence, an address."""

LINKS_LIMIT = 12

METADATA_READ = 400_000
"""Bytes; a million header lines would take a gigabyte of memory."""

_MARKUPS: Mapping[str, Markup] = {"text/markdown": "markdown", "text/x-rst": "rst", "text/plain": "plain"}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a release says of its project, raw: nothing of it may go into a page as it is.

    ``version`` is the release, ``source`` where this was found: a filename, or the upstream whose document it is.
    ``content_type`` is one of ``text/markdown``, ``text/x-rst`` and ``text/plain``; without one a text counts as the
    second (core metadata specification). ``variant`` is Markdown's. ``cut``: more text follows. ``links`` are pairs of
    label and address, http and https only.
    """

    source: str = ""
    version: str | None = None
    summary: str | None = None
    license: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    text: str = field(default="", repr=False)
    content_type: str = "text/x-rst"
    variant: str = "GFM"
    cut: bool = False

    @property
    def markup(self) -> Markup:
        """How the text is written."""
        return _MARKUPS[self.content_type]


class _Document(msgspec.Struct, frozen=True):
    info: dict[str, Any] = {}


def describe_distribution(path: Path, filename: str, project: NormalizedName) -> Description | None:
    """What a distribution, or a metadata file, at a path says; ``None`` where it says nothing of this project.

    ``filename`` tells what it is, for stored files have no names.
    """
    try:
        if filename.endswith(METADATA_SUFFIX):
            with path.open("rb") as stream:
                content = stream.read(METADATA_READ)
        else:
            content = read_wheel_metadata(path) if filename.endswith(".whl") else read_sdist_metadata(path)
    except (OSError, DistributionUnreadable):
        return None
    raw = read_core_metadata(content[:METADATA_READ])
    said: dict[str, Any] = {**raw, "project_urls": {"Homepage": raw.get("home_page"), **raw.get("project_urls", {})}}
    described = _described(said, project)
    return described and replace(described, source=filename)


def describe_document(document_z: bytes, upstream: str, project: NormalizedName) -> Description | None:
    """What a stored document of an upstream says (``simple.legacy_json``, zlib-compressed)."""
    info = msgspec.json.decode(unpack(document_z), type=_Document).info
    urls = info.get("project_urls")
    links = {"Homepage": info.get("home_page"), **(urls if isinstance(urls, dict) else {})}
    described = _described({**info, "project_urls": links}, project)
    return described and replace(described, source=upstream)


def _described(said: Mapping[str, Any], project: NormalizedName) -> Description | None:
    try:
        if normalize(_text(said.get("name")) or "") != project:
            return None
    except InvalidProjectName:
        return None
    text = _text(said.get("description")) or ""
    text = "" if text.strip() == "UNKNOWN" else text
    content_type, variant = _content_type(_text(said.get("description_content_type")))
    return Description(
        version=_line(said.get("version")),
        summary=_line(said.get("summary")),
        license=_line(said.get("license_expression")) or _line(said.get("license")),
        links=_links(said["project_urls"]),
        text=_bounded(text),
        content_type=content_type,
        variant=variant,
        cut=len(text) > TEXT_LIMIT,
    )


def _content_type(given: str | None) -> tuple[str, str]:
    """The type that a text is shown as, and the variant of Markdown; an unknown type is shown as it is."""
    if not given:
        return "text/x-rst", "GFM"
    message = Message()
    message["Content-Type"] = _UNPRINTABLE.sub("", given).replace("\n", " ")
    content_type = message.get_content_type()
    variant = message.get_param("variant")
    return content_type if content_type in _MARKUPS else "text/plain", (
        "CommonMark" if isinstance(variant, str) and variant.lower() == "commonmark" else "GFM"
    )


def _bounded(text: str) -> str:
    text = _UNPRINTABLE.sub("", text.replace("\r\n", "\n"))
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT].rpartition("\n")[0] or text[:TEXT_LIMIT]


def _links(urls: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for label, url in urls.items():
        label, url = _line(label) or "", _line(url) or ""
        if label and url not in found.values() and len(url) < LINE_LIMIT and _is_web_address(url):
            found[label] = url
    return tuple(found.items())[:LINKS_LIMIT]


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _line(value: Any) -> str | None:
    """A short text on one line."""
    text = _text(value)
    if text is None:
        return None
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return _UNPRINTABLE.sub("", first)[:LINE_LIMIT] or None


def _text(value: Any) -> str | None:
    """A text that can be written."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else None
