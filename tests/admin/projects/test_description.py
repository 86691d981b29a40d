"""What a release says of itself is read from its metadata or its index's document, bounded and made sound."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from pyproxy.admin.projects.description import TEXT_LIMIT, Description, describe_distribution, describe_document
from pyproxy.simple.legacy_json.document import LegacyDocument, encode
from pyproxy.simple.model import NormalizedName
from tests.distributions import make_sdist, make_wheel

DEMO = NormalizedName("demo")


def of_wheel(directory: Path, metadata: str, name: str = "demo") -> Description | None:
    filename, content, _ = make_wheel(name, "1.0", metadata_extra=metadata)
    (directory / "stored").write_bytes(content)
    return describe_distribution(directory / "stored", filename, DEMO)


def of_document(**info: Any) -> Description | None:
    document = LegacyDocument(info={"name": "demo", "version": "2.0", **info})
    return describe_document(zlib.compress(encode(document)), "pypi", DEMO)


def test_a_wheel_says_it_in_its_metadata(tmp_path: Path) -> None:
    described = of_wheel(
        tmp_path,
        "Summary: What it is for\nHome-page: https://demo.example.org/\nLicense-Expression: MIT\n"
        "Project-URL: Source, https://src.example.org/\nDescription-Content-Type: text/markdown; variant=CommonMark\n"
        "\n# Demo\n\nIt demonstrates: ü.\n",
    )
    assert described == Description(
        source="demo-1.0-py3-none-any.whl",
        version="1.0",
        summary="What it is for",
        license="MIT",
        links=(("Homepage", "https://demo.example.org/"), ("Source", "https://src.example.org/")),
        text="# Demo\n\nIt demonstrates: ü.\n",
        content_type="text/markdown",
        variant="CommonMark",
    )
    assert described.markup == "markdown"


def test_a_metadata_file_and_a_source_distribution_say_it_too(tmp_path: Path) -> None:
    _, _, metadata = make_wheel("demo", "1.0", metadata_extra="Summary: short\n\nlong\n")
    (tmp_path / "sidecar").write_bytes(metadata)
    described = describe_distribution(tmp_path / "sidecar", "demo-1.0-py3-none-any.whl.metadata", DEMO)
    assert described is not None
    assert (described.summary, described.text, described.markup) == ("short", "long\n", "rst")

    filename, content = make_sdist("demo", "1.0")
    (tmp_path / "sdist").write_bytes(content)
    described = describe_distribution(tmp_path / "sdist", filename, DEMO)
    assert described is not None
    assert (described.version, described.text) == ("1.0", "")


def test_a_document_says_it_in_its_info() -> None:
    described = of_document(
        summary="short", description="*long*", description_content_type="text/markdown", license="BSD\nlong text",
        home_page=None, project_urls={"Docs": "https://docs.example.org/", "Mail": "mailto:x@example.org"},
    )  # fmt: skip
    assert described == Description(
        source="pypi", version="2.0", summary="short", license="BSD", links=(("Docs", "https://docs.example.org/"),),
        text="*long*", content_type="text/markdown",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "content_type"),
    [
        (None, "text/x-rst"),
        ("", "text/x-rst"),
        ("text/markdown", "text/markdown"),
        ("TEXT/Markdown; charset=UTF-8", "text/markdown"),
        ("text/x-rst", "text/x-rst"),
        ("text/html", "text/plain"),
        ("nonsense", "text/plain"),
        ("text/markdown\r\nX: y", "text/plain"),
        (";;;", "text/plain"),
    ],
)
def test_the_content_type_decides_how_it_is_shown(given: str | None, content_type: str) -> None:
    described = of_document(description="x", description_content_type=given)
    assert described is not None
    assert described.content_type == content_type


@pytest.mark.parametrize("metadata", ["", "\n\nUNKNOWN\n", "Description: UNKNOWN\n"])
def test_no_description_is_no_text(tmp_path: Path, metadata: str) -> None:
    described = of_wheel(tmp_path, metadata)
    assert described is not None
    assert described.text == ""


def test_another_projects_metadata_says_nothing(tmp_path: Path) -> None:
    assert of_wheel(tmp_path, "", name="other") is None
    assert of_document(name="other") is None
    assert of_document(name=7) is None
    assert of_document(name="../../etc") is None


@pytest.mark.parametrize("filename", ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "demo-1.0.zip"])
def test_what_cannot_be_read_says_nothing(tmp_path: Path, filename: str) -> None:
    (tmp_path / "stored").write_bytes(b"no archive")
    assert describe_distribution(tmp_path / "stored", filename, DEMO) is None
    assert describe_distribution(tmp_path / "gone", filename, DEMO) is None


def test_a_long_text_is_cut_at_the_end_of_a_line() -> None:
    described = of_document(description="a line of text\n" * 10_000)
    assert described is not None
    assert described.cut
    assert TEXT_LIMIT - 20 < len(described.text) <= TEXT_LIMIT
    assert described.text.endswith("a line of text")
    one_line = of_document(description="x" * 100_000)
    assert one_line is not None
    assert len(one_line.text) == TEXT_LIMIT


def test_hostile_values_are_left_out_or_made_sound() -> None:
    described = of_document(
        version=["1.0"], summary="two\nlines\x00\x1b[31m", license={"x": "y"}, description=5,
        project_urls={
            "Evil": "javascript:alert(1)", "Data": "data:text/html,x", "None": None, "List": [], "Bad": "http://[::1",
            "Long": "https://x.example/" + "y" * 5000, "Good": "HTTPS://x.example/", "No host": "https:///x",
            **{f"n{number}": f"https://x.example/{number}" for number in range(100)},
        },
        home_page=["x"],
    )  # fmt: skip
    assert described is not None
    assert (described.version, described.summary, described.license, described.text) == (None, "two", None, "")
    assert described.links[0] == ("Good", "HTTPS://x.example/")
    assert len(described.links) == 12
    assert of_document(project_urls="https://x.example/", description_content_type=["x"]) is not None


def test_millions_of_header_lines_cost_little(tmp_path: Path) -> None:
    described = of_wheel(tmp_path, "X: y\n" * 1_000_000)
    assert described is not None
    assert described.text == ""
