"""What needs attention: a sentence, how bad it is, and where it is mended."""

from __future__ import annotations

import pytest

from pyproxy.admin.dashboard.attention import attention
from pyproxy.admin.dashboard.model import Attention, Disk
from pyproxy.admin.dashboard.upstreams import Standing, summaries
from pyproxy.storage.counted import Latest
from pyproxy.storage.damage import Damage
from pyproxy.storage.database_file import Loss
from pyproxy.storage.failures import Failure, Rest
from pyproxy.storage.periods import DAY
from pyproxy.storage.rebuild import IndexState
from pyproxy.storage.upstreams import StoredUpstream
from tests.admin.dashboard.seen import NOW, failure, standing, stored

ROOMY = Disk(cached=0, database=0, max_size=None, free=10**12, min_free=10**9)
UNHARMED = Damage()
COMPLETE = IndexState(NOW - 3600, 0)
WELL = standing(Latest(succeeded_at=NOW))


def found(
    upstream: StoredUpstream | None = None,
    known: Standing = WELL,
    *,
    mismatches: tuple[Failure, ...] = (),
    disk: Disk = ROOMY,
    own: float | None = None,
    index: IndexState = COMPLETE,
    writable: bool = True,
    damage: Damage = UNHARMED,
    loss: Loss | None = None,
) -> list[Attention]:
    upstreams = [upstream or stored()]
    summed = summaries(upstreams, known, [], [], {})
    return list(
        attention(
            upstreams,
            summed,
            mismatches,
            disk,
            own_certificate_ends=own,
            index=index,
            writable=writable,
            damage=damage,
            loss=loss,
            now=NOW,
        )
    )


def disk(free: int | None) -> Disk:
    return Disk(cached=0, database=0, max_size=None, free=free, min_free=10**9)


def test_nothing_needs_attention_while_all_is_well() -> None:
    assert found() == []
    assert found(known=standing()) == [], "nobody has asked it yet"


def test_an_upstream_that_rests_is_told_of_with_its_reason() -> None:
    rest = Rest(NOW - 60, "unreachable", "refused the connection", NOW + 20)
    assert found(known=standing(Latest(failed_at=NOW, failures_in_a_row=3), rest=rest)) == [
        Attention(
            "error",
            "upstream first rests, because it refused the connection; it is tried again in 20 seconds",
            ("upstream", "first"),
        )
    ]


def test_refused_credentials_are_told_of_as_such() -> None:
    refused = failure("credentials refused", "answered 401 Unauthorized: check its token")
    assert found(known=standing(Latest(failed_at=NOW, failures_in_a_row=1), failure=refused)) == [
        Attention(
            "error",
            "upstream first refuses its credentials: it answered 401 Unauthorized: check its token",
            ("upstream", "first"),
        )
    ]


@pytest.mark.parametrize(
    ("times", "last", "sentence"),
    [
        (1, failure(), "the newest request to upstream first failed: it answered 503"),
        (1200, failure(), "the last 1,200 requests to upstream first failed: it answered 503"),
        (2, None, "the last 2 requests to upstream first failed"),
        (2, failure(over=True), "the last 2 requests to upstream first failed"),
    ],
)
def test_an_upstream_that_fails_is_told_of(times: int, last: Failure | None, sentence: str) -> None:
    known = standing(Latest(failed_at=NOW, failures_in_a_row=times), failure=last)
    assert found(known=known) == [Attention("warning", sentence, ("upstream", "first"))]


def test_an_upstream_that_is_off_needs_none_but_having_no_other_does() -> None:
    known = standing(Latest(failed_at=NOW, failures_in_a_row=3), failure=failure(), ends=NOW - 1, seen_at=NOW)
    (item,) = found(stored(active=False, verify_ssl=False), known)
    assert (item.severity, item.target) == ("error", ("upstreams", ""))


def test_dangerous_settings_are_told_of() -> None:
    (item,) = found(stored(verify_ssl=False))
    assert (item.severity, item.target) == ("warning", ("upstream", "first"))
    assert "verify_ssl is off" in item.sentence


@pytest.mark.parametrize(
    ("free", "severities"),
    [(999_999_999, ["error"]), (1_500_000_000, ["warning"]), (2_000_000_000, []), (None, [])],
)
def test_a_disk_that_is_nearly_full_is_told_of(free: int | None, severities: list[str]) -> None:
    items = found(disk=disk(free))
    assert [item.severity for item in items] == severities
    assert all(item.target == ("storage", "") for item in items)


def test_the_sizes_in_the_sentence_are_for_people() -> None:
    (item,) = found(disk=disk(500_000_000))
    assert item.sentence == ("the disk has 500.0 MB left, less than storage.min_free (1.0 GB): nothing new is kept")


def test_content_that_changed_upstream_is_told_of_by_project() -> None:
    changed = failure("hash mismatch", "sent other bytes of demo-1.0.tar.gz than before: content changed upstream")
    failing = standing(Latest(failed_at=NOW, failures_in_a_row=1), failure=changed)
    assert found(known=failing, mismatches=(changed,)) == [
        Attention(
            "error",
            "upstream first sent other bytes of demo-1.0.tar.gz than before: content changed upstream",
            ("project", "demo"),
        )
    ]


def test_very_many_such_files_are_not_all_told_of() -> None:
    many = tuple(failure("hash mismatch", "sent other bytes", filename=f"demo-{number}.zip") for number in range(6))
    items = found(mismatches=many)
    assert len(items) == 6
    assert items[-1].target == ("activity", "")


@pytest.mark.parametrize(
    ("left", "severity"),
    [(-1.0, "error"), (2.5 * DAY, "warning"), (20 * DAY, "warning"), (22 * DAY, None)],
)
def test_a_certificate_that_ends_soon_is_told_of(left: float, severity: str | None) -> None:
    known = standing(Latest(succeeded_at=NOW), ends=NOW + left, seen_at=NOW - 60)
    items = found(known=known)
    assert [item.severity for item in items] == ([severity] if severity else [])
    assert all(item.target == ("upstream", "first") for item in items)
    assert [item.severity for item in found(own=NOW + left)] == ([severity] if severity else [])


def test_the_certificate_s_sentence_names_the_day() -> None:
    known = standing(Latest(succeeded_at=NOW), ends=NOW + 10 * DAY, seen_at=NOW)
    (item,) = found(known=known)
    assert item.sentence == "the certificate of upstream first ends on 2027-01-25, in 10 days"


def test_a_certificate_that_was_not_seen_lately_may_have_been_renewed() -> None:
    assert found(known=standing(Latest(succeeded_at=NOW), ends=NOW - 1, seen_at=NOW - 4 * DAY)) == []


def test_errors_come_before_warnings() -> None:
    items = found(stored(verify_ssl=False), disk=disk(0))
    assert [item.severity for item in items] == ["error", "warning"]


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (IndexState(None, 0), "the database is new: the files that are here are being found again"),
        (IndexState(NOW - 3 * DAY, 5), "the database was made anew on 2027-01-12: 5 files found again"),
    ],
)
def test_a_lost_database_is_told_of_with_what_is_lost(index: IndexState, sentence: str) -> None:
    lost = "upstreams, users and tokens are not, and come from a backup only"
    assert found(index=index) == [Attention("warning", f"{sentence} by their manifests; {lost}", ("storage", ""))]


def test_a_database_that_was_lost_long_ago_is_told_of_no_more() -> None:
    assert found(index=IndexState(NOW - 8 * DAY, 5)) == []


def test_a_full_disk_is_told_of_without_a_limit_too() -> None:
    full = Disk(cached=0, database=0, max_size=None, free=0, min_free=0)
    sentence = "the disk has 0 bytes left: nothing new is kept, and settings may not be changed"
    assert found(disk=full) == [Attention("error", sentence, ("storage", ""))]


def test_a_storage_directory_that_cannot_be_written_is_told_of() -> None:
    sentence = "the storage directory cannot be written: nothing new is kept"
    assert found(writable=False) == [Attention("error", sentence, ("storage", ""))]


def test_files_that_were_harmed_on_the_disk_are_told_of() -> None:
    assert found(damage=Damage(3, "demo-1.0.tar.gz", "is gone from the disk")) == [
        Attention(
            "warning",
            "3 cached files found harmed on the disk within a week; the newest is demo-1.0.tar.gz: is gone from the "
            "disk; they are fetched again",
            ("storage", ""),
        )
    ]


@pytest.mark.parametrize(
    ("loss", "way"),
    [
        ("removed", "restore it from a backup, and start it again"),
        ("replaced", "see that the right one is there, and start it again"),
    ],
)
def test_a_database_that_was_taken_away_from_the_running_server_is_told_of(loss: Loss, way: str) -> None:
    sentence = f"the database was {loss} while the server was running: what changes now is lost when it stops"
    assert found(loss=loss) == [Attention("error", f"{sentence}; stop the server, {way}", ("storage", ""))]
