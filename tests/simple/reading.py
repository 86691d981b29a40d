"""Reads project pages a second way, with the standard library only, so that tests do not check a parser by itself.

Every entry becomes a plain dictionary in JSON's terms; what an entry does not say is left out.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, unquote, urldefrag, urljoin, urlsplit

Entry = dict[str, Any]

_FILE = re.compile(r".*\.(?:whl|gz|zip|egg|exe|rpm)", re.DOTALL)


def read(body: bytes, content_type: str, url: str) -> dict[str, Entry]:
    """The files of a page by filename, URLs resolved against ``url``."""
    return _read_json(body, url) if content_type.endswith("json") else _read_html(body.decode(), url)


def _read_json(body: bytes, url: str) -> dict[str, Entry]:
    entries = {}
    for raw in json.loads(body)["files"]:
        metadata = raw.get("core-metadata") or raw.get("data-dist-info-metadata")
        entry = {
            "url": urldefrag(urljoin(url, raw["url"])).url,
            "hashes": raw["hashes"],
            "requires-python": raw.get("requires-python"),
            "yanked": raw.get("yanked") or None,
            "size": raw.get("size"),
            "upload-time": raw.get("upload-time"),
            "core-metadata": metadata or None,
            "provenance": raw.get("provenance"),
            "gpg-sig": raw.get("gpg-sig"),
        }
        entries[raw["filename"]] = {key: value for key, value in entry.items() if value is not None}
    return entries


def _read_html(text: str, url: str) -> dict[str, Entry]:
    reader = _Anchors()
    reader.feed(text)
    reader.close()
    base = urljoin(url, reader.base)
    entries = {}
    for attributes, name in reader.anchors:
        if _FILE.fullmatch(name) and attributes.get("href"):
            target, fragment = urldefrag(urljoin(base, attributes["href"] or ""))
            assert unquote(urlsplit(target).path.rpartition("/")[2]) == name
            entry = {
                "url": target,
                "hashes": {key: value[0].lower() for key, value in parse_qs(fragment).items() if key != "egg"},
                "requires-python": attributes.get("data-requires-python") or None,
                "yanked": (attributes["data-yanked"] or True) if "data-yanked" in attributes else None,
                "core-metadata": _metadata(attributes),
                "provenance": attributes.get("data-provenance"),
                "gpg-sig": json.loads(attributes.get("data-gpg-sig") or "null"),
            }
            entries[name] = {key: value for key, value in entry.items() if value is not None}
    return entries


def _metadata(attributes: dict[str, str | None]) -> object:
    for name in ("data-core-metadata", "data-dist-info-metadata"):
        if name in attributes:
            value = attributes[name]
            return dict([value.split("=")]) if value and "=" in value else True
    return None


class _Anchors(HTMLParser):
    """Collects every anchor's attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.anchors: list[tuple[dict[str, str | None], str]] = []
        self._open: dict[str, str | None] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "base":
            self.base = dict(attrs)["href"] or ""
        elif tag == "a":
            self._open, self._text = dict(attrs), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            self.anchors.append((self._open, self._text))
            self._open = None
