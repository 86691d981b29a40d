"""Write project pages and the project list in the Simple API's formats.

Links are relative (``../../files/…``), so that any prefix, host or TLS front works, and never carry a query: pip
appends ``.metadata`` to the whole URL. No URL of an upstream is written, or clients would go around this proxy;
``provenance``, ``tracks`` and ``alternate-locations`` are statements about elsewhere and stay.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.names import normalize
from pyproxy.simple.negotiate import Format
from pyproxy.simple.offered import NOTHING_OFFERED, OfferedMetadata

_FULL_VERSION = "1.4"
_BASE_VERSION = "1.0"
_PLAIN = re.compile(r"[A-Za-z0-9_.+!~-]+")
_NO_HTML_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def file_link(project: str, filename: str, sha256: str | None) -> str:
    """The path of a file below the server's root, percent-encoded; ``+`` and ``!`` stay as they are.

    >>> file_link("torch", "torch-2.4.0+cu124-cp312-cp312-linux_x86_64.whl", None)
    'files/torch/torch-2.4.0+cu124-cp312-cp312-linux_x86_64.whl'
    """
    quoted = filename if _PLAIN.fullmatch(filename) else quote(filename, safe="+!~")
    return f"files/{project}/{sha256}/{quoted}" if sha256 else f"files/{project}/{quoted}"


def render_project_detail(
    detail: ProjectDetail,
    format: Format,
    recorded: Mapping[str, str],
    offered: OfferedMetadata = NOTHING_OFFERED,
) -> bytes:
    """Return the page in ``format``.

    ``recorded`` maps filenames to the sha256 (lower-case hex) learned at their first download; it completes files that
    were listed without one and never overrides a listed one. ``offered`` does the same for metadata files.
    """
    learned = _Learned(recorded, offered)
    if format is Format.JSON_V1:
        return msgspec.json.encode(_json_page(detail, learned))
    return "".join(_html_page(detail, learned)).encode()


def render_project_list(names: Iterable[str], format: Format) -> bytes:
    """Return the list of projects at ``/simple/``; ``names`` are valid, in whatever spelling, and kept as they are."""
    if format is Format.JSON_V1:
        return msgspec.json.encode(
            {"meta": {"api-version": _BASE_VERSION}, "projects": [{"name": name} for name in names]}
        )
    head = _html_head("Simple index", _BASE_VERSION, ())
    # Relative, and nothing but the name: Poetry's search takes the href for the name.
    links = (f'    <a href="{normalize(name)}/">{name}</a><br>\n' for name in names)
    return "".join((*head, *links, _HTML_END)).encode()


def api_version(detail: ProjectDetail) -> str:
    """The version a page may announce: from 1.1 on, ``versions`` and every ``size`` are mandatory (PEP 700)."""
    complete = detail.versions is not None and all(file.size is not None for file in detail.files)
    return _FULL_VERSION if complete else _BASE_VERSION


class _Learned(NamedTuple):
    """What is known here of files beyond what their upstream lists."""

    recorded: Mapping[str, str]
    offered: OfferedMetadata

    def sha256(self, file: File) -> str | None:
        return file.sha256 or self.recorded.get(file.filename)

    def core_metadata(self, file: File) -> bool | dict[str, str]:
        return file.core_metadata or self.offered.has(file.filename)


def _json_page(detail: ProjectDetail, learned: _Learned) -> dict[str, Any]:
    extra = dict(detail.extra)
    meta = {**extra.pop("meta", {}), "api-version": api_version(detail)}
    status_extra = extra.pop("project-status", {})
    if detail.tracks:
        meta["tracks"] = detail.tracks
    page: dict[str, Any] = {**extra, "meta": meta, "name": detail.name}
    if detail.status is not None:
        page["project-status"] = {
            **status_extra,
            **_without_none(status=detail.status, reason=detail.status_reason),
        }
    if detail.alternate_locations:
        page["alternate-locations"] = detail.alternate_locations
    if detail.versions is not None:
        page["versions"] = detail.versions
    page["files"] = [_json_file(file, detail.name, learned) for file in detail.files]
    return page


class _JsonFile(msgspec.Struct, kw_only=True, rename="kebab", omit_defaults=True, gc=False):
    """A file's entry, its fields in the order in which they are written; a dictionary would take longer."""

    filename: str
    url: str
    hashes: dict[str, str]
    yanked: bool | str
    requires_python: str | None = None
    size: int | None = None
    upload_time: str | None = None
    # Only by the name that PEP 714 gave it: of the old one, pip 22.3 to 23.1 can read no value that JSON has for it,
    # and ends with a traceback. That is why there is a new one.
    core_metadata: bool | dict[str, str] = False
    provenance: str | None = None
    gpg_sig: bool | None = None


def _json_file(file: File, project: str, learned: _Learned) -> _JsonFile | dict[str, Any]:
    sha256 = learned.sha256(file)
    core_metadata = learned.core_metadata(file)
    entry = _JsonFile(
        filename=file.filename,
        url=f"../../{file_link(project, file.filename, sha256)}",
        # pip checks the first key only.
        hashes={"sha256": sha256, **file.hashes} if sha256 else file.hashes,
        yanked=file.yanked,
        requires_python=file.requires_python,
        size=file.size,
        upload_time=file.upload_time,
        core_metadata=core_metadata,
        provenance=file.provenance,
        gpg_sig=file.gpg_sig,
    )
    return {**file.extra, **msgspec.to_builtins(entry)} if file.extra else entry


def _without_none(**values: str | None) -> dict[str, str]:
    return {key: value for key, value in values.items() if value is not None}


_HTML_END = "  </body>\n</html>\n"


def _html_page(detail: ProjectDetail, learned: _Learned) -> Iterator[str]:
    metas = (
        ("pypi:project-status", detail.status),
        ("pypi:project-status-reason", detail.status_reason),
        *(("pypi:tracks", url) for url in detail.tracks),
        *(("pypi:alternate-locations", url) for url in detail.alternate_locations),
    )
    yield from _html_head(f"Links for {detail.name}", api_version(detail), metas)
    for file in detail.files:
        yield _html_link(file, detail.name, learned)
    yield _HTML_END


def _html_head(title: str, version: str, metas: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    yield f'<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n    <title>{title}</title>\n'
    for name, content in (("pypi:repository-version", version), *metas):
        if content is not None:
            yield f'    <meta name="{name}" content="{_escape(content)}">\n'
    yield f"  </head>\n  <body>\n    <h1>{title}</h1>\n"


def _html_link(file: File, project: str, learned: _Learned) -> str:
    sha256 = learned.sha256(file)
    # Only sha256 goes into a fragment: uv refuses a whole page for an algorithm it does not know there.
    fragment = f"#sha256={sha256}" if sha256 else ""
    parts = [f'    <a href="../../{file_link(project, file.filename, sha256)}{fragment}"']
    if file.requires_python is not None:
        parts.append(f' data-requires-python="{_escape(file.requires_python)}"')
    if file.yanked:
        parts.append(f' data-yanked="{_escape(file.yanked) if isinstance(file.yanked, str) else ""}"')
    core_metadata = learned.core_metadata(file)
    if core_metadata:
        value = _html_core_metadata(core_metadata)
        parts.append(f' data-core-metadata="{value}" data-dist-info-metadata="{value}"')
    if file.provenance is not None:
        parts.append(f' data-provenance="{_escape(file.provenance)}"')
    if file.gpg_sig is not None:
        parts.append(f' data-gpg-sig="{"true" if file.gpg_sig else "false"}"')
    parts.append(f">{_escape(file.filename)}</a><br>\n")
    return "".join(parts)


def _html_core_metadata(core_metadata: bool | dict[str, str]) -> str:
    """As for the fragment, sha256 or no hash at all."""
    sha256 = core_metadata.get("sha256") if isinstance(core_metadata, dict) else None
    return f"sha256={sha256}" if sha256 else "true"


def _escape(value: str) -> str:
    """Escape for an attribute or text; control characters, which HTML cannot hold at all, are replaced."""
    if not value.isprintable():
        value = _NO_HTML_TEXT.sub("\ufffd", value)
    return html.escape(value)
