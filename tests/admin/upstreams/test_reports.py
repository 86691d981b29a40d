"""What pages tell of upstreams, read from what servers have written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.admin.upstreams.reports import SHOWN_FAILURES, SHOWN_LOSSES, SHOWN_PROJECTS, UpstreamReports
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.errors import UnknownUpstream
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.failures import FailureStore, Rest, Subject, Tally
from pyproxy.storage.pages import PageKey, PageStore
from pyproxy.storage.upstreams import UpstreamStore

NOW = 1_800_000_000.0


@pytest.fixture
def failures(database: Database) -> FailureStore:
    return FailureStore(database)


@pytest.fixture
def pages(database: Database) -> PageStore:
    return PageStore(database)


@pytest.fixture
def reports(upstreams: Upstreams, database: Database, failures: FailureStore, pages: PageStore) -> UpstreamReports:
    return UpstreamReports(upstreams, failures=failures, pages=pages, database=database, clock=lambda: NOW)


def add(store: UpstreamStore, name: str, **settings: object) -> PageKey:
    return store.add(UpstreamSettings(name=name, url=f"https://{name}.example.org/", **settings)).key  # type: ignore[arg-type]


async def keep(pages: PageStore, key: PageKey, project: str) -> None:
    await pages.put_page(
        key,
        NormalizedName(project),
        tag="tag",
        body_z=b"z",
        etag=None,
        last_modified=None,
        url="https://x.example.org/",
        checked_at=NOW,
    )


async def test_a_resting_upstream_is_told_with_its_reason(
    reports: UpstreamReports, store: UpstreamStore, failures: FailureStore
) -> None:
    key = add(store, "a")
    add(store, "b", active=False, token="t")
    rest = Rest(NOW - 9, "timeout", "did not answer", NOW + 5)
    await failures.write({}, {key.upstream_id: rest})
    first, second = reports.lines().lines
    assert (first.summary.state, first.summary.rest, first.warnings) == ("resting", rest, ())
    assert (second.summary.state, len(second.warnings)) == ("off", 1)


async def test_the_newest_failures_are_told_first_and_no_others_than_its_own(
    reports: UpstreamReports, store: UpstreamStore, failures: FailureStore
) -> None:
    key, other = add(store, "a"), add(store, "b")
    tallies = {
        Subject(key.upstream_id, "page", f"p{number}", ""): Tally(1, "status", "answered 500", number, number)
        for number in range(SHOWN_FAILURES + 5)
    }
    tallies[Subject(other.upstream_id, "page", "theirs", "")] = Tally(1, "status", "answered 500", NOW, NOW)
    await failures.write(tallies, {})
    told = reports.report("a").failures
    assert [each.project for each in told] == [f"p{number}" for number in range(SHOWN_FAILURES + 4, 4, -1)]


async def test_some_of_many_projects_are_named_and_all_are_counted(
    reports: UpstreamReports, store: UpstreamStore, pages: PageStore
) -> None:
    key = add(store, "a")
    for number in range(SHOWN_PROJECTS + 10):
        await keep(pages, key, f"p{number}")
    await pages.put_missing(key, NormalizedName("gone"), NOW)
    report = reports.report("a")
    assert (len(report.projects), report.totals.pages, report.totals.missing) == (SHOWN_PROJECTS, 60, 1)
    assert len(reports.loss("a").names) == SHOWN_LOSSES


async def test_a_loss_says_who_would_be_asked_then(
    reports: UpstreamReports, store: UpstreamStore, pages: PageStore
) -> None:
    key = add(store, "a", projects=("x", "y", "z-*"))
    add(store, "off", active=False)
    add(store, "b", projects=("y",))
    add(store, "c", excluded_projects=("z-1",))
    for project in ("x", "y", "z-1"):
        await keep(pages, key, project)
    loss = reports.loss("a")
    assert loss.names == (("x", "c"), ("y", "b"), ("z-1", None))
    assert (loss.others, loss.released) == (("c",), ("x", "z-*"))


def test_no_secret_is_in_what_is_told(reports: UpstreamReports, store: UpstreamStore, tmp_path: Path) -> None:
    add(store, "a", username="u", password="in-clear", http_proxy="http://u:in-clear@proxy.example.org:1")
    shown = [reports.lines().lines[0].upstream, reports.report("a").upstream, reports.loss("a").upstream]
    for upstream in shown:
        assert upstream.settings.password == "***"
        assert "in-clear" not in (upstream.settings.http_proxy or "")


def test_an_unknown_name_is_told(reports: UpstreamReports) -> None:
    for look in (lambda: reports.report("x"), lambda: reports.loss("x")):
        with pytest.raises(UnknownUpstream):
            look()
