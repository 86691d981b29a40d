"""Descriptions as HTML that may stand in a page of ours, whatever they contain.

Rendered and sanitised by ``readme_renderer``, as indexes do; then pictures become links to them, for nothing may load
from other hosts, and headings go below those of the page; then sanitised again by what our pages allow. Pure: to be run
in another process, because a hostile text may take for ever, or more memory than there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

HTML_LIMIT = 150_000
"""Characters; what comes out longer is shown as plain text."""

ID_PREFIX = "user-content-"

_TAGS = {
    *("a", "abbr", "acronym", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl"),
    *("dt", "em", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "section", "span", "strong", "sub"),
    *("summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "tt", "ul", "var"),
}
_ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "acronym": {"title"},
    "ol": {"start"},
    "span": {"class"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
}
_HIGHLIGHTING = re.compile(r"[a-z][a-z0-9]{0,2}")
"""A class of highlighted code, as Pygments has them."""

_VOID = {"br", "hr", "img", "col", "input", "wbr"}
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6"}


@dataclass(frozen=True, slots=True)
class RenderedText:
    """HTML for a page; ``plain``: the text as it is, because it could not be rendered, or is no markup."""

    html: str
    plain: bool


def render_text(text: str, markup: str, variant: str) -> RenderedText:
    """The text in one of the markups of `Description`, as HTML."""
    html = _rendered(text, markup, variant)
    if html is not None:
        html = sanitized(html)
        if html.strip() and len(html) <= HTML_LIMIT:
            return RenderedText(html, plain=False)
    return plain_text(text)


def plain_text(text: str) -> RenderedText:
    """The text as it is."""
    return RenderedText(f"<pre>{escape(text)}</pre>", plain=True)


def sanitized(html: str) -> str:
    """What is left of some HTML when everything has gone that our pages do not allow."""
    import nh3  # late, as below: only the process that renders needs it

    rewriter = _Rewriter()
    rewriter.feed(html)
    rewriter.close()
    return nh3.clean(
        "".join(rewriter.pieces),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        link_rel="nofollow noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
    )


def _rendered(text: str, markup: str, variant: str) -> str | None:
    """HTML that indexes would show; ``None`` for text that is no markup, or a mistaken one."""
    from readme_renderer import markdown, rst

    if markup == "markdown":
        return markdown.render(text, variant=variant)
    return rst.render(text) if markup == "rst" else None


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    """An attribute's value as it may stand: no anchors of ours, no links into our own pages."""
    if attribute == "id":
        return value if value.startswith(ID_PREFIX) else None
    if attribute == "href":
        return value if value.startswith(f"#{ID_PREFIX}") or _scheme(value) in ("http", "https", "mailto") else None
    if attribute == "class":
        return value if _HIGHLIGHTING.fullmatch(value) else None
    return value


def _scheme(url: str) -> str:
    """The scheme of an address that leads out of here: browsers read ``http:/admin/`` as an address of this server."""
    try:
        parts = urlsplit(url)
        return parts.scheme if parts.scheme == "mailto" or parts.hostname else ""
    except ValueError:
        return ""


class _Rewriter(HTMLParser):
    """Writes well-formed HTML again, with links for pictures and lower headings, and without links that say nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._link: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self._picture({name: value or "" for name, value in attrs})
            return
        if tag == "a":
            self._link = len(self.pieces)
        written = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs)
        self.pieces.append(f"<{_HEADINGS.get(tag, tag)}{written}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        self.pieces.append(f"</{_HEADINGS.get(tag, tag)}>")
        if tag == "a" and self._link is not None:
            if not any(piece.strip() and not piece.startswith("<") for piece in self.pieces[self._link :]):
                del self.pieces[self._link :]
            self._link = None

    def handle_data(self, data: str) -> None:
        self.pieces.append(escape(data))

    def _picture(self, attributes: dict[str, str]) -> None:
        source = attributes.get("src", "")
        name = attributes.get("alt", "").strip() or source.rpartition("/")[2].partition("?")[0] or "picture"
        if self._link is not None or _scheme(source) not in ("http", "https"):
            self.pieces.append(escape(name))
        else:
            self.pieces.append(f'<a href="{escape(source)}">picture: {escape(name)}</a>')
