"""Read a project page in JSON (PEP 691, 700, 708, 714, 740, 792), lenient in the entries and strict in the frame.

Nearly every page holds objects of known keys, whatever their values: it is decoded in one go (``_usual``), which takes
half the time of dictionaries. Any other page is decoded as the JSON that it is. The rules are the same for both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from pyproxy.errors import InvalidProjectName, NotAnIndexPage
from pyproxy.simple import parse_fields as fields
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.simple.names import normalize

_META_KEYS = frozenset({"api-version", "tracks", "project-status"})
_STATUS_KEYS = frozenset({"status", "reason"})


class _Entry(msgspec.Struct, rename="kebab", forbid_unknown_fields=True, gc=False):
    """What an upstream says of a file, unchecked."""

    filename: Any = None
    url: Any = None
    hashes: Any = None
    requires_python: Any = None
    yanked: Any = None
    size: Any = None
    upload_time: Any = None
    core_metadata: Any = None
    dist_info_metadata: Any = None
    data_dist_info_metadata: Any = None
    data_core_metadata: Any = None
    provenance: Any = None
    gpg_sig: Any = None


class _Page(msgspec.Struct, rename="kebab", forbid_unknown_fields=True, gc=False):
    """What an upstream says of a project, unchecked but for its files."""

    files: list[_Entry]
    name: Any = None
    meta: Any = None
    versions: Any = None
    project_status: Any = None
    alternate_locations: Any = None


_FILE_KEYS = frozenset(_Entry.__struct_encode_fields__)
_PAGE_KEYS = frozenset(_Page.__struct_encode_fields__)
_PAGE = msgspec.json.Decoder(_Page)
_BOM = b"\xef\xbb\xbf"


def parse_json(body: bytes, url: str, project: NormalizedName) -> ProjectDetail:
    """Return the page that an upstream served at ``url``, its final address.

    Raises ``NotAnIndexPage`` when the frame is wrong: no JSON object with a list of files, another major version, the
    page of another project, or entries of which none is usable.
    """
    body = body.removeprefix(_BOM)
    page = _usual(body)
    if page is not None:
        listed: Sequence[_Entry | dict[str, Any]] = page.files
        unknown: dict[str, Any] = {}
    else:
        page, listed, unknown = _any(body)
    meta = page.meta if isinstance(page.meta, dict) else {}
    check_api_version(meta.get("api-version"))
    _check_name(page.name, project)
    files = tuple(_usable_files(listed, url))
    if listed and not files:
        raise NotAnIndexPage(f"none of the page's {len(listed)} entries is a usable file")
    # PEP 792's prose puts it at the top, an example in the specification into ``meta``.
    said_of_status = page.project_status or meta.get("project-status")
    said_of_status = said_of_status if isinstance(said_of_status, dict) else {}
    status = fields.text_of(said_of_status.get("status"))
    hosts = {fields.host_of(url)}
    extra = fields.public_extra(unknown, _PAGE_KEYS, hosts)
    if meta_extra := fields.public_extra(meta, _META_KEYS, hosts):
        extra["meta"] = meta_extra
    if status and (status_extra := fields.public_extra(said_of_status, _STATUS_KEYS, hosts)):
        extra["project-status"] = status_extra
    return ProjectDetail(
        name=project,
        files=files,
        versions=_versions(page.versions),
        status=status,
        status_reason=fields.text_of(said_of_status.get("reason")) if status else None,
        tracks=fields.absolute_urls(meta.get("tracks")),
        alternate_locations=fields.absolute_urls(page.alternate_locations),
        extra=extra,
    )


def check_api_version(raw: object) -> None:
    """Refuse a newer major version of the API (PEP 629); a missing one means 1.0, an unreadable one too."""
    major = str(raw).partition(".")[0]
    if major.isascii() and major.isdigit() and int(major[:9]) > 1:
        raise NotAnIndexPage(f"the page is of version {str(raw)[:20]} of the Simple API; only version 1 is understood")


def _usual(body: bytes) -> _Page | None:
    """The page, if it has a list of objects and nowhere a key that is not known."""
    try:
        return _PAGE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _any(body: bytes) -> tuple[_Page, list[Any], dict[str, Any]]:
    """Any other page: its frame, the entries as they stand, and the whole object with keys that are not known."""
    page = _load(body)
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        raise NotAnIndexPage("the answer is JSON, but no project page: it has no list of files")
    frame = {key: value for key, value in page.items() if key in _PAGE_KEYS and key != "files"}
    return msgspec.convert({"files": [], **frame}, _Page), page["files"], page


def _load(body: bytes) -> Any:
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


def _usable_files(listed: Iterable[Any], url: str) -> Iterator[File]:
    seen: set[str] = set()
    for entry in listed:
        file = _file(entry, url) if isinstance(entry, _Entry) else _file_of(entry, url)
        if file is not None and file.filename not in seen:
            seen.add(file.filename)
            yield file


def _file_of(entry: object, base: str) -> File | None:
    """The file that any JSON value tells of, with what it says under keys that are not known."""
    if not isinstance(entry, dict):
        return None
    file = _file(msgspec.convert({key: entry[key] for key in _FILE_KEYS & entry.keys()}, _Entry), base)
    if file is None or entry.keys() <= _FILE_KEYS:
        return file
    extra = fields.public_extra(entry, _FILE_KEYS, (fields.host_of(base), fields.host_of(file.url)))
    return msgspec.structs.replace(file, extra=extra)


def _file(entry: _Entry, base: str) -> File | None:
    filename, href = fields.listed_filename(entry.filename), entry.url
    if filename is None or not isinstance(href, str):
        return None
    url = fields.resolve(href, base)
    if url is None:
        return None
    hashes = fields.hashes_of(entry.hashes)
    if "#" in href:
        # devpi writes the hash into the link also in JSON.
        hashes = fields.hashes_of_fragment(href.partition("#")[2]) | hashes
    return File(
        filename=filename,
        url=url,
        hashes=hashes,
        requires_python=fields.text_of(entry.requires_python),
        yanked=_yanked(entry.yanked),
        size=fields.size_of(entry.size),
        upload_time=fields.upload_time_of(entry.upload_time),
        core_metadata=_core_metadata(entry, hashes),
        provenance=fields.provenance_of(entry.provenance),
        gpg_sig=entry.gpg_sig if isinstance(entry.gpg_sig, bool) else None,
    )


def _core_metadata(entry: _Entry, hashes: dict[str, str]) -> bool | dict[str, str]:
    for said in (
        *(entry.core_metadata, entry.dist_info_metadata),
        *(entry.data_dist_info_metadata, entry.data_core_metadata),
    ):
        if said is not None:
            return fields.core_metadata_of(said, hashes)
    return False


def _yanked(raw: object) -> bool | str:
    """An empty reason still means yanked: taking the mark off would be the graver mistake (PEP 592)."""
    if isinstance(raw, str):
        return raw or True
    return bool(raw)


def _versions(raw: object) -> tuple[str, ...] | None:
    return tuple(version for version in raw if isinstance(version, str)) if isinstance(raw, list) else None
