"""Descriptions are anybody's text: what comes out of them is harmless, and loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from pyproxy.admin.projects.rendering import HTML_LIMIT, RenderedText, plain_text, render_text, sanitized

HARMLESS_TAGS = {
    *("a", "abbr", "acronym", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl"),
    *("dt", "em", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "section", "span", "strong", "sub"),
    *("summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "tt", "ul", "var"),
}
HARMLESS_ATTRIBUTES = {"href", "rel", "title", "id", "start", "align", "colspan", "rowspan", "class"}


class Elements(HTMLParser):
    """Every element with its attributes, as a browser finds them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag in HARMLESS_TAGS
        assert attributes.keys() <= HARMLESS_ATTRIBUTES
        assert re.match(r"(https?://|mailto:|#user-content-)", attributes.get("href", "https://x"))
        assert attributes.get("id", "user-content-").startswith("user-content-")
        assert re.fullmatch(r"[a-z][a-z0-9]{0,2}", attributes.get("class", "k"))


def markdown(text: str, variant: str = "GFM") -> str:
    rendered = render_text(text, "markdown", variant)
    assert not rendered.plain
    return rendered.html


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><animate onbegin=alert(1)>",
    "<iframe src=//evil.example></iframe><object data=x></object><embed src=x>",
    "<a href='javascript:alert(1)'>x</a> <a href=' jAvAsCrIpT&colon;alert(1)'>x</a> <a href='data:text/html,x'>x</a>",
    "[x](javascript:alert(1)) [y](vbscript:x) [z](data:text/html;base64,PHNjcmlwdD4=) <javascript:alert(1)>",
    "<form action=/admin/upstreams method=post><input name=x><button>ok</button></form>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<p style='position:fixed;inset:0' class='dialog' id='main' onclick=x>x</p>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base href=//evil.example>",
    "<a href='/admin/upstreams?remove=pypi'>x</a> [x](../../admin/) [y](//evil.example/x) [z](?x=1)",
    "<a href='http:/admin/accounts'>x</a> [x](http:../../admin/) [y](https:?x=1) ![z](http:/admin/)",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<picture><source srcset=//evil.example/x><img src=//evil.example/y></picture><video src=x poster=y></video>",
    "![x](https://evil.example/x.png 'onload=alert(1)') ![\"><script>](https://evil.example/a?\"><script>)",
    "```html\"onmouseover=alert(1)\n<script>alert(1)</script>\n```",
    "<a name=x id=location></a><img name=cookie id=cookie>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "\u202e\u2066hidden\u2069 \x00 &#0; &#x1f600;",
    "<div><p><table><tr><td><b><i><a href=https://x.example><div><p></a></table>",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("markup", ["markdown", "rst", "plain"])
def test_a_hostile_text_is_harmless(text: str, markup: str) -> None:
    for variant in ("GFM", "CommonMark"):
        assert_harmless(render_text(text, markup, variant).html)


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_from_a_renderer_is_harmless_too(html: str) -> None:
    assert_harmless(sanitized(html))


@pytest.mark.parametrize(
    "text",
    [
        ".. raw:: html\n\n   <script>alert(1)</script>\n",
        ".. include:: /etc/passwd\n",
        ".. csv-table:: x\n   :file: /etc/passwd\n",
        ".. role:: raw-html(raw)\n   :format: html\n\n:raw-html:`<script>alert(1)</script>`\n",
        "`x <javascript:alert(1)>`_ |y|\n\n.. |y| image:: javascript:alert(1)\n",
        ".. image:: https://evil.example/x.png\n   :target: javascript:alert(1)\n",
        ".. container:: dialog\n\n   x\n",
    ],
)
def test_restructured_text_can_neither_read_files_nor_write_html(text: str) -> None:
    rendered = render_text(text, "rst", "GFM")
    assert_harmless(rendered.html)
    assert "root:" not in rendered.html


def test_pictures_become_links_or_words() -> None:
    """Nothing loads from other hosts."""
    html = markdown("![a <chart>](https://x.example/y.png?z=1) [![build](https://b.example/s.svg)](https://ci.example)")
    rel = 'rel="nofollow noopener noreferrer"'
    assert f'<a href="https://x.example/y.png?z=1" {rel}>picture: a &lt;chart&gt;</a>' in html
    assert f'<a href="https://ci.example" {rel}>build</a>' in html
    assert "<img" not in html
    assert markdown("![logo](docs/logo.png)") == "<p>logo</p>\n"
    assert markdown("![](https://x.example/pic.png)").count("picture: pic.png") == 1


def test_headings_stand_below_those_of_the_page_and_links_lead_to_them() -> None:
    html = markdown("# Usage\n\n## More\n\n[to the top](#usage)")
    assert '<h3 id="user-content-usage">Usage</h3>' in html
    assert '<h4 id="user-content-more">More</h4>' in html
    assert 'href="#user-content-usage"' in html


def test_links_without_a_text_are_left_out() -> None:
    """A screen reader would read their address."""
    assert "<a" not in markdown("# Title\n\n<a href='https://x.example'><b> </b></a>")


def test_what_people_write_is_rendered() -> None:
    table, code = "| a | b |\n|---|--:|\n| 1 | 2 |", "```python\nprint(1)\n```"
    html = markdown(f"**bold** `code` <kbd>x</kbd>\n\n{table}\n\n{code}\n\n1. one")
    for part in ("<strong>bold</strong>", "<code>code</code>", "<kbd>x</kbd>", '<td align="right">2</td>', "<ol>"):
        assert part in html
    assert '<span class="nb">print</span>' in html
    rst = render_text("Title\n=====\n\n*some* ``code``\n\n- x\n", "rst", "GFM")
    assert "<h3>Title</h3>" in rst.html
    assert "<em>some</em>" in rst.html


def test_what_is_no_valid_markup_is_shown_as_it_is() -> None:
    text = "Title\n==\n\n.. nonsense::\n\n<b>&"
    assert render_text(text, "rst", "GFM") == plain_text(text)
    assert plain_text("<b>&\n") == RenderedText("<pre>&lt;b&gt;&amp;\n</pre>", plain=True)
    assert render_text("a\n<b>", "plain", "GFM").html == "<pre>a\n&lt;b&gt;</pre>"


def test_what_comes_out_too_long_is_shown_as_it_is() -> None:
    text = "me@example.org " * 2000
    assert len(sanitized(text)) < HTML_LIMIT
    assert render_text(text, "markdown", "GFM").plain


def test_an_unknown_variant_of_markdown_is_shown_as_it_is() -> None:
    assert render_text("*x*", "markdown", "MultiMarkdown").plain
    assert "<em>x</em>" in markdown("*x*", "CommonMark")
