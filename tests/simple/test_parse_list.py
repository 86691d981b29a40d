"""Lists of projects as indexes of every make write them."""

from __future__ import annotations

import json

import pytest

from pyproxy.errors import NotAnIndexPage
from pyproxy.simple.parse_list import parse_project_list

HEAD = "<!DOCTYPE html><html><head><title>Simple index</title></head><body>\n"


def read(text: str) -> dict[str, str]:
    return dict(parse_project_list(text.encode()))


def test_json_names_are_kept_as_listed_under_their_normalised_spelling() -> None:
    """(check 33)"""
    page = {
        "meta": {"api-version": "1.4", "_last-serial": 42},
        "projects": [{"name": "Zope.Interface", "_last-serial": 1}, {"name": "alpha"}],
    }
    assert list(read(json.dumps(page)).items()) == [("alpha", "alpha"), ("zope-interface", "Zope.Interface")]


@pytest.mark.parametrize("listed", [[], [{"name": "a"}], [{"name": "b"}, {"name": "a"}, {"name": "A"}]])
def test_names_come_once_and_sorted(listed: list[dict[str, str]]) -> None:
    names = list(read(json.dumps({"meta": {}, "projects": listed})))
    assert names == sorted({entry["name"].lower() for entry in listed})


@pytest.mark.parametrize(
    "bad", [None, 7, {}, {"name": None}, {"name": "-"}, {"name": "<script>"}, {"name": "gr\xfcn"}, []]
)
def test_one_bad_entry_costs_itself_alone(bad: object) -> None:
    assert list(read(json.dumps({"projects": [{"name": "demo"}, bad, {"name": "other"}]}))) == ["demo", "other"]


def test_a_stray_byte_costs_no_other_name() -> None:
    body = b'{"projects": [{"name": "demo"}, {"name": "b\xffd"}]}'
    assert list(parse_project_list(body)) == ["demo"]


@pytest.mark.parametrize(
    "anchor",
    [
        '<a href="my-demo/">My.Demo</a>',
        '<a href="/simple/my-demo/">My.Demo</a><br/>',
        "<a href='/root/pypi/+simple/My_Demo'>My.Demo</a>",
        "<A HREF=https://example.org/simple/my.demo/ >My.Demo</A>",
        '<a class="x" data-y=">" href="my%2Ddemo/#x">\n  My.Demo\n</a>',
        '<a href="my-demo/?a=1&amp;b=2">My&#46;Demo</a>',
    ],
)
def test_an_anchors_text_is_the_name_where_its_link_agrees(anchor: str) -> None:
    assert read(f"{HEAD}{anchor}</body></html>") == {"my-demo": "My.Demo"}


def test_a_directory_listings_short_texts_and_other_links_do_no_harm() -> None:
    long = "a-" * 30 + "name"
    page = f"""<html><head><title>Index of /simple/</title></head><body><a href="../">../</a>
    <a href="demo/">demo/</a> <a href="{long}/">{long[:47]}..&gt;</a> <a href="?C=M;O=A">Last modified</a></body>"""
    assert list(read(page)) == [long, "demo"]


def test_comments_and_scripts_list_nothing() -> None:
    page = f"""{HEAD}<!-- <a href="one/">one</a> --><script>'<a href="two/">two</a>'</script>
    <a href="demo/">demo</a><!-- <a href="three/">three</a>"""
    assert list(read(page)) == ["demo"]


def test_a_list_without_a_title_is_one_if_all_its_links_are() -> None:
    assert list(read('<!DOCTYPE html><html><body><a href="torch/">torch</a></body></html>')) == ["torch"]


def test_an_empty_index_is_an_empty_list() -> None:
    assert read(f"{HEAD}</body></html>") == {}
    assert read('{"meta": {"api-version": "1.0"}, "projects": []}') == {}


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n",
        "{",
        '{"projects": {"name": "demo"}}',
        '{"files": [], "name": "demo"}',
        '{"meta": {"api-version": "2.0"}, "projects": [{"name": "demo"}]}',
        '{"meta": {"api-version": "2.0"}, "projects": [{"name": "demo"}, 1]}',
        "not found",
        "<!DOCTYPE html><html><title>Welcome</title><body><a href='/login'>Login</a></body></html>",
        "<!DOCTYPE html><html><title>Welcome</title><body></body></html>",
        "<html><body><a href='/login'>Log in here</a></body></html>",
        '<html><head><meta name="pypi:repository-version" content="2.0"></head><a href="demo/">demo</a></html>',
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_what_is_no_list_is_refused(body: str) -> None:
    """A portal's page must not become the list of all projects."""
    with pytest.raises(NotAnIndexPage):
        read(body)


@pytest.mark.parametrize("piece", ["<a ", '<a "', "<a '", "<!--", "<script>", '<a href="x', "<a a=1 ", "<a x><"])
def test_hostile_html_is_read_in_time_that_grows_with_its_length(piece: str) -> None:
    """A quadratic reading of these would take minutes: the test ends, or does not."""
    assert read(HEAD + piece * (2_000_000 // len(piece))) == {}
