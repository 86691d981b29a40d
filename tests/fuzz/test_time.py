"""Long input takes time by its length, not by its square.

As long as each may come: pages that are read in a thread, the headers and address of a request, a wheel's METADATA.
"""

from __future__ import annotations

import contextlib
import json

import pytest

from pyproxy.errors import PyproxyError
from pyproxy.handlers.forwarded import client_address, is_host, visited_url
from pyproxy.handlers.rendered_head import is_known
from pyproxy.handlers.wrong_addresses import advice
from pyproxy.repositories.ranges import parse_range
from pyproxy.requirements.requirements_txt import read_requirements
from pyproxy.simple.legacy_json.document import parse_document
from pyproxy.simple.legacy_json.info import OwnMetadata, made_info
from pyproxy.simple.names import project_of, version_of
from pyproxy.simple.negotiate import accepts_gzip, choose_format
from pyproxy.simple.parse import parse_project_detail
from pyproxy.simple.parse_list import parse_project_list
from pyproxy.simple.releases import Release
from pyproxy.simple.versions import comparable
from tests.fuzz.pages import UPSTREAM
from tests.fuzz.requests import TRUSTED
from tests.fuzz.time_limits import in_time
from tests.simple.corpus import PROJECT

PAGE_BYTES = 500 * 1024
HEADER_BYTES = 256 * 1024
METADATA_BYTES = 1024 * 1024

TITLE = b"<title>Links for quick-fox</title>"


def filled(piece: bytes, size: int, front: bytes = b"", end: bytes = b"") -> bytes:
    return front + piece * (size // len(piece)) + end


HTML = {
    "metas of one name": filled(b"<meta name=a content=b>", PAGE_BYTES, TITLE),
    "metas of many names": TITLE + b"".join(b"<meta name=%d content=b>" % number for number in range(20_000)),
    "links": filled(b'<a href="quick_fox-1.0.tar.gz">', PAGE_BYTES, TITLE),
    "links in the dark": filled(b"<a><p>", PAGE_BYTES, TITLE),
    "end tags": filled(b"</p>", PAGE_BYTES, TITLE),
    "open tags": filled(b"<div>", PAGE_BYTES, TITLE),
    "open comments": filled(b"<!--", PAGE_BYTES, TITLE),
    "open quotes": filled(b"<a href='\"", PAGE_BYTES, TITLE),
    "tags without an end": filled(b"<a ", PAGE_BYTES, TITLE),
    "references": filled(b"&amp", PAGE_BYTES, TITLE),
    "charsets": filled(b"<meta charset", 1024) + filled(b"=", PAGE_BYTES),
    "a link of many hashes": filled(b"sha256=x&", PAGE_BYTES, TITLE + b"<a href=x-1.zip#", b">"),
    "a filename of hyphens": filled(b"-a", PAGE_BYTES, TITLE + b"<a href=quick_fox", b".tar.gz>"),
    "a filename of percents": filled(b"%25", PAGE_BYTES, TITLE + b"<a href=quick_fox", b".tar.gz>"),
    "a link of blanks": filled(b" ", PAGE_BYTES, TITLE + b"<a href='quick_fox", b".tar.gz'>"),
    "a link of dots": filled(b"../", PAGE_BYTES, TITLE + b"<a href=", b"quick_fox-1.tar.gz>"),
}

JSON_PAGES = {
    "lists": filled(b"[", PAGE_BYTES),
    "objects": filled(b'{"files":', PAGE_BYTES),
    "lists in a file": b'{"files":[{"x":' + b"[" * 1000 + b"]" * 1000 + b"}" + filled(b",{}", PAGE_BYTES) + b"]}",
    "digits": filled(b"9", PAGE_BYTES, b'{"files":[{"filename":"x-1.zip","url":"x-1.zip","size":', b"}]}"),
    "digits of a fraction": filled(b"9", PAGE_BYTES, b'{"files":[{"size":0.', b"}]}"),
    "one name twice and again": filled(b'{"filename":"x-1.zip","url":"x-1.zip"},', PAGE_BYTES, b'{"files":[', b"{}]}"),
    "half pairs": filled(b"\\ud800", PAGE_BYTES, b'{"files":[{"filename":"', b'"}]}'),
    "unknown keys": b'{"files":[],' + b",".join(b'"%d":[[1]]' % number for number in range(20_000)) + b"}",
    "a long version": filled(b"1.", PAGE_BYTES, b'{"files":[],"versions":["', b'1"]}'),
    "a long API version": filled(b"1", PAGE_BYTES, b'{"files":[],"meta":{"api-version":"', b'"}}'),
}

LISTS = {
    "open quotes": filled(b"<a href='\"", PAGE_BYTES),
    "quotes in quotes": filled(b"<a \"'<a '\"", PAGE_BYTES),
    "long quotes": filled(b'<a "' + b"<a '" * 900 + b'" ', PAGE_BYTES),
    "open comments": filled(b"<!--", PAGE_BYTES),
    "open scripts": filled(b"<script", PAGE_BYTES),
    "titles": filled(b"<title", PAGE_BYTES),
    "metas": filled(b"<meta pypi:repository-version", PAGE_BYTES),
    "texts": filled(b"<a href=x>x", PAGE_BYTES),
    "blanks before an address": filled(b"<a '" + b"href" + b" " * 4000 + b"'>x<", PAGE_BYTES),
    "objects": filled(b'{"projects":', PAGE_BYTES),
    "names of hyphens": filled(b"-", PAGE_BYTES, b'{"projects":[{"name":"a', b'a"}]}'),
}


@pytest.mark.parametrize("body", HTML.values(), ids=HTML)
def test_a_page_in_html(body: bytes) -> None:
    read_page(body, "text/html")


@pytest.mark.parametrize("body", JSON_PAGES.values(), ids=JSON_PAGES)
def test_a_page_in_json(body: bytes) -> None:
    read_page(body, "application/vnd.pypi.simple.v1+json")


def read_page(body: bytes, content_type: str) -> None:
    with in_time(), contextlib.suppress(PyproxyError):
        parse_project_detail(body, content_type, UPSTREAM, PROJECT)


@pytest.mark.parametrize("body", LISTS.values(), ids=LISTS)
def test_a_list_of_projects(body: bytes) -> None:
    with in_time(), contextlib.suppress(PyproxyError):
        parse_project_list(body)


def test_a_base_that_is_longer_than_any_address_does_not_become_part_of_each_link() -> None:
    links = b"".join(b"<a href=quick_fox-%d.zip>" % number for number in range(2000))
    body = TITLE + filled(b"a", 20_000, b"<base href=https://files.example.org/", b"/>") + links
    detail = parse_project_detail(body, "text/html", UPSTREAM, PROJECT)
    assert {file.url for file in detail.files} == {f"{UPSTREAM}quick_fox-{number}.zip" for number in range(2000)}


def test_a_document_whose_files_lie_on_very_many_hosts() -> None:
    """Nor do unknown values in it lead to any of them."""
    files = [{"filename": f"x-{each}.zip", "url": f"http://{each}/", "new": 1, "to": "//7/"} for each in range(8000)]
    body = json.dumps({"info": {"name": PROJECT, "version": "1.0"}, "urls": files}).encode()
    with in_time():
        document = parse_document(body, "application/json", UPSTREAM, PROJECT, None)
    assert document.files["x-7.zip"] == {"new": 1}


HEADERS = {
    "blanks": filled(b" ", HEADER_BYTES, b"bytes=", b"x"),
    "digits": filled(b"9", HEADER_BYTES, b"bytes=", b"-"),
    "hyphens": filled(b"-", HEADER_BYTES),
    "commas": filled(b",", HEADER_BYTES),
    "semicolons": filled(b";q=0.5", HEADER_BYTES, b"text/html"),
    "stars": filled(b"*/*,", HEADER_BYTES),
    "open quotes": filled(b'"', HEADER_BYTES - 1),
    "weak tags": filled(b"W/", HEADER_BYTES),
    "hops": filled(b"10.0.0.1,", HEADER_BYTES),
    "colons": filled(b"::", HEADER_BYTES),
    "slashes": filled(b"/a", HEADER_BYTES, b"", b"?"),
    "a host": filled(b"a.", HEADER_BYTES),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header(header: bytes) -> None:
    text = header.decode()
    with in_time():
        parse_range(text)
        accepts_gzip(text)
        with contextlib.suppress(PyproxyError):
            choose_format(text)
        is_known('"etag"', text)
        is_host(text)
        client_address("10.0.0.1", text, TRUSTED)
        visited_url("http", "here", {"X-Forwarded-Prefix": text, "X-Forwarded-Host": text, "X-Forwarded-Proto": text})


ADDRESSES = {
    "a filename of hyphens": filled(b"-a", HEADER_BYTES, b"/packages/", b".tar.gz"),
    "a filename of platforms": filled(b"-linux-a", HEADER_BYTES, b"/packages/x", b".tar.gz"),
    "folders": filled(b"/a", HEADER_BYTES),
    "slashes": filled(b"/", HEADER_BYTES),
    "a name": filled(b"-", HEADER_BYTES, b"/a", b"/json"),
    "a version": filled(b"1.", HEADER_BYTES, b"/simple/quick-fox/", b"/"),
    "percents": filled(b"%41", HEADER_BYTES, b"/packages/", b".zip"),
    "indexes": filled(b"/simple", HEADER_BYTES, b"", b"x"),
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address(address: bytes) -> None:
    with in_time():
        advice(address.decode())


def test_a_version() -> None:
    with in_time():
        for piece in ("1.", "9", "a", "-", "1-", "1!", "1+a.", " ", ".dev1", "rc"):
            comparable(piece * (HEADER_BYTES // len(piece)))


def test_a_filename() -> None:
    with in_time():
        for piece in ("-a", "-1", "-linux-a", ".", "_", "1.", "-py3"):
            name = (piece * 255)[:255]
            for suffix in (".tar.gz", ".whl", ".exe"):
                project_of(name + suffix)
                version_of(name + suffix, PROJECT)


METADATA = {
    "many fields": b"".join(b"a%d: b\n" % number for number in range(100_000)),
    "many fields of old systems": b"".join(b"a%d: b\r" % number for number in range(100_000)),
    "one field again and again": filled(b"Classifier: x\n", METADATA_BYTES),
    "one long field": filled(b" x\n", METADATA_BYTES, b"Keywords: y\n"),
    "a long description": filled(b"Some: thing\n\n", METADATA_BYTES),
    "addresses": filled(b"Project-URL: x\n", METADATA_BYTES),
    "colons": filled(b":", METADATA_BYTES),
}


@pytest.mark.parametrize("fields", METADATA.values(), ids=METADATA)
def test_metadata(fields: bytes) -> None:
    own = OwnMetadata(b"Metadata-Version: 2.1\nName: quick-fox\nVersion: 1.0\n" + fields, "wheel")
    with in_time():
        assert made_info(PROJECT, Release("1.0"), own)["version"] == "1.0"


@pytest.mark.parametrize(
    "line", [" " * 100_000 + "x", "x " + "-" * 100_000, "x" + " \\\n" * 50_000, "a[" + "b," * 50_000]
)
def test_a_line_of_requirements(line: str) -> None:
    with in_time(), contextlib.suppress(PyproxyError):
        read_requirements(line, "requirements.txt", {})
