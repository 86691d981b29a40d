"""The files that pages load: few and small, and asked for once."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from pyproxy.app.templates import resource_directory
from pyproxy.handlers.static import StaticFiles
from tests.http.conftest import StartProxy

ALL_TOGETHER = 150_000
"""Bytes that they may have, compressed."""

SCRIPT = 4096
"""Bytes that one of our own scripts may have, uncompressed; what others wrote has its licence in its head."""

STATIC = resource_directory("static")
TEMPLATES = resource_directory("templates")


def files() -> list[Path]:
    return [path for path in STATIC.iterdir() if path.is_file() and path.suffix != ".py"]


def test_all_of_them_together_are_small() -> None:
    assert sum(len(gzip.compress(path.read_bytes())) for path in files()) < ALL_TOGETHER


def test_each_script_of_ours_is_small_and_says_why_it_is_there() -> None:
    ours = [path for path in files() if path.suffix == ".js" and not path.name.endswith(".min.js")]
    assert ours
    for path in ours:
        assert path.stat().st_size < SCRIPT, path.name
        assert path.read_text(encoding="utf-8").startswith("// "), path.name


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_names_static_files_by_their_content_and_no_others(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "static/" not in text
    for name in re.findall(r'asset\("([^"]+)"\)', text):
        assert (STATIC / name).is_file()


async def test_a_file_is_kept_for_ever_at_its_own_address_and_not_at_another(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    for path in files():
        right = await proxy.get(f"/{StaticFiles(STATIC).address(path.name)}")
        assert right.body == path.read_bytes()
        assert "immutable" in right.headers["Cache-Control"]
        old = await proxy.get(f"/static/{path.name}?v=an-older-one")
        assert "immutable" not in old.headers["Cache-Control"]


def test_another_content_is_another_address(tmp_path: Path) -> None:
    addresses = set()
    for text in ("a { color: red }", "a { color: blue }"):
        (tmp_path / "page.css").write_text(text, encoding="utf-8")
        addresses.add(StaticFiles(tmp_path).address("page.css"))
    assert len(addresses) == 2
