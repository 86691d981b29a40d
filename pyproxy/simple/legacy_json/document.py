"""An upstream's document of the legacy JSON API (``/pypi/<project>/json``): checked, and brought into our form.

The public index's own API, documented at https://docs.pypi.org/api/json/. Of a document nothing is kept that a client
downloads from: which files there are, where, and with which hashes is for the project page to say
(``legacy_json_render``). What the page does not know is what makes the document worth having: ``info``,
``vulnerabilities``, ``ownership``, ``last_serial``.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import msgspec

from pyproxy.errors import InvalidProjectName, NotAnIndexPage
from pyproxy.simple import parse_fields as fields
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize
from pyproxy.simple.versions import comparable

MAX_DEPTH = 32
"""Levels of a document; deeper ones could not be written again wherever they are read."""

MOST_HOSTS = 20
"""Hosts that the files of one document lie on, of which each is looked for in every unknown value; with more of them,
such a value may name no host at all."""

_ANY_HOST = frozenset({""})
"""What `public_extra` finds in every address."""

_KEYS = frozenset({"info", "releases", "urls", "vulnerabilities", "last_serial", "ownership"})
_KEPT_FILE_KEYS = frozenset(
    {"comment_text", "digests", "has_sig", "md5_digest", "packagetype", "python_version", "requires_python", "size"}
    | {"upload_time_iso_8601"}
)
_KNOWN_FILE_KEYS = _KEPT_FILE_KEYS | {"filename", "url", "downloads", "upload_time", "yanked", "yanked_reason"}
_KNOWN_FILE_KEYS |= {"core-metadata", "dist-info-metadata", "data-dist-info-metadata"}  # the page advertises it


class LegacyDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an upstream says of a project, or of one release.

    ``files`` are its entries by filename, without ``url``; ``versions`` the release of each as the upstream spells it;
    ``empty_versions`` releases without files. ``ownership`` is ``None`` where the upstream says nothing of it.
    """

    info: dict[str, Any]
    files: dict[str, dict[str, Any]] = {}
    versions: dict[str, str] = {}
    empty_versions: tuple[str, ...] = ()
    vulnerabilities: list[Any] = []
    last_serial: int | None = None
    ownership: dict[str, Any] | None = None
    extra: dict[str, Any] = {}


class _Info(msgspec.Struct, frozen=True, gc=False):
    version: str = ""


class _Described(msgspec.Struct, frozen=True, gc=False):
    info: _Info


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DOCUMENTS = msgspec.json.Decoder(LegacyDocument)
_DESCRIBED = msgspec.json.Decoder(_Described)


def encode(document: LegacyDocument) -> bytes:
    """Equal documents give equal bytes."""
    return _ENCODER.encode(document)


def decode(encoded: bytes) -> LegacyDocument:
    """The document that ``encode`` was given; raises ``msgspec.DecodeError`` for other bytes."""
    return _DOCUMENTS.decode(encoded)


def described_version(encoded: bytes) -> str:
    """Which release the ``info`` of an encoded document is about; reads no more than that."""
    return _DESCRIBED.decode(encoded).info.version


def parse_document(
    body: bytes, content_type: str | None, url: str, project: NormalizedName, version: str | None
) -> LegacyDocument:
    """The document that an upstream served at ``url``; ``version`` is the release that was asked for.

    Raises `NotAnIndexPage` for what is no such document, or one of another project or release.
    """
    raw = _load(body, content_type)
    info = raw.get("info")
    if not isinstance(info, dict):
        raise NotAnIndexPage("the answer is JSON, but no document of the JSON API: it has no info")
    _check_subject(info, project, version)
    releases = _releases(raw, info)
    hosts = {fields.host_of(url)} | _hosts(releases)
    forbidden = hosts if len(hosts) <= MOST_HOSTS else _ANY_HOST
    entries, versions = {}, {}
    for release, listed in releases.items():
        for entry in listed:
            filename = fields.listed_filename(entry.get("filename"))
            if filename is not None:
                entries[filename] = _file(entry, forbidden)
                versions[filename] = release
    serial, ownership, vulnerabilities = raw.get("last_serial"), raw.get("ownership"), raw.get("vulnerabilities")
    return LegacyDocument(
        info=_info(info, hosts),
        files=entries,
        versions=versions,
        empty_versions=tuple(release for release, listed in releases.items() if not listed),
        vulnerabilities=vulnerabilities if isinstance(vulnerabilities, list) else [],
        last_serial=serial if type(serial) is int else None,
        ownership=ownership if isinstance(ownership, dict) else None,
        extra=fields.public_extra(raw, _KEYS, forbidden),
    )


def _load(body: bytes, content_type: str | None) -> dict[str, Any]:
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if "html" in media_type:
        raise NotAnIndexPage(f"the answer is {media_type}")
    try:
        raw = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnIndexPage(f"the answer is no valid JSON: {error}") from error
    if not isinstance(raw, dict) or _is_deeper_than(MAX_DEPTH, raw):
        raise NotAnIndexPage("the answer is JSON, but no document of the JSON API")
    return raw


def _is_deeper_than(levels: int, value: Any) -> bool:
    pending = [(value, 0)]
    while pending:
        value, depth = pending.pop()
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if children and depth >= levels:
            return True
        pending += [(child, depth + 1) for child in children if isinstance(child, dict | list)]
    return False


def _check_subject(info: dict[str, Any], project: NormalizedName, version: str | None) -> None:
    name, described = info.get("name"), info.get("version")
    try:
        same = isinstance(name, str) and normalize(name) == project
    except InvalidProjectName:
        same = False
    if not same:
        raise NotAnIndexPage("the answer is about another project")
    if not isinstance(described, str) or not described:
        raise NotAnIndexPage("the answer does not say which release its info is about")
    if version is not None and comparable(described) != comparable(version):
        raise NotAnIndexPage("the answer is about another release")


def _releases(raw: dict[str, Any], info: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The entries by release; a release's own document has no ``releases`` but its ``urls``."""
    found = raw.get("releases")
    found = dict(found) if isinstance(found, dict) else {}
    if isinstance(raw.get("urls"), list):
        found[info["version"]] = raw["urls"]
    return {
        release: [entry for entry in listed if isinstance(entry, dict)]
        for release, listed in found.items()
        if isinstance(listed, list)
    }


def _file(entry: dict[str, Any], hosts: Set[str]) -> dict[str, Any]:
    """What the page may not know of a file; an unknown key must not lead around this proxy."""
    kept = {key: entry[key] for key in _KEPT_FILE_KEYS & entry.keys()}
    return kept if entry.keys() <= _KNOWN_FILE_KEYS else {**kept, **fields.public_extra(entry, _KNOWN_FILE_KEYS, hosts)}


def _hosts(releases: dict[str, list[dict[str, Any]]]) -> set[str]:
    """Where the upstream's clients would download from."""
    urls = (entry.get("url") for listed in releases.values() for entry in listed)
    return {fields.host_of(url) for url in urls if isinstance(url, str) and "://" in url}


def _info(info: dict[str, Any], hosts: set[str]) -> dict[str, Any]:
    """``info`` as it is: its addresses are for people, but for a download from the upstream itself."""
    download = info.get("download_url")
    if isinstance(download, str) and fields.host_of(download) in hosts:
        return {**info, "download_url": None}
    return info
