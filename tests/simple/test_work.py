"""The steps that run in a worker process."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from pyproxy.errors import EmptyIndexPage, NotAnIndexPage
from pyproxy.simple import canonical, work
from pyproxy.simple.names import normalize
from pyproxy.simple.negotiate import Format

URL = "https://index.example.org/simple/foo/"
FOO = normalize("foo")
SHA = "ab" * 32
PAGE = {
    "meta": {"api-version": "1.0", "_last-serial": 1},
    "name": "foo",
    "files": [
        {"filename": "foo-1.0.zip", "url": "foo-1.0.zip", "hashes": {"sha256": SHA}},
        {"filename": "foo-2.0.zip", "url": "foo-2.0.zip", "hashes": {}},
    ],
    "project-status": {"status": "active"},
}


def prepare(page: object = PAGE) -> work.Prepared:
    return work.prepare(json.dumps(page).encode(), "application/json", URL, FOO)


def test_a_prepared_page_says_what_it_holds() -> None:
    prepared = prepare()
    body = zlib.decompress(prepared.canonical_z)
    assert prepared.tag == hashlib.sha256(body).hexdigest()
    links = work.links(prepared.canonical_z)
    assert {name: link.url for name, link in links.items()} == {
        "foo-1.0.zip": f"{URL}foo-1.0.zip",
        "foo-2.0.zip": f"{URL}foo-2.0.zip",
    }


def test_a_page_that_differs_in_private_keys_only_is_the_same_page() -> None:
    """(check 39)"""
    assert prepare({**PAGE, "_x": 1, "meta": {"api-version": "1.1", "_last-serial": 2}}).tag == prepare().tag


@pytest.mark.parametrize("format", list(Format))
def test_a_rendered_page_is_the_same_bytes_each_time_in_both_encodings(format: Format) -> None:
    """(checks 36, 38)"""
    rendered = work.render(prepare().canonical_z, format, {})
    assert gzip.decompress(rendered.gzipped) == rendered.body
    assert rendered.etag_base == hashlib.sha256(rendered.body).hexdigest()[:32]
    assert work.render(prepare().canonical_z, format, {}) == rendered


def test_the_formats_and_a_recorded_hash_change_the_etag() -> None:
    """(check 38)"""
    stored = prepare().canonical_z
    bases = {work.render(stored, each, {}).etag_base for each in (Format.JSON_V1, Format.TEXT_HTML)}
    bases.add(work.render(stored, Format.JSON_V1, {"foo-2.0.zip": SHA}).etag_base)
    assert len(bases) == 3


def test_a_big_page_is_compressed_too() -> None:
    files = [{"filename": f"foo-{n}.zip", "url": f"foo-{n}.zip", "hashes": {"sha256": SHA}} for n in range(9000)]
    rendered = work.render(prepare({**PAGE, "files": files}).canonical_z, Format.JSON_V1, {})
    assert len(rendered.body) > 1 << 20
    assert gzip.decompress(rendered.gzipped) == rendered.body


def test_a_page_of_our_own_is_prepared_without_an_upstream() -> None:
    detail = canonical.decode(zlib.decompress(prepare().canonical_z))
    assert work.prepare_detail(detail) == prepare()


def test_everything_can_run_in_another_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        body = json.dumps(PAGE).encode()
        prepared = pool.submit(work.prepare, body, "application/json", URL, FOO).result()
        assert prepared == prepare()
        rendered = pool.submit(work.render, prepared.canonical_z, Format.TEXT_HTML, {}).result()
        assert rendered == work.render(prepared.canonical_z, Format.TEXT_HTML, {})
        with pytest.raises(NotAnIndexPage, match="the answer is empty"):
            pool.submit(work.prepare, b"", None, URL, FOO).result()
        with pytest.raises(EmptyIndexPage):
            pool.submit(work.prepare, b"<title>Links for foo</title>", None, URL, FOO).result()
