"""Read a project page in HTML (PEP 503, 592, 629, 658, 708, 714, 740, 792), as indexes of every make write it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pyproxy.errors import EmptyIndexPage, NotAnIndexPage
from pyproxy.simple import parse_fields as fields
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.simple.names import is_distribution
from pyproxy.simple.parse_json import check_api_version

_META_CHARSET = re.compile(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_TEXT_ENCODING = re.compile(r"utf|ascii|iso8859|iso-8859|latin|cp125|windows-125|koi8|gb|big5|shift|euc|mac-")
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)([^<>]*)")
_DEPTH_LIMIT = 500
_NOT_NESTED = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track"),
        *("wbr", "a", "dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr"),
    }
)
"""Elements without a content, and those that the next of their kind closes: many pages leave their end tags out."""
_FOREIGN = ("svg", "math")

_LONGEST_BASE = 4096
"""Characters of a ``<base>`` that is believed: it becomes part of each link."""

_FILE_ATTRIBUTES = ("data-requires-python", "data-yanked", "data-core-metadata", "data-dist-info-metadata")

Attributes = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a page says about itself outside its links."""

    base: str
    metas: dict[str, list[str]]
    title: str

    @property
    def says_index(self) -> bool:
        return "pypi:repository-version" in self.metas or self.title.strip().lower().startswith("links for")

    def meta(self, name: str) -> str | None:
        return next((content for content in self.metas.get(name, ()) if content), None)


def parse_html(body: bytes, charset: str | None, url: str, project: NormalizedName) -> ProjectDetail:
    """Return the page that an upstream served at ``url``, its final address; ``charset`` is the header's.

    Raises ``EmptyIndexPage`` for an index page without any file, which several indexes send for every unknown name,
    and ``NotAnIndexPage`` for pages that are none (login pages, captive portals) or that cannot be understood.
    """
    text = _decode(body, charset)
    _refuse_deep_nesting(text)
    try:
        tree = LexborHTMLParser(text)
    except (SelectolaxError, ValueError) as error:
        raise NotAnIndexPage(f"the answer cannot be read as HTML: {error}") from error
    frame = _frame(tree, url)
    check_api_version(frame.meta("pypi:repository-version"))
    status = frame.meta("pypi:project-status")
    files, refused = _files(tree, frame.base)
    if not files:
        _explain_no_files(frame, refused, status)
    elif not frame.says_index and not _speaks_of(files, project):
        raise NotAnIndexPage("the answer is a web page whose links are not files of this project")
    return ProjectDetail(
        name=project,
        files=files,
        status=status,
        status_reason=frame.meta("pypi:project-status-reason") if status else None,
        tracks=fields.absolute_urls(frame.metas.get("pypi:tracks", ())),
        alternate_locations=fields.absolute_urls(frame.metas.get("pypi:alternate-locations", ())),
    )


def _refuse_deep_nesting(text: str) -> None:
    """HTML's parsing takes time by the square of the depth: half a megabyte of ``<div>`` would keep it for minutes."""
    opened: list[str] = []
    foreign = 0  # SVG and MathML, where everything nests, but "/>" ends an element
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if tag[1]:
            # Only the innermost: an end tag that fits no open element is ignored by the parser, too.
            if opened and opened[-1] == name:
                foreign -= opened.pop() in _FOREIGN
        elif tag[3].endswith("/") if foreign else name in _NOT_NESTED:
            continue
        else:
            opened.append(name)
            foreign += name in _FOREIGN
            if len(opened) > _DEPTH_LIMIT:
                raise NotAnIndexPage(f"the answer is a web page nested deeper than {_DEPTH_LIMIT} elements")


def _explain_no_files(frame: _Frame, refused: int, status: str | None) -> None:
    """Return only for a real project that has no files: one with a status of its own (PEP 792)."""
    if not frame.says_index:
        title = frame.title.strip()[:60]
        raise NotAnIndexPage(f"the answer is a web page without any file (its title is {title!r})")
    if refused:
        # Not "missing": the project is there, and the next index must not answer in its place.
        raise NotAnIndexPage(f"none of the page's {refused} links is a usable file")
    if status is None:
        raise EmptyIndexPage("the index page lists no file")


def _decode(body: bytes, charset: str | None) -> str:
    """By byte order mark, header, ``<meta charset>``, else UTF-8; what cannot be decoded is replaced."""
    if body.startswith(codecs.BOM_UTF8):
        return body.decode("utf-8-sig", "replace")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    declared = _META_CHARSET.search(body[:1024])
    for name in (charset, declared[1].decode() if declared else None):
        # Only encodings of text: Python also knows codecs (punycode, utf-7) that no web page may choose.
        if name and _TEXT_ENCODING.match(name.lower()) and name.lower() not in ("utf-7", "utf7", "utf_7"):
            try:
                return body.decode(name, "replace")
            except LookupError:
                continue
    return body.decode("utf-8", "replace")


def _frame(tree: LexborHTMLParser, url: str) -> _Frame:
    base = tree.css_first("base[href]")
    href = base.attributes.get("href") if base is not None else None
    metas: dict[str, list[str]] = {}
    for meta in tree.css("meta[name]"):
        attributes = meta.attributes
        name = (attributes.get("name") or "").strip().lower()
        metas.setdefault(name, []).append((attributes.get("content") or "").strip())
    title = tree.css_first("title")
    return _Frame(
        base=(fields.resolve(href, url) if href and len(href) <= _LONGEST_BASE else None) or url,
        metas=metas,
        title=title.text() if title is not None else "",
    )


def _files(tree: LexborHTMLParser, base: str) -> tuple[tuple[File, ...], int]:
    """The files the page links to, the first of each name, and how many links to files had to be refused."""
    files: dict[str, File] = {}
    refused = 0
    for anchor in tree.css("a[href]"):
        attributes: Attributes = anchor.attributes
        href = attributes["href"] or ""
        if not _is_file_link(href, attributes):
            continue
        file = _file(href, attributes, base)
        if file is None:
            refused += 1
        else:
            files.setdefault(file.filename, file)
    return tuple(files.values()), refused


def _is_file_link(href: str, attributes: Attributes) -> bool:
    """Whether an anchor means a file: it carries a hash or a file's attribute, or its path ends like a distribution."""
    bare, _, fragment = href.partition("#")
    if fragment and fields.hashes_of_fragment(fragment):
        return True
    if any(name in attributes for name in _FILE_ATTRIBUTES):
        return True
    return is_distribution(bare.partition("?")[0].rstrip())


def _file(href: str, attributes: Attributes, base: str) -> File | None:
    url = fields.resolve(href, base)
    filename = fields.listed_filename(fields.filename_of_url(url)) if url is not None else None
    if url is None or filename is None:
        return None
    hashes = fields.hashes_of_fragment(href.partition("#")[2].strip())
    yanked = (attributes["data-yanked"] or True) if "data-yanked" in attributes else False
    size = attributes.get("data-size") or ""
    return File(
        filename=filename,
        url=url,
        hashes=hashes,
        requires_python=fields.text_of(attributes.get("data-requires-python")),
        yanked=yanked,
        size=fields.size_of(int(size)) if size.isascii() and size.isdigit() and len(size) < 20 else None,
        upload_time=fields.upload_time_of(attributes.get("data-upload-time")),
        core_metadata=_core_metadata(attributes, hashes),
        provenance=fields.provenance_of(attributes.get("data-provenance")),
        gpg_sig={"true": True, "false": False}.get((attributes.get("data-gpg-sig") or "").lower()),
    )


def _core_metadata(attributes: Attributes, file_hashes: dict[str, str]) -> bool | dict[str, str]:
    """PEP 714's attribute before PEP 658's; a value that is neither a hash nor "true" is passed over."""
    for name in ("data-core-metadata", "data-dist-info-metadata"):
        if name in attributes:
            value = (attributes[name] or "true").strip()
            algorithm, equals, digest = value.partition("=")
            raw: object = {algorithm: digest} if equals else value.lower() == "true"
            return fields.core_metadata_of(raw, file_hashes)
    return False


def _speaks_of(files: tuple[File, ...], project: NormalizedName) -> bool:
    """Whether a page that does not call itself an index lists this project's files, not just a program to download."""
    return any(file.hashes or fields.belongs_to(file.filename, project) for file in files)
