"""The rules for single fields, shared by the JSON and the HTML parser.

Each function takes what an upstream wrote, whatever it is, and returns a valid value or "nothing known": clients
reject a whole page for one ``null`` or malformed value (uv for ``size``, ``upload-time`` and ``yanked``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin

import msgspec

from pyproxy.errors import InvalidFilename
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX, check_filename, is_metadata

HASH_HEX_LENGTHS = {
    "md5": 32,
    "sha1": 40,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "sha3_224": 56,
    "sha3_256": 64,
    "sha3_384": 96,
    "sha3_512": 128,
    "blake2b": 128,
    "blake2s": 64,
}
"""hashlib's names (an unknown one is fatal in pip) and the length of their values."""

_MAX_DEPTH = 32
_MAX_SIZE = 2**63 - 1
_HEX = re.compile(r"[0-9a-f]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLACE = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
# Tried for every file of every page: with the scheme's cases spelt out and the usual form first it takes a third of the
# time that re.IGNORECASE takes (and that would take U+017F for an s).
_HTTP_URL = re.compile(
    rf"[Hh][Tt][Tt][Pp][Ss]?://(?:{_PLACE}|[!-.0-;=A-Z_a-z~%]*@{_PLACE})(?:[/?][!-\[\]-~]*)?"
)
_USUAL_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?/[!\"$-\[\]-~]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAIN_LINK = re.compile(r"(/|(?:\.\./)*)((?:[A-Za-z0-9_~+%-][A-Za-z0-9_.~+%-]*/)*[A-Za-z0-9_~+%-][A-Za-z0-9_.~+%-]*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_USUAL_UPLOAD_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_UPLOAD_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*(?:[Zz]|[+-]00:?00|([+-]\d\d):?(\d\d))", re.ASCII
)
_URL_SAFE = "!$%&'()*+,/:;=?@[]~-._"


def hashes_of(raw: object) -> dict[str, str]:
    """The usable part of a hash mapping: hashlib names, lower-case hex of the right length."""
    if not isinstance(raw, dict):
        return {}
    if len(raw) == 1 and isinstance(usual := raw.get("sha256"), str) and _SHA256.fullmatch(usual):
        return {"sha256": usual}
    found: dict[str, str] = {}
    for name, value in raw.items():
        if isinstance(name, str) and isinstance(value, str):
            algorithm, digest = name.lower(), value.lower()
            if len(digest) == HASH_HEX_LENGTHS.get(algorithm) and _HEX.fullmatch(digest):
                found[algorithm] = digest
    return found


def hashes_of_fragment(fragment: str) -> dict[str, str]:
    """The hashes in a URL's fragment (``sha256=…``, PEP 503); ``egg=`` and the like are passed over."""
    if fragment.startswith("sha256=") and _SHA256.fullmatch(fragment, 7):
        return {"sha256": fragment[7:]}
    pairs = (pair.partition("=") for pair in fragment.split("&"))
    return hashes_of({name: value for name, _, value in pairs})


def core_metadata_of(raw: object, file_hashes: dict[str, str]) -> bool | dict[str, str]:
    """The JSON value of ``core-metadata`` (PEP 714); a mapping without a usable hash still says "present".

    A hash that equals the file's own is a known fault of some indexes: no metadata can have it.
    """
    if not isinstance(raw, dict):
        return raw is True
    found = hashes_of(raw)
    if found and found.items() <= file_hashes.items():
        return True
    return found or True


def size_of(raw: object) -> int | None:
    """A size in bytes."""
    return raw if type(raw) is int and 0 <= raw <= _MAX_SIZE else None


def upload_time_of(raw: object) -> str | None:
    """An upload time (PEP 700: ISO 8601 in UTC), verbatim unless it is spelt otherwise or in another zone.

    One without an offset is dropped: guessing would move it by hours, and clients refuse it.
    """
    if not isinstance(raw, str):
        return None
    if _USUAL_UPLOAD_TIME.fullmatch(raw):
        return raw if _is_a_time(raw) else None
    found = _UPLOAD_TIME.fullmatch(raw)
    if found is None:
        return None
    date, time, hours, minutes = found.groups()
    try:
        given = datetime.fromisoformat(f"{date}T{time}" + (f"{hours}:{minutes}" if hours else ""))
        if hours:
            return given.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError):
        return None
    return f"{date}T{time}Z"


def _is_a_time(raw: str) -> bool:
    try:
        datetime.fromisoformat(raw)
    except ValueError:
        return False
    return True


def text_of(raw: object) -> str | None:
    """A non-empty string."""
    return raw if isinstance(raw, str) and raw else None


def provenance_of(raw: object) -> str | None:
    """The provenance URL, which must be absolute https (PEP 740)."""
    return raw if isinstance(raw, str) and raw[:8].lower() == "https://" and _HTTP_URL.fullmatch(raw) else None


def absolute_urls(raw: object) -> tuple[str, ...]:
    """The absolute http(s) URLs of a list (PEP 708 ``tracks``, ``alternate-locations``)."""
    if not isinstance(raw, Iterable) or isinstance(raw, str | dict):
        return ()
    return tuple(url for url in raw if isinstance(url, str) and _HTTP_URL.fullmatch(url))


def listed_filename(raw: object) -> str | None:
    """A filename as a page lists it, or ``None`` if no file may be listed so.

    Names with percent signs are checked decoded as well, since somebody down the line will decode them. A metadata
    sidecar is no file of its own: its URL belongs to PEP 658.
    """
    if not isinstance(raw, str) or (raw.endswith(METADATA_SUFFIX) and is_metadata(raw)):
        return None
    try:
        check_filename(raw)
        if "%" in raw:
            check_filename(unquote_to_bytes(raw).decode("utf-8", "replace"))
    except (InvalidFilename, UnicodeEncodeError):
        return None
    return raw


def filename_of_url(url: str) -> str:
    """The last path segment, percent-decoded; empty if there is none or it is not UTF-8."""
    path = url.partition("#")[0].partition("?")[0].partition("://")[2]
    _, slash, segment = path.rpartition("/")
    if not slash or "%" not in segment:
        return segment if slash else ""
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return ""


def resolve(href: str, base: str) -> str | None:
    """The absolute http(s) URL of a link without its fragment, or ``None`` for any other link.

    An absolute URL stays verbatim; characters that no URL may hold are percent-encoded, as browsers do.
    """
    if _USUAL_URL.fullmatch(href):
        return href
    bare = href.partition("#")[0]
    if _HTTP_URL.fullmatch(bare):
        return bare
    plain = _PLAIN_LINK.fullmatch(bare)
    if plain is not None:
        url = _folder(base, plain[1]) + plain[2]
        return url if _HTTP_URL.fullmatch(url) else None
    # The URL standard removes these before parsing, and pages with indented attributes rely on it.
    bare = bare.strip(" \t\r\n\f").replace("\t", "").replace("\r", "").replace("\n", "")
    if not bare or _CONTROL.search(bare):
        return None
    try:
        url = quote(bare, safe=_URL_SAFE)
        # A link with a scheme of its own is not joined: that would mend what is no URL ("https:///x").
        url = url if _SCHEME.match(url) else urljoin(base, url)
    except ValueError:
        return None
    return url if _HTTP_URL.fullmatch(url) else None


@lru_cache(maxsize=16)
def _folder(base: str, way: str) -> str:
    """Where a link without dots further on begins: all links of a page go the same way, and joining each is slow."""
    return urljoin(base, way or "./")


def host_of(url: str) -> str:
    """``host`` or ``host:port`` of an absolute URL, in lower case."""
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
    return authority.rpartition("@")[2].lower()


def public_extra(raw: dict[str, Any], known: frozenset[str], hosts: Iterable[str]) -> dict[str, Any]:
    """The unknown keys of an object that may be passed through.

    Keys that begin with ``_`` are private to the upstream (PEP 691). A value that names one of ``hosts`` would lead
    clients around this proxy, and one that cannot be written as JSON again cannot be stored.
    """
    unknown = raw.keys() - known
    if not unknown:
        return {}
    marks = tuple(f"//{host}".encode() for host in hosts)
    extra = {}
    for key in sorted(unknown):
        if not key.startswith("_") and _may_pass(raw[key], marks):
            extra[key] = raw[key]
    return extra


def belongs_to(filename: str, project: NormalizedName) -> bool:
    """Whether a filename begins with the project's name, however it is spelt."""
    head = re.sub(r"[-_.]+", "-", filename[: 2 * len(project) + 2]).lower()
    return head.startswith(f"{project}-")


def _may_pass(value: Any, marks: tuple[bytes, ...]) -> bool:
    try:
        encoded = msgspec.json.encode(value).lower()
    except (OverflowError, RecursionError, ValueError):
        return False
    return _nested_within(_MAX_DEPTH, value) and not any(mark in encoded for mark in marks)


def _nested_within(levels: int, value: Any) -> bool:
    """Whether a value is no deeper than ``levels``: the stored page nests it further, and reading it back recurses."""
    if isinstance(value, dict):
        value = list(value.values())
    return not isinstance(value, list) or (levels > 0 and all(_nested_within(levels - 1, item) for item in value))
