"""The stored form of a page."""

from __future__ import annotations

import msgspec
import pytest

from pyproxy.simple import canonical
from pyproxy.simple.model import File, NormalizedName, ProjectDetail

SHA = "4" * 64

FULL = ProjectDetail(
    name=NormalizedName("foo"),
    files=(
        File(filename="foo-1.0.zip", url="https://files.example.org/foo-1.0.zip"),
        File(
            filename='foo-2.0 "ü".whl',
            url="https://files.example.org/foo-2.0.whl?sig=1",
            hashes={"sha256": SHA, "md5": "a" * 32},
            requires_python=">=3.8",
            yanked="reason",
            size=7,
            upload_time="2024-01-01T00:00:00Z",
            core_metadata={"sha256": "5" * 64},
            provenance="https://index.example.org/p",
            gpg_sig=False,
            extra={"new-key": [1, {"filename": "foo-1.0.zip", "url": "nested"}]},
        ),
    ),
    versions=("1.0", "2.0"),
    status="archived",
    status_reason="old",
    tracks=("https://index.example.org/simple/foo/",),
    alternate_locations=("https://index.example.org/simple/foo/",),
    extra={"meta": {"x": 1}},
)


def test_a_page_comes_back_whole() -> None:
    assert canonical.decode(canonical.encode(FULL)) == FULL


def test_equal_pages_have_equal_bytes_whatever_the_order_of_their_keys() -> None:
    """(check 39)"""
    turned = msgspec.structs.replace(
        FULL,
        files=(FULL.files[0], msgspec.structs.replace(FULL.files[1], hashes={"md5": "a" * 32, "sha256": SHA})),
    )
    assert canonical.encode(turned) == canonical.encode(FULL)


def test_the_bytes_of_a_page_stay_the_same_from_release_to_release() -> None:
    """A change here means that every stored page counts as changed once: make it on purpose only."""
    small = ProjectDetail(
        name=NormalizedName("foo"),
        files=(File(filename="f.zip", url="https://files.example.org/f.zip", requires_python=">=3", yanked=True),),
        versions=(),
    )
    assert canonical.encode(small) == (
        b'{"name":"foo","files":[{"filename":"f.zip","url":"https://files.example.org/f.zip",'
        b'"requires-python":">=3","yanked":true}],"versions":[]}'
    )


def test_links_hold_what_fetching_takes() -> None:
    found = canonical.links(canonical.encode(FULL))
    assert list(found) == ["foo-1.0.zip", 'foo-2.0 "ü".whl']
    link = found['foo-2.0 "ü".whl']
    assert (link.url, link.sha256, link.size) == ("https://files.example.org/foo-2.0.whl?sig=1", SHA, 7)
    assert link.core_metadata == {"sha256": "5" * 64}
    assert found["foo-1.0.zip"].sha256 is None


def test_the_metadata_lies_beside_the_file_before_any_query() -> None:
    link = canonical.links(canonical.encode(FULL))['foo-2.0 "ü".whl']
    assert link.metadata_url == "https://files.example.org/foo-2.0.whl.metadata?sig=1"


def test_what_a_newer_release_wrote_is_read() -> None:
    encoded = canonical.encode(FULL).replace(b',"url":"https', b',"future":1,"url":"https')
    assert canonical.decode(encoded) == FULL


def test_other_bytes_are_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        canonical.decode(b"{")
