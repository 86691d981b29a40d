"""What has to hold for any answer of an upstream: pages, lists of projects, documents of the legacy JSON API."""

from __future__ import annotations

import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from pyproxy.admin.projects.description import describe_distribution
from pyproxy.errors import EmptyIndexPage, NotAnIndexPage
from pyproxy.simple import canonical
from pyproxy.simple.legacy_json import document as documents
from pyproxy.simple.legacy_json.info import OwnMetadata, made_info
from pyproxy.simple.legacy_json.render import Sources, render_document
from pyproxy.simple.model import ProjectDetail
from pyproxy.simple.names import check_filename, is_metadata, normalize
from pyproxy.simple.negotiate import Format
from pyproxy.simple.parse import parse_project_detail
from pyproxy.simple.parse_fields import HASH_HEX_LENGTHS
from pyproxy.simple.parse_list import parse_project_list
from pyproxy.simple.releases import Release
from pyproxy.simple.render import render_project_detail, render_project_list
from tests.fuzz.sentences import explains
from tests.simple.corpus import PROJECT

UPSTREAM = "https://index.example.org/simple/quick-fox/"
OURS = "https://proxy.example.com/prefix/simple/quick-fox/"
BELOW = "https://proxy.example.com/prefix/"

CONTENT_TYPES = (
    *("application/vnd.pypi.simple.v1+json", "text/html", None, "application/vnd.pypi.simple.v1+html", "text/plain"),
    *("text/html; charset=utf-16", "text/html; charset=latin-1", "text/html; charset*=utf-8''x", "application/json"),
)
"""One of them is chosen by the first byte."""

_FILE_ROUTE = re.compile(r"files/([^/]+)/(?:([0-9a-f]{64})/)?([^/]+)")


def check_project_page(data: bytes) -> None:
    """It is no page, or one whose links stay here, and that is the same after being stored, sent and read again."""
    content_type = CONTENT_TYPES[data[0] % len(CONTENT_TYPES)] if data else None
    try:
        detail = parse_project_detail(data[1:], content_type, UPSTREAM, PROJECT)
    except (NotAnIndexPage, EmptyIndexPage) as error:
        explains(error)
        return
    check_detail(detail)


def check_detail(detail: ProjectDetail) -> None:
    """What has to hold for every page that was read."""
    _check_fields(detail)
    stored = canonical.encode(detail)
    assert canonical.decode(stored) == detail
    assert canonical.encode(canonical.decode(stored)) == stored
    assert list(canonical.links(stored)) == [file.filename for file in detail.files]
    for format in Format:
        rendered = render_project_detail(detail, format, {})
        links = links_in(rendered, format)
        assert [filename for filename, _ in links] == [shown(file.filename, format) for file in detail.files]
        for file, (_, link) in zip(detail.files, links, strict=True):
            assert leads_to(link, detail.name) == (file.sha256, file.filename)
    if detail.files:
        once, twice = (render_project_detail(each, Format.JSON_V1, {}) for each in (detail, read_again(detail)))
        assert msgspec.json.decode(twice) == msgspec.json.decode(once)


def _check_fields(detail: ProjectDetail) -> None:
    names = [file.filename for file in detail.files]
    assert len(set(names)) == len(names)
    for file in detail.files:
        assert check_filename(file.filename) == file.filename
        assert not is_metadata(file.filename)
        assert file.url.lower().startswith(("http://", "https://"))
        assert "#" not in file.url
        assert all(len(value) == HASH_HEX_LENGTHS[name] for name, value in file.hashes.items())
        assert file.size is None or 0 <= file.size < 2**63
        assert file.yanked != ""


def read_again(detail: ProjectDetail) -> ProjectDetail:
    """The page as another pyproxy behind this one reads it."""
    rendered = render_project_detail(detail, Format.JSON_V1, {})
    return parse_project_detail(rendered, Format.JSON_V1.content_type, OURS, detail.name)


def links_in(body: bytes, format: Format) -> list[tuple[str, str]]:
    """Each file of a page of ours with its link, by another reader than ours."""
    if format is Format.JSON_V1:
        return [(entry["filename"], entry["url"]) for entry in msgspec.json.decode(body)["files"]]
    reader = _Anchors()
    reader.feed(body.decode())
    reader.close()
    return reader.links


def shown(filename: str, format: Format) -> str:
    """A filename as it can be written: what HTML cannot hold is replaced."""
    return filename if format is Format.JSON_V1 else re.sub("[\x80-\x9f]", "\ufffd", filename)


def leads_to(link: str, project: str) -> tuple[str | None, str]:
    """The sha256 and filename that a link names; it must lead to this server and to the project."""
    target = urljoin(OURS, link)
    assert target.startswith(BELOW), link
    parts = urlsplit(target)
    assert not parts.query
    found = _FILE_ROUTE.fullmatch(target.partition("#")[0].removeprefix(BELOW))
    assert found is not None, link
    assert found[1] == project
    return found[2], unquote(found[3], errors="strict")


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._href: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href, self._text = dict(attrs)["href"], ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            assert self._href is not None
            self.links.append((self._text, self._href))


def check_project_list(data: bytes) -> None:
    """It is no list, or sorted names, each in a spelling of its own, that we list as we read them."""
    try:
        names = parse_project_list(data)
    except NotAnIndexPage as error:
        explains(error)
        return
    assert list(names) == sorted(names)
    assert all(normalize(spelling) == name for name, spelling in names.items())
    for format in Format:
        listed = render_project_list(names.values(), format)
        assert parse_project_list(listed) == names


def check_metadata(data: bytes) -> None:
    """A distribution's metadata makes a document that can be written, whatever it says."""
    for kind in ("wheel", "sdist"):
        own = OwnMetadata(data, kind)  # type: ignore[arg-type]
        info = made_info(PROJECT, Release("1.0"), own)
        assert normalize(info["name"]) == PROJECT
        assert msgspec.json.decode(msgspec.json.encode(info)).keys() == info.keys()
    describe_document_of(data)


def describe_document_of(data: bytes) -> None:
    """What the pages of the administrator show of it."""
    with tempfile.NamedTemporaryFile(suffix=".metadata") as written:
        written.write(data)
        written.flush()
        described = describe_distribution(Path(written.name), "quick_fox-1.0-py3-none-any.whl.metadata", PROJECT)
    assert described is None or described.source


def check_json_document(data: bytes) -> None:
    """It is no document, or one that can be stored, and written with files of the page alone."""
    version = "1.0" if data[:1] < b"\x40" else None
    try:
        document = documents.parse_document(data[1:], "application/json", UPSTREAM, PROJECT, version)
    except NotAnIndexPage as error:
        explains(error)
        return
    stored = documents.encode(document)
    assert documents.decode(stored) == document
    assert documents.encode(documents.decode(stored)) == stored
    assert documents.described_version(stored) == document.info["version"]
    page = ProjectDetail(name=PROJECT)
    written = msgspec.json.decode(
        render_document(Sources(page=page, document=documents.decode(stored)), base=BELOW, version=version)
    )
    assert written["urls"] == []
