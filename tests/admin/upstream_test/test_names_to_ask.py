"""Which names a test sends to an upstream, and how a list of projects is read."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pyproxy.admin.upstream_test.asking import Answer
from pyproxy.admin.upstream_test.names_to_ask import listed, project_to_ask, unknown_name
from pyproxy.errors import ConfigurationError
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.patterns import admits


@dataclass(frozen=True)
class Beside:
    """An upstream beside the tested one."""

    settings: UpstreamSettings


def upstream(name: str = "acme", **settings: object) -> UpstreamSettings:
    return UpstreamSettings(name=name, url="https://index.example.org/", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "projects",
    [(), ("*",), ("My_Company.*",), ("*-internal",), ("[a-c]x-*-?",), ("exact", "my-*-*"), ("[!ab]-*",)],
)
def test_an_unknown_name_is_one_that_the_patterns_admit(projects: tuple[str, ...]) -> None:
    name = unknown_name(upstream(projects=projects))
    assert name is not None
    assert "pyproxy-probe-" in name
    assert admits(projects, (), name)
    assert name != unknown_name(upstream(projects=projects))


@pytest.mark.parametrize(
    ("projects", "excluded"), [(("exact",), ()), (("exa?t",), ()), ((), ("pyproxy-*",)), (("my-*",), ("my-pyproxy*",))]
)
def test_where_they_admit_none_there_is_no_unknown_name(projects: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    assert unknown_name(upstream(projects=projects, excluded_projects=excluded)) is None


@pytest.mark.parametrize("active", [True, False])
def test_a_name_of_another_upstreams_projects_is_refused(active: bool) -> None:
    others = [Beside(upstream("private", projects=("my-*",), active=active))]
    with pytest.raises(ConfigurationError, match="it is in the projects of another one"):
        project_to_ask("My.Thing", upstream(), others)
    assert project_to_ask("other", upstream(), others) == "other"


def test_a_name_that_both_upstreams_name_may_be_asked_for() -> None:
    others = [Beside(upstream("private", projects=("my-*",)))]
    assert project_to_ask("my-thing", upstream(projects=("my-thing",), active=False), others) == "my-thing"


def answer(body: str, url: str = "https://index.example.org/simple/") -> Answer:
    return Answer(200, {"content-type": "text/html"}, url, body.encode(), 0.1)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"meta": {"api-version": "1.0"}, "projects": [{"name": "a"}, {"name": "b"}, {"na', ["a", "b"]),
        ('{"projects": []}', []),
        ('{"error": {"name": "no"}}', None),
        ('<a href="/simple/a/">A</a><a href="b/">b</a><a href="c">c</a><a href="d/">d', ["A", "b", "c"]),
        ('<a href="https://index.example.org/simple/my-thing/">My.Thing</a>', ["My.Thing"]),
        ('<a href="a/">a/</a>', ["a"]),
        ("<title>Simple Index</title>", []),
        ('<meta name="pypi:repository-version" content="1.0">', []),
        ('<a href="/login/">login</a>', None),
        ('<a href="//elsewhere.example.org/simple/a/">a</a>', None),
        ('<a href="a/">something else</a>', None),
        ("hello", None),
    ],
)
def test_the_beginning_of_a_list_is_told_from_other_pages(body: str, names: list[str] | None) -> None:
    assert listed(answer(body)) == names
