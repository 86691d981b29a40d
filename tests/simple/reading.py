"""Reads project pages a second way, with the standard library only, so that tests do not check a parser by itself.

Every entry becomes a plain dictionary in JSON's terms; what an entry does not say is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, unquote, urldefrag, urljoin, urlsplit

Entry = dict[str, Any]

JSON = "application/vnd.pypi.simple.v1+json"

_FILE = re.compile(r".*\.(?:whl|gz|bz2|zip|egg|exe|msi|rpm|deb|json)", re.DOTALL)
_METADATA_KEYS = ("core-metadata", "dist-info-metadata", "data-dist-info-metadata")
_SAID_OTHERWISE = {"filename", *_METADATA_KEYS}


def read(body: bytes, content_type: str, url: str) -> dict[str, Entry]:
    """The files of a page by filename, URLs resolved against ``url``."""
    return _read_json(body, url) if content_type.endswith("json") else _read_html(body.decode(), url)


def statements(body: bytes, content_type: str) -> Entry:
    """What a page says of the project as a whole, apart from ``name`` and the version of the API."""
    if not content_type.endswith("json"):
        return _read_metas(body.decode())
    page = json.loads(body)
    said = {key: value for key, value in _public(page).items() if key not in ("files", "name")}
    said |= {key: value for key, value in _public(said.pop("meta", {})).items() if key != "api-version"}
    if "project-status" in said:
        said["project-status"] = _public(said["project-status"])
    # Empty lists of PEP 708 say as little as none.
    return {key: value for key, value in said.items() if value or key == "versions"}


def _read_json(body: bytes, url: str) -> dict[str, Entry]:
    entries = {}
    for raw in json.loads(body)["files"]:
        public = {key: value for key, value in _public(raw).items() if key not in _SAID_OTHERWISE}
        entry = {
            **public,
            "url": urldefrag(urljoin(url, raw["url"])).url,
            "hashes": {name: value for name, value in raw["hashes"].items() if name in hashlib.algorithms_guaranteed},
            "requires-python": raw.get("requires-python") or None,
            "yanked": True if raw.get("yanked") == "" else raw.get("yanked") or None,
            "core-metadata": next((raw[key] for key in _METADATA_KEYS if raw.get(key)), None),
        }
        entries[raw["filename"]] = {key: value for key, value in entry.items() if value is not None}
    return entries


def _public(said: Entry) -> Entry:
    return {key: value for key, value in said.items() if not key.startswith("_")}


def _read_metas(text: str) -> Entry:
    reader = _Anchors()
    reader.feed(text)
    said: Entry = {}
    for name in ("tracks", "alternate-locations"):
        if values := [content for meta, content in reader.metas if meta == f"pypi:{name}"]:
            said[name] = values
    metas = dict(reader.metas)
    if "pypi:project-status" in metas:
        said["project-status"] = {"status": metas["pypi:project-status"]}
        if "pypi:project-status-reason" in metas:
            said["project-status"]["reason"] = metas["pypi:project-status-reason"]
    return said


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
    """Collects every anchor's attributes and text, and every named meta."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.metas: list[tuple[str, str]] = []
        self.anchors: list[tuple[dict[str, str | None], str]] = []
        self._open: dict[str, str | None] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "base":
            self.base = dict(attrs)["href"] or ""
        elif tag == "meta" and dict(attrs).get("name"):
            self.metas.append((dict(attrs)["name"] or "", dict(attrs).get("content") or ""))
        elif tag == "a":
            self._open, self._text = dict(attrs), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            self.anchors.append((self._open, self._text))
            self._open = None
