"""Read a project page in JSON (PEP 691, 700, 708, 714, 740, 792), lenient in the entries and strict in the frame."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from pyproxy.errors import InvalidProjectName, NotAnIndexPage
from pyproxy.simple import parse_fields as fields
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.simple.names import normalize

_CORE_METADATA_KEYS = ("core-metadata", "dist-info-metadata", "data-dist-info-metadata", "data-core-metadata")
_FILE_KEYS = frozenset(
    {"filename", "url", "hashes", "requires-python", "yanked", "size", "upload-time", "provenance", "gpg-sig"}
    | set(_CORE_METADATA_KEYS)
)
_PAGE_KEYS = frozenset({"meta", "name", "files", "versions", "project-status", "alternate-locations"})
_META_KEYS = frozenset({"api-version", "tracks", "project-status"})
_STATUS_KEYS = frozenset({"status", "reason"})


def parse_json(body: bytes, url: str, project: NormalizedName) -> ProjectDetail:
    """Return the page that an upstream served at ``url``, its final address.

    Raises ``NotAnIndexPage`` when the frame is wrong: no JSON object with a list of files, another major version, the
    page of another project, or entries of which none is usable.
    """
    page = _load(body)
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        raise NotAnIndexPage("the answer is JSON, but no project page: it has no list of files")
    meta = page.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    check_api_version(meta.get("api-version"))
    _check_name(page.get("name"), project)
    files = tuple(_usable_files(page["files"], url))
    if page["files"] and not files:
        raise NotAnIndexPage(f"none of the page's {len(page['files'])} entries is a usable file")
    # PEP 792's prose puts it at the top, an example in the specification into ``meta``.
    said_of_status = page.get("project-status") or meta.get("project-status")
    said_of_status = said_of_status if isinstance(said_of_status, dict) else {}
    status = fields.text_of(said_of_status.get("status"))
    hosts = {fields.host_of(url)}
    extra = fields.public_extra(page, _PAGE_KEYS, hosts)
    if meta_extra := fields.public_extra(meta, _META_KEYS, hosts):
        extra["meta"] = meta_extra
    if status and (status_extra := fields.public_extra(said_of_status, _STATUS_KEYS, hosts)):
        extra["project-status"] = status_extra
    return ProjectDetail(
        name=project,
        files=files,
        versions=_versions(page.get("versions")),
        status=status,
        status_reason=fields.text_of(said_of_status.get("reason")) if status else None,
        tracks=fields.absolute_urls(meta.get("tracks")),
        alternate_locations=fields.absolute_urls(page.get("alternate-locations")),
        extra=extra,
    )


def check_api_version(raw: object) -> None:
    """Refuse a newer major version of the API (PEP 629); a missing one means 1.0, an unreadable one too."""
    major = str(raw).partition(".")[0]
    if major.isascii() and major.isdigit() and int(major[:9]) > 1:
        raise NotAnIndexPage(f"the page is of version {str(raw)[:20]} of the Simple API; only version 1 is understood")


def _load(body: bytes) -> Any:
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(body)
    except RecursionError as error:
        raise NotAnIndexPage("the answer is JSON nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _load_leniently(body)


def _load_leniently(body: bytes) -> Any:
    """A stray byte, half a surrogate pair or an absurd number in one entry must not cost the page."""
    try:
        page = json.loads(body.decode("utf-8", "replace"), parse_float=str, parse_constant=str)
        return msgspec.json.decode(json.dumps(page, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise NotAnIndexPage(f"the answer is no valid JSON: {error}") from error


def _check_name(raw: object, project: NormalizedName) -> None:
    try:
        other = normalize(raw) if isinstance(raw, str) else project
    except InvalidProjectName:
        return
    if other != project:
        raise NotAnIndexPage(f"the answer is the page of another project, {other}")


def _usable_files(entries: Iterable[Any], url: str) -> Iterable[File]:
    seen: set[str] = set()
    for entry in entries:
        file = _file(entry, url) if isinstance(entry, dict) else None
        if file is not None and file.filename not in seen:
            seen.add(file.filename)
            yield file


def _file(entry: dict[str, Any], base: str) -> File | None:
    filename, href = fields.listed_filename(entry.get("filename")), entry.get("url")
    url = fields.resolve(href, base) if isinstance(href, str) else None
    if filename is None or url is None or not isinstance(href, str):
        return None
    hashes = fields.hashes_of(entry.get("hashes"))
    if "#" in href:
        # devpi writes the hash into the link also in JSON.
        hashes = fields.hashes_of_fragment(href.partition("#")[2]) | hashes
    gpg_sig = entry.get("gpg-sig")
    return File(
        filename=filename,
        url=url,
        hashes=hashes,
        requires_python=fields.text_of(entry.get("requires-python")),
        yanked=_yanked(entry.get("yanked")),
        size=fields.size_of(entry.get("size")),
        upload_time=fields.upload_time_of(entry.get("upload-time")),
        core_metadata=fields.core_metadata_of(_core_metadata(entry), hashes),
        provenance=fields.provenance_of(entry.get("provenance")),
        gpg_sig=gpg_sig if isinstance(gpg_sig, bool) else None,
        extra=fields.public_extra(entry, _FILE_KEYS, (fields.host_of(base), fields.host_of(url)))
        if not entry.keys() <= _FILE_KEYS
        else {},
    )


def _core_metadata(entry: dict[str, Any]) -> object:
    for key in _CORE_METADATA_KEYS:
        value = entry.get(key)
        if value is not None:
            return value
    return None


def _yanked(raw: object) -> bool | str:
    """An empty reason still means yanked: taking the mark off would be the graver mistake (PEP 592)."""
    if isinstance(raw, str):
        return raw or True
    return bool(raw)


def _versions(raw: object) -> tuple[str, ...] | None:
    return tuple(version for version in raw if isinstance(version, str)) if isinstance(raw, list) else None
