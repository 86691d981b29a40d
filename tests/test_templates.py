"""The pages for people: that they escape, and need no JavaScript; ``tests/http/test_home.py`` reads the front page."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

from pyproxy.app.templates import make_templates
from pyproxy.handlers.static import StaticFiles

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def templates() -> jinja2.Environment:
    """As the server has them."""
    return make_templates(StaticFiles(ROOT / "static"))


def test_an_error_page_says_status_title_and_detail_and_escapes_them(templates: jinja2.Environment) -> None:
    context = {"status": 502, "title": "<i>down</i>", "detail": '"demo" & others', "root": "../"}
    page = templates.get_template("error.html").render(context)
    assert "502" in page
    assert "<h1>&lt;i&gt;down&lt;/i&gt;</h1>" in page
    assert "&#34;demo&#34; &amp; others" in page


def test_an_error_page_needs_no_javascript_and_nobody_elses_files(templates: jinja2.Environment) -> None:
    page = templates.get_template("error.html").render(status=404, title="t", detail="d", root="../../")
    assert "<script" not in page
    linked = re.findall(r'<(?:link|img)[^>]* (?:href|src)="([^"]+)"', page)
    assert linked
    assert all((ROOT / link.removeprefix("../../").partition("?")[0]).is_file() for link in linked)


def test_no_template_has_styles_or_scripts_of_its_own() -> None:
    """A Content-Security-Policy can then forbid them; scripts are files that pages also do without."""
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text), path
        scripts = re.findall(r"<script.*?</script>", text)
        own = re.compile(r'<script src="\{\{ root \}\}\{\{ asset\("[a-z.-]+"\) \}\}" defer></script>')
        assert all(own.fullmatch(script) for script in scripts), path
