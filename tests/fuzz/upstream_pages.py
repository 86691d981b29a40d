"""Project pages as an upstream may send them: right ones, and such as are almost right."""

from __future__ import annotations

import html
import json
from typing import Any

from hypothesis import strategies as st

from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.parse_fields import HASH_HEX_LENGTHS
from tests.fuzz.values import ODD_TEXTS, mostly, objects, written
from tests.simple.corpus import PROJECT

FILENAMES = st.sampled_from(
    [
        *("quick_fox-1.0-py3-none-any.whl", "quick_fox-1.0.tar.gz", "Quick.Fox-1.0.zip", "quick-fox-2.0.0b1.tar.bz2"),
        *("quick_fox-1!2.0+cu.1-cp312-cp312-linux_x86_64.whl", "quick_fox-1.0.win32-py2.7.exe", "quick fox-3.zip"),
        *(
            "füchse-1.0.zip",
            "quick_fox-1.0.tar.gz.metadata",
            "quick_fox%2D9.zip",
            "a#b-1.zip",
            "a?b-1.zip",
            "a&b-1.zip",
        ),
        *(
            "quick_fox-1.0-variants.json",
            "quick-fox-latest.egg",
            "x-1.whl",
            "quick_fox-1.0-1-py3-none-any.whl",
            "~1.zip",
        ),
    ]
)
HEX = st.sampled_from("0123456789abcdefABCDEF")
ALGORITHMS = st.sampled_from(sorted(HASH_HEX_LENGTHS))


def digest_of(algorithm: str) -> st.SearchStrategy[str]:
    return HEX.map(lambda digit: digit * HASH_HEX_LENGTHS[algorithm])


HASHES = st.lists(ALGORITHMS.flatmap(lambda name: st.tuples(st.just(name), digest_of(name))), max_size=2).map(dict)
TEXTS = st.sampled_from([">=3.8", ">=3.8,<4,!=3.9.*", "a reason & <more>", 'it\'s "so"', "ünicode"])
ADDRESSES = st.sampled_from(["", "../../files/", "https://files.example.org/a/", "/p/", "//files.example.org/", "./"])
TIMES = st.sampled_from(["2024-01-31T12:00:00.123456Z", "2024-01-31T12:00:00Z", "2024-01-31 12:00:00+02:00"])
ABSOLUTE = st.sampled_from(["https://integrity.example.org/a/b?c=d", "http://other.example.org/simple/quick-fox/"])

_ENTRY = objects(
    filename=FILENAMES,
    url=st.tuples(ADDRESSES, FILENAMES, st.sampled_from(["", "#sha256=" + "a" * 64, "?token=1", "#egg=x"])).map(
        "".join
    ),
    hashes=HASHES,
    size=st.integers(0, 2**40),
    upload_time=TIMES,
    requires_python=TEXTS,
    yanked=st.booleans() | TEXTS,
    core_metadata=st.booleans() | HASHES,
    dist_info_metadata=st.booleans() | HASHES,
    provenance=ABSOLUTE,
    gpg_sig=st.booleans(),
)

JSON_PAGES = objects(
    meta=objects(api_version=st.sampled_from(["1.0", "1.4", "1", "2.0"]), tracks=st.lists(ABSOLUTE, max_size=2)),
    name=st.sampled_from([PROJECT, "Quick_Fox"]),
    files=st.lists(mostly(_ENTRY), max_size=4),
    versions=st.lists(mostly(st.sampled_from(["1.0", "2.0.0b1", "odd", "1!2.0+cu.1"])), max_size=3),
    project_status=objects(status=st.sampled_from(["active", "archived", "quarantined"]), reason=TEXTS),
    alternate_locations=st.lists(ABSOLUTE, max_size=2),
).map(lambda page: written(page).encode("utf-8", "surrogatepass"))

_ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-9, 9) | TEXTS | TIMES | ABSOLUTE,
    lambda value: st.lists(value, max_size=2) | st.dictionaries(ALGORITHMS | TEXTS, value, max_size=2),
    max_leaves=3,
)


def _known(right: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of these keys and no other, whatever their values."""
    return st.fixed_dictionaries({}, optional={name: value | _ANY_VALUE for name, value in right.items()})


USUAL_PAGES = st.fixed_dictionaries(
    {
        "files": st.lists(
            _known(
                {
                    "filename": FILENAMES,
                    "url": st.tuples(ADDRESSES, FILENAMES).map("".join),
                    "hashes": HASHES,
                    "size": st.integers(0, 2**40),
                    "upload-time": TIMES,
                    "requires-python": TEXTS,
                    "yanked": st.booleans() | TEXTS,
                    "core-metadata": st.booleans() | HASHES,
                    "dist-info-metadata": st.booleans() | HASHES,
                    "data-dist-info-metadata": st.booleans() | HASHES,
                    "data-core-metadata": st.booleans() | HASHES,
                    "provenance": ABSOLUTE,
                    "gpg-sig": st.booleans(),
                }
            ),
            max_size=4,
        )
    },
    optional={
        "name": st.just(PROJECT) | _ANY_VALUE,
        "meta": _known({"api-version": st.just("1.4"), "tracks": st.lists(ABSOLUTE, max_size=2)}) | _ANY_VALUE,
        "versions": st.lists(TEXTS, max_size=2) | _ANY_VALUE,
        "project-status": _known({"status": st.sampled_from(["active", "quarantined"]), "reason": TEXTS}) | _ANY_VALUE,
        "alternate-locations": st.lists(ABSOLUTE, max_size=2) | _ANY_VALUE,
    },
).map(lambda page: json.dumps(page).encode())
"""Pages in JSON that hold no key that is not known: such as nearly all upstreams send, though with other values."""

_ATTRIBUTES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(
                    "data-requires-python",
                    "data-yanked",
                    "data-core-metadata",
                    "data-dist-info-metadata",
                    "data-gpg-sig",
                ),
                *("data-provenance", "data-size", "data-upload-time", "rel", "HREF", "class"),
            ]
        ),
        mostly(
            st.sampled_from(["true", "false", "", ">=3.8", "sha256=" + "b" * 64, "77", "2024-01-31T12:00:00Z"])
            | ABSOLUTE
        ),
    ),
    max_size=4,
)


@st.composite
def _anchors(draw: st.DrawFn) -> str:
    href = draw(mostly(st.tuples(ADDRESSES, FILENAMES, st.sampled_from(["", "#sha256=" + "a" * 64])).map("".join)))
    attributes = [("href", href), *draw(_ATTRIBUTES)]
    quote = draw(st.sampled_from(['"', "'", ""]))
    escape = html.escape if draw(st.booleans()) else str
    inside = "".join(f" {name}={quote}{escape(str(value))}{quote}" for name, value in attributes)
    return f"<a{inside}>{draw(FILENAMES | ODD_TEXTS)}{draw(st.sampled_from(['</a><br>', '</a>', '']))}"


_PIECES = st.sampled_from(
    [
        *("<title>Links for quick-fox</title>", "<title>Log in", '<meta name="pypi:repository-version" content="1.3">'),
        *(
            '<meta name="pypi:repository-version" content="2.0">',
            '<base href="https://files.example.org/b/">',
            "<base href=''>",
        ),
        *(
            '<meta name="pypi:project-status" content="archived">',
            '<meta name="pypi:tracks" content="https://a.example.org/">',
        ),
        *(
            "<!--",
            "-->",
            "<script>",
            "</script>",
            "<table>",
            "<svg>",
            "<template>",
            "<plaintext>",
            "<![CDATA[",
            "</body>",
            "\0",
        ),
        *(
            "<meta charset=utf-16>",
            "<meta charset=shift_jis>",
            "\ufeff",
            "<frameset>",
            "<div>" * 600,
            "<h1>Links for x</h1>",
        ),
    ]
)

HTML_PAGES = st.builds(
    lambda pieces, coding: "".join(pieces).encode(coding, "replace"),
    st.lists(_anchors() | _anchors() | _PIECES, max_size=8),
    st.sampled_from(["utf-8", "utf-8", "utf-16", "latin-1", "utf-8-sig", "shift_jis"]),
)


@st.composite
def right_details(draw: st.DrawFn, *, in_html: bool = False) -> ProjectDetail:
    """A page without a fault; ``in_html``: as far as HTML can say it."""
    sha256 = st.dictionaries(st.just("sha256"), digest_of("sha256").map(str.lower), max_size=1)
    hashes = sha256 if in_html else HASHES.map(lambda found: {name: value.lower() for name, value in found.items()})
    names = draw(st.lists(FILENAMES.filter(lambda name: not name.endswith(".metadata")), max_size=4, unique=True))
    files = []
    for filename in names:
        own = draw(hashes)
        files.append(
            File(
                filename=filename,
                url=f"https://files.example.org/{len(files)}",
                hashes=own,
                requires_python=draw(st.none() | TEXTS),
                yanked=draw(st.booleans() | TEXTS),
                size=None if in_html else draw(st.none() | st.integers(0, 2**63 - 1)),
                upload_time=None if in_html else draw(st.none() | st.just("2024-01-31T12:00:00.123456Z")),
                core_metadata=_other_than(own, draw(st.booleans() | hashes)),
                provenance=draw(st.none() | st.just("https://integrity.example.org/a?b=c&d")),
                gpg_sig=draw(st.none() | st.booleans()),
                extra={}
                if in_html
                else draw(st.dictionaries(st.sampled_from(["new", "newer"]), _RIGHT_VALUES, max_size=2)),
            )
        )
    status = draw(st.none() | st.sampled_from(["active", "archived"]))
    return ProjectDetail(
        name=PROJECT,
        files=tuple(files),
        versions=tuple(draw(st.lists(st.sampled_from(["1.0", "2.0.0b1", "odd"]), max_size=3, unique=True))),
        status=status,
        status_reason=draw(st.none() | TEXTS) if status else None,
        tracks=tuple(draw(st.lists(ABSOLUTE, max_size=2, unique=True))),
        alternate_locations=tuple(draw(st.lists(ABSOLUTE, max_size=2, unique=True))),
        extra={} if in_html else draw(st.dictionaries(st.sampled_from(["new", "newer"]), _RIGHT_VALUES, max_size=2)),
    )


def _other_than(file_hashes: dict[str, str], said: bool | dict[str, str]) -> bool | dict[str, str]:
    """No metadata can have the hash of its file, and what has no hash is just there."""
    return said if isinstance(said, bool) or (said and not said.items() <= file_hashes.items()) else True


_RIGHT_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def lists_in_json() -> st.SearchStrategy[bytes]:
    """Lists of projects."""
    names = st.sampled_from(["quick-fox", "Quick_Fox", "a", "zope.interface", "a" * 201, "a" * 200, "-a", "ſ", "K"])
    page = objects(
        meta=objects(api_version=st.sampled_from(["1.0", "2.0"])),
        projects=st.lists(mostly(objects(name=names)), max_size=4),
    )
    return page.map(lambda value: written(value).encode("utf-8", "surrogatepass"))


def documents() -> st.SearchStrategy[bytes]:
    """Documents of the legacy JSON API."""
    entry = objects(
        "_",
        filename=FILENAMES,
        url=ABSOLUTE,
        digests=HASHES,
        size=st.integers(0, 2**40),
        packagetype=st.just("sdist"),
        upload_time_iso_8601=TIMES,
        requires_python=TEXTS,
    )
    entries = st.lists(mostly(entry), max_size=2)
    info = objects(
        "_", name=st.just("Quick_Fox"), version=st.sampled_from(["1.0", "1.0.0", "odd"]), download_url=ABSOLUTE
    )
    page = objects(
        "_",
        info=info,
        last_serial=st.integers(0, 2**31),
        releases=st.dictionaries(st.sampled_from(["1.0", "", "odd", "\ud800"]), mostly(entries), max_size=2),
        urls=entries,
        vulnerabilities=st.lists(st.just({"id": "x"}), max_size=1),
        ownership=st.just({"roles": []}),
    )
    return page.map(lambda value: written(value).encode("utf-8", "surrogatepass"))
