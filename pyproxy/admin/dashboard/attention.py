"""What somebody should look after, each with where it is mended; the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pyproxy.admin.amounts import count, data, iso, until
from pyproxy.admin.dashboard.model import Attention, Disk, Target, UpstreamSummary
from pyproxy.settings import warnings
from pyproxy.storage.damage import Damage
from pyproxy.storage.database_file import Loss, remedy
from pyproxy.storage.failures import Failure
from pyproxy.storage.periods import DAY
from pyproxy.storage.rebuild import LOST, IndexState
from pyproxy.storage.upstreams import StoredUpstream

ENDS_SOON = 21 * DAY
"""From so many seconds before its end on, a certificate is told of; automatic renewal happens earlier."""

SEEN_LATELY = 3 * DAY
"""A certificate that was seen longer ago may have been renewed since."""

NEARLY_FULL = 2
"""With less free space than so many times `storage.min_free`, the disk counts as nearly full."""

LATELY = 7 * DAY
"""So long it is told of that the database was lost, or files were harmed."""

FULL = 1_000_000
"""With fewer free bytes than this the database does not grow, whatever `storage.min_free` says."""

MISMATCH = "hash mismatch"
"""The kind of failure that is told of by file (`repositories.failure_kinds`)."""

MISMATCHES = 5
"""How many files with wrong bytes are told of one by one."""


def attention(
    stored: Sequence[StoredUpstream],
    summaries: Sequence[UpstreamSummary],
    mismatches: Sequence[Failure],
    disk: Disk,
    *,
    own_certificate_ends: float | None,
    index: IndexState,
    writable: bool,
    damage: Damage,
    loss: Loss | None,
    now: float,
) -> tuple[Attention, ...]:
    """Everything; ``mismatches`` are files of which wrong bytes came, and no right ones since.

    ``writable``: whether files may be kept in the storage directory; ``damage`` is what was found since `LATELY`;
    ``loss`` is what has happened to the database's file under the running server.
    """
    found = [*_loss(loss), *_disk(disk)]
    found += _certificate("this server's certificate", own_certificate_ends, ("server", ""), now)
    if not writable:
        sentence = "the storage directory cannot be written: nothing new is kept"
        found.append(Attention("error", sentence, ("storage", "")))
    found += _index(index, now)
    if damage.files:
        sentence = f"{count(damage.files, 'cached file')} found harmed on the disk within a week"
        newest = f"the newest is {damage.filename}: {damage.problem}"
        found.append(Attention("warning", f"{sentence}; {newest}; they are fetched again", ("storage", "")))
    active = [pair for pair in zip(stored, summaries, strict=True) if pair[0].settings.active]
    if not active:
        sentence = "no upstream is switched on: only local and cached packages are served"
        found.append(Attention("error", sentence, ("upstreams", "")))
    for upstream, summary in active:
        found += _trouble(summary, now)
        found += _cautions(upstream)
        if summary.certificate_seen_at is not None and now - summary.certificate_seen_at < SEEN_LATELY:
            what = f"the certificate of upstream {summary.name}"
            found += _certificate(what, summary.certificate_ends, ("upstream", summary.name), now)
    found += _mismatches(mismatches, {each.id: each.settings.name for each in stored})
    return tuple(sorted(found, key=lambda item: item.severity != "error"))


def _trouble(summary: UpstreamSummary, now: float) -> Iterator[Attention]:
    name, failure = summary.name, summary.last_failure
    reason = failure.reason if failure is not None and failure.over_at is None else ""
    target: Target = ("upstream", name)
    if summary.rest is not None:
        probe = summary.rest.probe_at
        again = f"; it is tried again {until(probe, now)}" if probe is not None else ""
        yield Attention("error", f"upstream {name} rests, because it {summary.rest.reason}{again}", target)
    elif summary.state != "failing":
        return
    elif reason and failure is not None and failure.kind == "credentials refused":
        yield Attention("error", f"upstream {name} refuses its credentials: it {reason}", target)
    elif not (reason and failure is not None and failure.kind == MISMATCH):  # that is told of by file
        times = summary.failures_in_a_row
        what = "the newest request" if times == 1 else f"the last {times:,} requests"
        yield Attention("warning", f"{what} to upstream {name} failed{f': it {reason}' if reason else ''}", target)


def _cautions(upstream: StoredUpstream) -> Iterator[Attention]:
    name = upstream.settings.name
    for sentence in warnings(upstream.settings):
        yield Attention("warning", f"upstream {name}: {sentence}", ("upstream", name))


def _certificate(what: str, ends: float | None, target: Target, now: float) -> Iterator[Attention]:
    if ends is None or ends - now > ENDS_SOON:
        return
    day = iso(ends).partition("T")[0]
    if ends <= now:
        yield Attention("error", f"{what} ended on {day}", target)
    else:
        yield Attention("warning", f"{what} ends on {day}, {until(ends, now)}", target)


def _loss(loss: Loss | None) -> Iterator[Attention]:
    if loss is None:
        return
    sentence = f"the database was {loss} while the server was running: what changes now is lost when it stops"
    yield Attention("error", f"{sentence}; {remedy(loss)}", ("storage", ""))


def _disk(disk: Disk) -> Iterator[Attention]:
    if disk.free is None:
        return
    left = f"the disk has {data(disk.free)} left"
    if disk.free < disk.min_free:
        sentence = f"{left}, less than storage.min_free ({data(disk.min_free)}): nothing new is kept"
        yield Attention("error", sentence, ("storage", ""))
    elif disk.free < FULL:
        yield Attention("error", f"{left}: nothing new is kept, and settings may not be changed", ("storage", ""))
    elif disk.free < NEARLY_FULL * disk.min_free:
        sentence = f"{left}; with less than storage.min_free ({data(disk.min_free)}) nothing new is kept"
        yield Attention("warning", sentence, ("storage", ""))


def _index(index: IndexState, now: float) -> Iterator[Attention]:
    if index.complete_since is None:
        sentence = "the database is new: the files that are here are being found again by their manifests"
        yield Attention("warning", f"{sentence}; {LOST}", ("storage", ""))
    elif index.found_again and now - index.complete_since < LATELY:
        day = iso(index.complete_since).partition("T")[0]
        found = count(index.found_again, "file")
        sentence = f"the database was made anew on {day}: {found} found again by their manifests"
        yield Attention("warning", f"{sentence}; {LOST}", ("storage", ""))


def _mismatches(mismatches: Sequence[Failure], names: Mapping[int, str]) -> Iterator[Attention]:
    for failure in mismatches[:MISMATCHES]:
        sentence = f"upstream {names.get(failure.upstream_id, 'that was removed')} {failure.reason}"
        yield Attention("error", sentence, ("project", failure.project))
    if len(mismatches) > MISMATCHES:
        sentence = "there are more files of which wrong bytes came: see the failures among the recent requests"
        yield Attention("error", sentence, ("activity", ""))
