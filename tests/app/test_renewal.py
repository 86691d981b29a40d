"""What becomes of a certificate whose files change, and when its end is told of."""

from __future__ import annotations

import contextlib
import datetime
import logging
import ssl
import time
from pathlib import Path

import pytest

from pyproxy.app.renewal import REMIND_SECONDS, Renewal
from pyproxy.app.tls import KeyPair, load_pair, tell_end
from tests.app.pairs import Place
from tests.http.proxy import Clock

DAY = 24 * 3600.0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class Followed:
    """A renewal under test, and the pairs that it made a server take."""

    def __init__(self, place: Place, clock: Clock, *, speaks: bool = True) -> None:
        pair = load_pair(place.config)
        assert pair is not None
        self.taken: list[KeyPair] = []
        self.renewal = Renewal(place.config, pair, take=self.taken.append, clock=clock, speaks=speaks)

    async def look(self, times: int = 1) -> int:
        """So many looks; how many pairs have been taken over since the beginning."""
        for _ in range(times):
            await self.renewal.look()
        return len(self.taken)


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = time.time()
    return clock


def in_days(days: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)


async def test_a_pair_that_is_renamed_over_the_old_one_is_taken_over(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one"))
    followed = Followed(place, clock)
    assert await followed.look() == 0
    place.put(*place.issue("two", end=in_days(90)))
    with caplog.at_level(logging.INFO):
        assert await followed.look(3) == 1
    assert followed.taken == [followed.renewal.current]
    assert caplog.messages[0] == "a new certificate is taken over for new connections"
    assert f"{place.certificate} ends on {in_days(90):%Y-%m-%d}" in caplog.messages[1]
    assert len(caplog.messages) == 2


async def test_a_pair_behind_a_link_that_is_turned_over_is_taken_over(place: Place, clock: Clock) -> None:
    place.mount(1, *place.issue("one"))
    followed = Followed(place, clock)
    place.mount(2, *place.issue("two"))
    assert await followed.look() == 1


async def test_files_that_are_only_touched_are_no_new_pair(place: Place, clock: Clock) -> None:
    pair = place.issue("one")
    place.put(*pair)
    followed = Followed(place, clock)
    place.put(*pair)
    assert await followed.look() == 0


async def test_a_pair_that_does_not_fit_is_told_of_once_and_the_old_one_stays(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one"))
    followed = Followed(place, clock)
    (certificate, _), (_, key) = place.issue("two"), place.issue("three")
    place.put(certificate, key)
    assert await followed.look(5) == 0
    (line,) = caplog.messages
    assert "the new certificate is not taken over, the old one goes on" in line
    assert str(place.key) in line
    assert "key values mismatch" in line


@pytest.mark.parametrize("left", ["certificate", "key"])
async def test_a_file_that_went_away_is_told_of_once(
    left: str, place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one"))
    followed = Followed(place, clock)
    missing = place.key if left == "certificate" else place.certificate
    missing.unlink()
    assert await followed.look(4) == 0
    (line,) = caplog.messages
    assert f"{missing} cannot be read: No such file or directory" in line


async def test_a_pair_that_is_still_being_written_is_waited_for_in_silence(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one"))
    followed = Followed(place, clock)
    certificate, key = place.issue("two")
    place.certificate.write_bytes(certificate.read_bytes()[:200])
    assert await followed.look() == 0
    place.put(certificate, place.key)
    assert await followed.look() == 0
    place.put(certificate, key)
    assert await followed.look() == 1
    assert caplog.messages == []


async def test_another_pair_that_does_not_fit_is_told_of_again(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one"))
    followed = Followed(place, clock)
    for content in (b"no certificate", b"no certificate either"):
        place.certificate.write_bytes(content)
        await followed.look(3)
    assert len(caplog.messages) == 2


async def test_after_a_pair_that_does_not_fit_a_right_one_is_taken_over(place: Place, clock: Clock) -> None:
    place.put(*place.issue("one"))
    followed = Followed(place, clock)
    place.certificate.write_bytes(b"no certificate")
    await followed.look(3)
    place.put(*place.issue("two"))
    assert await followed.look() == 1


async def test_of_several_workers_one_tells_and_all_take(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one"))
    silent = Followed(place, clock, speaks=False)
    place.put(*place.issue("two", end=in_days(3)))
    with caplog.at_level(logging.DEBUG):
        assert await silent.look() == 1
        silent.renewal.remind()
        place.certificate.write_bytes(b"no certificate")
        assert await silent.look(3) == 1
    assert [line for line in caplog.messages if "certificate" in line] == []


async def test_an_end_that_comes_near_is_told_of_once_a_day(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one", end=in_days(15)))
    followed = Followed(place, clock)
    told = []
    for _ in range(17 * 4):
        clock.now += DAY / 4
        followed.renewal.remind()
        followed.renewal.remind()
        told.append(len(caplog.messages))
    assert told[0] == 0
    assert told[-1] in (16, 17)
    assert "in 13 days: renew it" in caplog.text
    assert "in 1 day: renew it" in caplog.text
    assert "clients refuse it" in caplog.messages[-1]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


async def test_what_was_told_at_the_start_is_told_again_a_day_later(
    place: Place, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(*place.issue("one", end=in_days(5)))
    followed = Followed(place, clock)
    followed.renewal.remind()
    assert caplog.messages == []
    clock.now += REMIND_SECONDS
    followed.renewal.remind()
    assert len(caplog.messages) == 1


def test_an_end_far_away_is_no_warning(place: Place, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    place.put(*place.issue("one", end=in_days(15)))
    pair = load_pair(place.config)
    assert pair is not None
    with caplog.at_level(logging.INFO):
        tell_end(pair, clock())
    (record,) = caplog.records
    assert record.levelno == logging.INFO


def test_a_context_that_failed_to_load_a_pair_is_broken(place: Place) -> None:
    """Why a new pair is always tried on a new context: OpenSSL keeps the half that it has read."""
    (certificate, key), (other, _) = place.issue("one"), place.issue("two")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(place.authority.certificate))
    handshake(context, trusting)
    with pytest.raises(ssl.SSLError):
        context.load_cert_chain(other, key)
    with pytest.raises(ssl.SSLError):
        handshake(context, trusting)


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Both sides in memory; `ssl.SSLError` from the side that refuses."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = {asking, answering}
    while waiting:
        for side in tuple(waiting):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
                waiting.remove(side)
