"""What the scripted upstream has: projects, files, pages, and its well-behaved answers about them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from tests.upstream.exchange import Answer, Recorded

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
FILES = "/packages/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """A file with what its page says about it."""

    filename: str
    content: bytes
    hashes: Mapping[str, str]
    size: bool
    metadata: bytes | None
    requires_python: str | None
    yanked: bool | str
    upload_time: str | None
    url: str

    def as_json(self) -> dict[str, Any]:
        """The entry of the JSON page."""
        entry: dict[str, Any] = {"filename": self.filename, "url": self.url, "hashes": dict(self.hashes)}
        if self.size:
            entry["size"] = len(self.content)
        if self.requires_python is not None:
            entry["requires-python"] = self.requires_python
        if self.yanked:
            entry["yanked"] = self.yanked
        if self.upload_time is not None:
            entry["upload-time"] = self.upload_time
        if self.metadata is not None:
            entry["core-metadata"] = entry["data-dist-info-metadata"] = {"sha256": _sha256(self.metadata)}
        return entry

    def as_html(self) -> str:
        """The line of the HTML page."""
        fragment = next((f"#{name}={value}" for name, value in self.hashes.items()), "")
        attributes = {"href": self.url + fragment}
        if self.requires_python is not None:
            attributes["data-requires-python"] = self.requires_python
        if self.yanked:
            attributes["data-yanked"] = self.yanked if isinstance(self.yanked, str) else ""
        if self.metadata is not None:
            attributes["data-core-metadata"] = f"sha256={_sha256(self.metadata)}"
        pairs = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
        return f"<a {pairs}>{html.escape(self.filename)}</a><br/>\n"


@dataclass
class Site:
    """The content; its switches are the public attributes of the server."""

    url: str = ""
    html_only: bool = False
    no_etag: bool = False
    no_ranges: bool = False
    no_suffix_ranges: bool = False
    gzip_pages: bool = False
    username: str | None = None
    password: str | None = None
    bearer: str | None = None
    serial: int | None = None
    projects: dict[str, dict[str, SiteFile]] = field(default_factory=dict)
    pages: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    json_documents: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    listing: tuple[bytes, str] | None = None

    def answer(self, request: Recorded) -> Answer:
        """The well-behaved answer to a request."""
        if not self._admits(request):
            return Answer(401, b"who are you?", {"WWW-Authenticate": 'Basic realm="upstream"'})
        path = unquote(request.path.partition("?")[0])
        if path in ("/simple/", "/simple"):
            return self._list(request)
        if match := re.fullmatch(r"/simple/([^/]+)/", path):
            return self._page(match[1], request)
        if match := re.fullmatch(r"/pypi/(.+)/json", path):
            return self._json(match[1], request)
        if path.startswith(FILES):
            return self._file(path.removeprefix(FILES), request)
        return Answer(404, b"no such thing")

    def _admits(self, request: Recorded) -> bool:
        if self.bearer is not None:
            return request.headers.get("authorization") == f"Bearer {self.bearer}"
        if self.username is None:
            return True
        pair = base64.b64encode(f"{self.username}:{self.password or ''}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {pair}"

    def _list(self, request: Recorded) -> Answer:
        if self.listing is not None:
            return self._conditional(*self.listing, request)
        names = sorted({*self.projects, *self.pages})
        if self.html_only:
            links = "".join(f'<a href="/simple/{name}/">{name}</a>\n' for name in names)
            body = f"<!DOCTYPE html><html><head><title>Simple index</title></head><body>\n{links}</body>".encode()
        else:
            projects = [{"name": name, "_last-serial": 7} for name in names]
            body = json.dumps({"meta": {"api-version": "1.0", "_last-serial": 7}, "projects": projects}).encode()
        return self._conditional(body, "text/html; charset=utf-8" if self.html_only else JSON_TYPE, request)

    def _page(self, project: str, request: Recorded) -> Answer:
        if project in self.pages:
            body, content_type = self.pages[project]
        elif project in self.projects:
            body, content_type = self._render(project, request)
        else:
            return Answer(404, b"no such project")
        return self._conditional(body, content_type, request)

    def _conditional(self, body: bytes, content_type: str, request: Recorded) -> Answer:
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if self.serial is not None:
            headers["X-PyPI-Last-Serial"] = str(self.serial)
        if not self.no_etag:
            headers["ETag"] = f'"{_sha256(body)[:16]}"'
            if request.headers.get("if-none-match") == headers["ETag"]:
                return Answer(304, b"", headers)
        if self.gzip_pages and "gzip" in request.headers.get("accept-encoding", ""):
            return Answer(200, gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"})
        return Answer(200, body, headers)

    def _json(self, name: str, request: Recorded) -> Answer:
        """A document of the legacy JSON API: of ``demo`` or ``demo/1.0``."""
        if name not in self.json_documents:
            return Answer(404, b'{"message": "Not Found"}', {"Content-Type": "application/json"})
        body, content_type = self.json_documents[name]
        headers = {"Content-Type": content_type}
        if not self.no_etag:
            headers["ETag"] = f'"{_sha256(body)[:16]}"'
        if not self.no_etag and request.headers.get("if-none-match") == headers["ETag"]:
            return Answer(304, b"", headers)
        return Answer(200, body, headers)

    def _render(self, project: str, request: Recorded) -> tuple[bytes, str]:
        files = self.projects[project].values()
        if self.html_only or JSON_TYPE not in request.headers.get("accept", ""):
            lines = "".join(file.as_html() for file in files)
            page = f"<!DOCTYPE html><html><head><title>Links for {project}</title></head><body>\n{lines}</body></html>"
            return page.encode(), "text/html; charset=utf-8"
        document: dict[str, Any] = {"meta": {"api-version": "1.0"}, "name": project}
        if all(file.size for file in files):
            document["meta"] = {"api-version": "1.1"}
            document["versions"] = sorted({_version(file.filename) for file in files})
        document["files"] = [file.as_json() for file in files]
        return json.dumps(document).encode(), JSON_TYPE

    def _file(self, path: str, request: Recorded) -> Answer:
        project, _, filename = path.partition("/")
        files = self.projects.get(project, {})
        headers = {"Content-Type": "application/octet-stream"}
        if filename in files:
            content = files[filename].content
        elif (wheel := files.get(filename.removesuffix(".metadata"))) and wheel.metadata is not None:
            content = wheel.metadata
        else:
            return Answer(404, b"no such file")
        etag = f'"{_sha256(content)[:16]}"'
        headers["ETag"] = etag
        if self.no_ranges:
            return Answer(200, content, headers)
        headers["Accept-Ranges"] = "bytes"
        if self.no_suffix_ranges and request.headers.get("range", "").startswith("bytes=-"):
            return Answer(200, content, headers)
        if "range" in request.headers and request.headers.get("if-range", etag) == etag:
            return _part(content, headers, request.headers["range"])
        return Answer(200, content, headers)

    def file(self, filename: str, content: bytes, project: str, options: Mapping[str, Any]) -> SiteFile:
        """A file from the arguments of ``add_file``."""
        sha256, hashes = options["sha256"], {}
        if options["md5"]:
            hashes["md5"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if sha256:
            hashes = {"sha256": sha256 if isinstance(sha256, str) else _sha256(content), **hashes}
        return SiteFile(
            filename=filename,
            content=content,
            hashes=hashes,
            size=options["size"],
            metadata=options["metadata"],
            requires_python=options["requires_python"],
            yanked=options["yanked"],
            upload_time=options["upload_time"],
            url=options["url"] or f"{self.url}{FILES}{project}/{quote(filename)}",
        )


def _part(content: bytes, headers: Mapping[str, str], wanted: str) -> Answer:
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if match is None or match[0] == "bytes=-":
        return Answer(200, content, headers)
    first, last = match[1], match[2]
    if not first:
        start, stop = max(0, len(content) - int(last)), len(content)
    else:
        start, stop = int(first), min(int(last) + 1 if last else len(content), len(content))
    if start >= stop:
        return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
    part = {"Content-Range": f"bytes {start}-{stop - 1}/{len(content)}"}
    return Answer(206, content[start:stop], {**headers, **part})


def _version(filename: str) -> str:
    try:
        return str(parse_wheel_filename(filename)[1])
    except InvalidWheelFilename:
        pass
    try:
        return str(parse_sdist_filename(filename)[1])
    except InvalidSdistFilename:
        return "0"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
