from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from pyproxy.errors import StorageError
from pyproxy.repositories.base import FileRequest, ProjectPage
from pyproxy.repositories.content import BytesContent
from pyproxy.repositories.metadata_at_hand import LARGEST_BYTES, LIMIT_BYTES, MetadataAtHand
from pyproxy.repositories.resolution import Freshness
from pyproxy.simple.model import NormalizedName

DEMO = NormalizedName("demo")
NAME = "demo-1.0-py3-none-any.whl.metadata"
WHEEL = "a" * 64
REQUEST = FileRequest(project=DEMO, filename=NAME, sha256=WHEEL)


class Content(BytesContent):
    """Tells whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def page() -> ProjectPage:
    return ProjectPage(project=DEMO, upstream="first", tag="t", body=lambda: b"", freshness=Freshness.HIT)


def content(body: bytes = b"Name: demo\n") -> Content:
    made = Content(body, sha256="b" * 64, upstream="first")
    made.cache_status = "fwd=miss"
    return made


@pytest.fixture
def used() -> list[str]:
    return []


@pytest.fixture
def at_hand(used: list[str]) -> MetadataAtHand:
    return MetadataAtHand(used.append, alone=True)


async def test_an_answer_is_given_again_under_the_same_decision(at_hand: MetadataAtHand, used: list[str]) -> None:
    decided, arrived = page(), content()
    answer = await at_hand.take(REQUEST, arrived, decided)
    assert isinstance(answer, BytesContent)
    assert (answer.body, answer.cache_status, answer.upstream) == (arrived.body, "fwd=miss", "first")
    assert arrived.closed
    assert used == []

    again = at_hand.get(DEMO, NAME, WHEEL, decided)
    assert again is not None
    assert (again.body, again.sha256, again.cache_status) == (arrived.body, arrived.sha256, "hit")
    assert used == [arrived.sha256], "who was asked for last goes last, as of other files"


async def test_once_the_page_is_decided_anew_it_has_to_be_looked_up(at_hand: MetadataAtHand) -> None:
    """Even where the new decision comes to the same: something has happened that may change the answer."""
    decided = page()
    await at_hand.take(REQUEST, content(), decided)
    assert at_hand.get(DEMO, NAME, WHEEL, page()) is None
    assert at_hand.get(DEMO, NAME, WHEEL, None) is None
    assert at_hand.get(DEMO, NAME, "c" * 64, decided) is None


async def test_without_a_decision_nothing_is_remembered(at_hand: MetadataAtHand) -> None:
    await at_hand.take(REQUEST, content(), None)
    assert at_hand.get(DEMO, NAME, WHEEL, page()) is None


async def test_at_the_address_without_a_hash_is_what_was_answered_there(at_hand: MetadataAtHand) -> None:
    decided = page()
    await at_hand.take(FileRequest(project=DEMO, filename=NAME), content(b"Name: other\n"), decided)
    await at_hand.take(REQUEST, content(), decided)
    answer = at_hand.get(DEMO, NAME, "", decided)
    assert answer is not None
    assert answer.body == b"Name: other\n"


async def test_one_process_of_several_remembers_nothing(used: list[str]) -> None:
    at_hand, decided = MetadataAtHand(used.append, alone=False), page()
    await at_hand.take(REQUEST, content(), decided)
    assert at_hand.get(DEMO, NAME, WHEEL, decided) is None


async def test_a_large_one_is_left_as_it_is(at_hand: MetadataAtHand) -> None:
    decided, large = page(), content(b"x" * (LARGEST_BYTES + 1))
    assert await at_hand.take(REQUEST, large, decided) is large
    assert not large.closed
    assert at_hand.get(DEMO, NAME, WHEEL, decided) is None


async def test_what_is_remembered_is_bounded(at_hand: MetadataAtHand) -> None:
    decided = page()
    count = LIMIT_BYTES // LARGEST_BYTES + 1
    for number in range(count):
        request = FileRequest(project=DEMO, filename=f"{number}.metadata", sha256=WHEEL)
        await at_hand.take(request, content(b"x" * LARGEST_BYTES), decided)
    found = [at_hand.get(DEMO, f"{number}.metadata", WHEEL, decided) is not None for number in range(count)]
    assert found == [False] + [True] * (count - 1)


async def test_content_that_cannot_be_read_is_closed(at_hand: MetadataAtHand) -> None:
    class Unreadable(Content):
        async def chunks(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
            raise StorageError("gone")
            yield b""

    unreadable = Unreadable(b"x", sha256="b" * 64, upstream="first")
    with pytest.raises(StorageError):
        await at_hand.take(REQUEST, unreadable, page())
    assert unreadable.closed
