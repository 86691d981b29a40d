"""Which upstreams may be asked for a name. They are written ``name[:pattern,…][-excluded,…][ off]``."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pyproxy.errors import NameReserved, NoActiveUpstream, ProjectNotAdmitted, ProjectNotFound
from pyproxy.repositories.admission import admitted
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.names import normalize


@dataclass(frozen=True)
class Upstream:
    settings: UpstreamSettings


def upstream(text: str) -> Upstream:
    text, _, off = text.partition(" ")
    text, _, excluded = text.partition("-")
    name, _, projects = text.partition(":")
    return Upstream(
        UpstreamSettings(
            name=name,
            url="https://example.org",
            active=off != "off",
            projects=tuple(projects.split(",")) if projects else (),
            excluded_projects=tuple(excluded.split(",")) if excluded else (),
        )
    )


ADMITTED = [
    ("all are asked, in their order", ("a", "b", "c"), "demo", "a b c"),
    ("an inactive one is not", ("a", "b off", "c"), "demo", "a c"),
    ("patterns leave out other names", ("a:acme*", "b"), "demo", "b"),
    ("a reserved name is asked of its upstream only", ("a", "b:acme*", "c"), "acme.tool", "b"),
    ("several upstreams may share a reservation", ("a", "b:acme*", "c:acme_tool"), "acme-tool", "b c"),
    ("an inactive one of them leaves the others", ("b:acme* off", "c:acme*", "d"), "acme-tool", "c"),
    ("patterns are normalised like names", ("a", "b:Acme_Tool"), "acme.tool", "b"),
    ("excluded names are not asked for", ("a-acme*", "b"), "acme-tool", "b"),
    ("what an upstream excludes it does not reserve", ("a:acme*-acme?open", "b"), "acme-open", "b"),
    ("a pattern for everything reserves everything", ("a:*", "b"), "demo", "a"),
]


@pytest.mark.parametrize(("sentence", "upstreams", "project", "expected"), ADMITTED, ids=[row[0] for row in ADMITTED])
def test_who_may_be_asked(sentence: str, upstreams: tuple[str, ...], project: str, expected: str) -> None:
    found = admitted([upstream(text) for text in upstreams], normalize(project))

    assert " ".join(each.settings.name for each in found) == expected


REFUSED = [
    ("there is none at all", (), "demo", NoActiveUpstream),
    ("all are off", ("a off", "b off"), "demo", NoActiveUpstream),
    ("the name is reserved for one that is off", ("a", "b:acme* off"), "acme-tool", NameReserved),
    ("that is said also when all are off", ("a off", "b:acme* off"), "acme-tool", NameReserved),
    ("the patterns leave the name out", ("a:acme*", "b:other"), "demo", ProjectNotFound),
]


@pytest.mark.parametrize(("sentence", "upstreams", "project", "error"), REFUSED, ids=[row[0] for row in REFUSED])
def test_why_nobody_may_be_asked(
    sentence: str, upstreams: tuple[str, ...], project: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        admitted([upstream(text) for text in upstreams], normalize(project))


def test_the_message_names_the_upstreams_that_reserve_the_name() -> None:
    with pytest.raises(NameReserved, match="acme-tool is reserved for upstream b, c"):
        admitted([upstream(text) for text in ("b:acme* off", "c:acme* off")], normalize("acme-tool"))


def test_a_name_that_the_patterns_leave_out_is_told_from_one_that_nobody_has() -> None:
    with pytest.raises(ProjectNotAdmitted, match="patterns"):
        admitted([upstream("a:acme*")], normalize("six"))
