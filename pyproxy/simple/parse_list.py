"""Read an index's list of projects (PEP 503 and PEP 691, "Project List"), tolerant in the entries, strict in the frame.

A public index lists 700,000 names in 30 MB, so nothing here builds a tree of the document: JSON is decoded straight
into names, and HTML is read anchor by anchor. Whatever Content-Type came with it, a body that begins with ``{`` is
JSON, and no HTML does.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

import msgspec

from pyproxy.errors import InvalidProjectName, NotAnIndexPage
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize
from pyproxy.simple.parse_json import check_api_version

ListedNames = dict[NormalizedName, str]
"""The normalised names, sorted, each with its spelling in the list."""


class _Meta(msgspec.Struct, gc=False, rename="kebab"):
    api_version: object = None


class _Entry(msgspec.Struct, gc=False):
    name: str


class _List(msgspec.Struct):
    projects: list[_Entry]
    meta: _Meta = msgspec.field(default_factory=_Meta)


# What follows an unclosed comment or an unclosed tag belongs to it, as in a browser; and all repetitions are bounded,
# so that no page takes time by the square of its length.
_TOKEN = re.compile(
    r"<!--(?:.*?-->|.*\Z)"
    r"|<(?:script|style)\b(?:.*?</(?:script|style)\b|.*\Z)"
    r"|<a\s(?P<attributes>(?:[^<>\"']|\"[^\"]{0,4096}\"|'[^']{0,4096}'){0,200})>(?P<text>[^<]{0,400})<",
    re.IGNORECASE | re.DOTALL,
)
_HREF = re.compile(r"(?:^|\s)href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,400})", re.IGNORECASE)
_VERSION = re.compile(r"<meta\s[^>]{0,200}pypi:repository-version[^>]{0,200}>", re.IGNORECASE)
_CONTENT = re.compile(r"content\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_INDEX_TITLE = re.compile(r"\b(?:index|simple|links|packages|projects)\b", re.IGNORECASE)
_HEAD = 64 * 1024


def parse_project_list(body: bytes) -> ListedNames:
    """The projects that ``body`` lists. An entry that is no project name is passed over.

    Raises `NotAnIndexPage` for what is no list of projects; its message is a clause about "the answer".
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    start = body[:1024].lstrip()
    if not start:
        raise NotAnIndexPage("the answer is empty")
    listed = _in_json(body) if start[:1] == b"{" else _in_html(body.decode("utf-8", "replace"))
    names: ListedNames = {}
    for name in listed:
        try:
            names.setdefault(normalize(name), name)
        except InvalidProjectName:
            continue
    return dict(sorted(names.items()))


def _in_json(body: bytes) -> Iterable[str]:
    try:
        page = msgspec.json.decode(body, type=_List)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _in_odd_json(body)
    check_api_version(page.meta.api_version)
    return (entry.name for entry in page.projects)


def _in_odd_json(body: bytes) -> Iterable[str]:
    """The same where something is not as PEP 691 wants it: one bad entry must not cost the list."""
    try:
        page = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise NotAnIndexPage(f"the answer is no valid JSON: {error}") from error
    if not isinstance(page.get("projects"), list):
        raise NotAnIndexPage("the answer is JSON, but no list of projects")
    meta = page.get("meta")
    check_api_version(meta.get("api-version") if isinstance(meta, dict) else None)
    names = (entry.get("name") if isinstance(entry, dict) else None for entry in page["projects"])
    return [name for name in names if isinstance(name, str)]


def _in_html(text: str) -> Iterable[str]:
    head = text[:_HEAD]
    version, title = _VERSION.search(head), _TITLE.search(head)
    if version is not None and (content := _CONTENT.search(version[0])):
        check_api_version(content[1])
    anchors = list(_anchors(text))
    names = [name for href, words in anchors if (name := _name(href, words)) is not None]
    if version is None:
        # A login page has links, too: it has a title that speaks of something else, or links that name nothing.
        says = _INDEX_TITLE.search(title[1]) is not None if title is not None else bool(names) == bool(anchors)
        if not says or (not names and title is None):
            shown = title[1].strip()[:60] if title is not None else ""
            raise NotAnIndexPage(f"the answer is a web page, and no list of projects (its title is {shown!r})")
    return names


def _anchors(text: str) -> Iterator[tuple[str, str]]:
    for token in _TOKEN.finditer(text):
        attributes = token["attributes"]
        href = _HREF.search(attributes) if attributes is not None else None
        if href is not None:
            raw = href[1] or href[2] or href[3] or ""
            words = token["text"]
            # Names hold nothing that needs decoding; a look saves most of the time.
            yield (html.unescape(raw), html.unescape(words)) if "&" in raw or "&" in words else (raw, words)


def _name(href: str, words: str) -> str | None:
    """The project that an anchor means: its text, if its link leads to the same (PEP 503).

    Listings of directories cut long texts short (``a-very-long-na..>``); then the link says it.
    """
    segment = href.partition("#")[0].partition("?")[0].rstrip("/").rpartition("/")[2]
    linked, written = unquote(segment), words.strip().rstrip("/")
    if linked == written:
        return linked
    if written.endswith("..>") and linked.startswith(written[:-3]):
        return linked
    try:
        return written if normalize(linked) == normalize(written) else None
    except InvalidProjectName:
        return None
