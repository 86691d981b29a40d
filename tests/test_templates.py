"""The pages for people: what they say, that they escape, and that they need no JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def templates() -> jinja2.Environment:
    """As the server has them."""
    loader = jinja2.FileSystemLoader(ROOT / "templates")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)


def text_blocks(page: str) -> list[str]:
    """What a person copies: the blocks of the page as plain text."""
    return [block.replace("&#34;", '"') for block in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]


def test_the_front_page_has_lines_to_copy_with_this_servers_address(templates: jinja2.Environment) -> None:
    """(pain 36)"""
    page = templates.get_template("home.html").render(address="https://pypi.example.org/team")
    blocks = text_blocks(page)
    assert "https://pypi.example.org/team/simple/" in blocks
    assert "pip install --index-url https://pypi.example.org/team/simple/ requests" in blocks
    assert "[global]\nindex-url = https://pypi.example.org/team/simple/" in blocks
    assert '[[index]]\nurl = "https://pypi.example.org/team/simple/"\ndefault = true' in blocks
    assert all("https://pypi.example.org/team/simple/" in block for block in blocks)


def test_plain_http_needs_pips_trusted_host(templates: jinja2.Environment) -> None:
    blocks = text_blocks(templates.get_template("home.html").render(address="http://[::1]:8080"))
    assert "[global]\nindex-url = http://[::1]:8080/simple/\ntrusted-host = [::1]:8080" in blocks
    assert "pip install --index-url http://[::1]:8080/simple/ --trusted-host [::1]:8080 requests" in blocks


def test_a_docker_block_is_one_instruction(templates: jinja2.Environment) -> None:
    page = templates.get_template("home.html").render(address="http://pypi.example.org:8080")
    (block,) = [block for block in text_blocks(page) if block.startswith("ENV")]
    *continued, last = block.splitlines()
    assert len(continued) == 2
    assert all(line.endswith(" \\") for line in continued)
    assert not last.endswith("\\")


def test_an_error_page_says_status_title_and_detail_and_escapes_them(templates: jinja2.Environment) -> None:
    page = templates.get_template("error.html").render(status=502, title="<i>down</i>", detail='"demo" & others')
    assert "502" in page
    assert "<h1>&lt;i&gt;down&lt;/i&gt;</h1>" in page
    assert "&#34;demo&#34; &amp; others" in page


@pytest.mark.parametrize(
    ("template", "context"),
    [("home.html", {"address": "http://127.0.0.1:8080"}), ("error.html", {"status": 404, "title": "t", "detail": "d"})],
)
def test_a_page_needs_no_javascript_and_nobody_elses_files(
    template: str, context: dict[str, object], templates: jinja2.Environment
) -> None:
    page = templates.get_template(template).render(**context)
    assert "<script" not in page
    linked = re.findall(r'<(?:link|img)[^>]* (?:href|src)="([^"]+)"', page)
    assert linked
    assert all((ROOT / "static" / link.removeprefix("/").removeprefix("static/")).is_file() for link in linked)
