"""Asking one upstream: whatever goes wrong, those who wait get an answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyproxy.errors import UpstreamError, UpstreamUnreachable
from pyproxy.net.fetcher import FetchedPage, Missing, NotModified
from pyproxy.net.health import Health
from pyproxy.net.lull import Lull
from pyproxy.repositories.observer import Observers
from pyproxy.repositories.resolution import Outcome
from pyproxy.repositories.upstream_pages import Lifetimes, UpstreamPages
from pyproxy.repositories.workshop import Workshop
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.pages import PageStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.waiting import until

DEMO = NormalizedName("demo")

Said = FetchedPage | NotModified | Missing | Exception


def page(serial: str | None = None, name: str = "demo") -> FetchedPage:
    return FetchedPage(
        body=b'{"meta":{"api-version":"1.0"},"name":"%s","files":[]}' % name.encode(),
        content_type="application/vnd.pypi.simple.v1+json",
        etag='"1"',
        last_modified=None,
        url="https://example.org/simple/demo/",
        serial=serial,
    )


class ScriptedFetcher:
    """Says one thing after the other; the last one again and again. ``asked`` holds the ETags that were sent."""

    certificate_ends: float | None = None

    def __init__(self, *said: Said) -> None:
        self.said = list(said)
        self.asked: list[str | None] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, project: str, *, etag: str | None, **_: object) -> FetchedPage | NotModified | Missing:
        self.asked.append(etag)
        await self.gate.wait()
        answer = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


Make = Callable[..., UpstreamPages]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "pyproxy.db")
    yield database
    database.close()


@pytest.fixture
def make(database: Database, tmp_path: Path) -> Iterator[Make]:
    """``make(fetcher)``: the pages of one stored upstream, with quick pauses between probes."""
    stored = UpstreamStore(database, SecretBox.open(tmp_path, {})).add(
        UpstreamSettings(name="first", url="https://example.org")
    )
    workshop = Workshop()

    def make(fetcher: Any, health: Health | None = None) -> UpstreamPages:
        return UpstreamPages(
            stored,
            fetcher=fetcher,
            pages=PageStore(database),
            recorded=RecordedHashes(database),
            workshop=workshop,
            health=health or Health(time.monotonic, (0.01,)),
            lifetimes=Lifetimes(300, 60),
            page_timeout=1,
            clock=time.time,
            observer=Observers(),
            lull=Lull(),
            alone=True,
        )

    yield make
    workshop.close()


async def test_a_defect_is_logged_and_answers_everybody_who_waits(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """It is not taken for an absence, nor counted against the upstream."""
    fetcher = ScriptedFetcher(ZeroDivisionError("ours"))
    fetcher.gate.clear()
    pages = make(fetcher)

    waiting = [pages.ask(DEMO) for _ in range(3)]
    fetcher.gate.set()
    answers = await asyncio.gather(*waiting)

    assert all(isinstance(answer, UpstreamError) for answer in answers)
    assert "defect" in str(answers[0])
    assert "ZeroDivisionError" in caplog.text
    assert len(fetcher.asked) == 1
    assert pages.standing.health.last_error is None
    assert isinstance(pages.standing.refusal(DEMO), UpstreamError)


async def test_an_answer_counts_although_it_cannot_be_stored(
    make: Make, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Pages, 404s and confirmations alike, with a database that takes nothing any more"""
    fetcher = ScriptedFetcher(page(), NotModified(None), Missing(404))
    pages = make(fetcher)
    database.write_now(lambda connection: connection.execute("PRAGMA query_only = ON"))

    with caplog.at_level(logging.WARNING):
        assert await pages.ask(DEMO) is Outcome.FOUND
    known = pages.known_page(DEMO)
    assert known is not None
    assert known.tag is not None
    assert pages.page_body(known.tag)
    assert "held in memory" in caplog.text

    assert await pages.ask(DEMO) is Outcome.FOUND
    confirmed = pages.known_page(DEMO)
    assert confirmed is not None
    assert confirmed.checked_at >= known.checked_at
    assert await pages.ask(DEMO) is Outcome.MISSING
    missing = pages.known_page(DEMO)
    assert missing is not None
    assert missing.tag is None
    assert fetcher.asked == [None, '"1"', '"1"']


async def test_a_304_to_an_unconditional_request_is_a_failure(make: Make) -> None:
    pages = make(ScriptedFetcher(NotModified(None)))

    answer = await pages.ask(DEMO)

    assert "304 Not Modified to an unconditional request" in str(answer)


async def test_a_success_makes_an_earlier_time_out_forgotten(make: Make) -> None:
    fetcher = ScriptedFetcher(page())
    fetcher.gate.clear()
    pages = make(fetcher)
    asking = pages.ask(DEMO)

    pages.standing.gave_up_waiting(DEMO, UpstreamError("first", "did not answer"))
    assert pages.standing.refusal(DEMO) is not None
    assert pages.standing.health.suspect
    fetcher.gate.set()
    await asking

    assert pages.standing.refusal(DEMO) is None
    assert not pages.standing.health.suspect


async def test_stopping_the_probes_does_not_end_a_question_that_others_wait_for(make: Make) -> None:
    refused = UpstreamUnreachable("first", "refused the connection")
    fetcher = ScriptedFetcher(refused, refused, refused, page(name="p2"))
    pages = make(fetcher)
    for number in range(3):
        await pages.ask(NormalizedName(f"p{number}"))
    assert pages.standing.health.resting
    fetcher.gate.clear()
    await until(lambda: len(fetcher.asked) == 4)  # the probe
    waiting = pages.ask(NormalizedName("p2"))

    pages.retire()
    fetcher.gate.set()

    assert await waiting is Outcome.FOUND
    assert len(fetcher.asked) == 4


async def test_a_successor_goes_on_with_the_probes(make: Make) -> None:
    refused = UpstreamUnreachable("first", "refused the connection")
    health = Health(time.monotonic, (0.01,))
    old = make(ScriptedFetcher(refused), health)
    for number in range(3):
        await old.ask(NormalizedName(f"p{number}"))
    new = make(ScriptedFetcher(Missing(404)), health)

    old.retire(new)
    await until(lambda: not health.resting)

    assert new.known_page(NormalizedName("p2")) is not None
