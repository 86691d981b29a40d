"""One transfer for several processes: what each one's readers get, and what it costs the upstream."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from functools import partial
from io import FileIO
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from pyproxy.errors import (
    DownloadGivenUp,
    FileNotListed,
    HashMismatch,
    PyproxyError,
    StorageError,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from pyproxy.net.allowance import Allowance
from pyproxy.net.download import Download
from pyproxy.net.reception import HELD_BACK_BYTES
from pyproxy.net.sharing.copies import Whole
from tests.http.test_file_disk import files_end_at
from tests.net.scripted_bodies import (
    FullDisk,
    Kept,
    Script,
    Tap,
    content,
    expected,
    read_all,
    read_until_error,
    sha256,
    until,
)
from tests.net.sharing.conftest import StartWorker
from tests.net.sharing.working import Worker, followed, quiet, read_up_to

DATA = content(300_000)
FIRST = len(DATA) - HELD_BACK_BYTES


def open_below(storage: Path) -> tuple[list[str], int]:
    """What this process has open there, and how many sockets it has."""
    gc.collect()
    links = []
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            links.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return sorted(link for link in links if str(storage) in link), sum(link.startswith("socket:") for link in links)


def is_all_closed(storage: Path, sockets: int) -> bool:
    """Nothing but the locks of two processes, and their listening sockets."""
    lock = str(storage / "transfers.lock")
    return open_below(storage) == ([lock, lock], sockets + 2)


async def test_readers_of_two_processes_cost_one_transfer(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    script, unused = Script(DATA, length=len(DATA)), Script(DATA)
    files = [a.get(expected(DATA), script), b.get(expected(DATA), unused)]
    bodies = await asyncio.gather(*(read_all(file.reader()) for file in files for _ in range(10)))
    assert set(bodies) == {DATA}
    assert [await file.done for file in files] == [sha256(DATA)] * 2
    await quiet(a, b)
    assert (script.requests, unused.requests) == (1, 0)
    assert (a.kept, b.kept) == ([(sha256(DATA), len(DATA))], [])


async def test_a_follower_learns_size_and_upstream_and_may_read_any_part(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    go = asyncio.Event()
    a.get(expected(DATA, size=False), Script(DATA[:200_000], go, DATA[200_000:], length=len(DATA)))
    file = b.get(expected(DATA, size=False), Script(DATA))
    await file.ready()
    assert (file.size, file.upstream, file.complete) == (len(DATA), "a", False)
    assert await read_all(file.reader(1000, 50_000)) == DATA[1000:50_000]
    go.set()
    assert await read_all(file.reader(250_000)) == DATA[250_000:]
    assert file.complete


async def test_the_last_bytes_wait_for_the_verdict_in_every_process(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    go = asyncio.Event()
    wrong = DATA[:-1] + b"?"
    leading = a.get(expected(DATA), Script(wrong, go, length=len(DATA)))
    file = b.get(expected(DATA), Script(DATA))
    reader = file.reader()
    assert await read_up_to(reader, FIRST) == DATA[:FIRST]
    assert (file.released, leading.released) == (FIRST, FIRST)
    go.set()
    assert isinstance((await read_until_error(reader))[1], HashMismatch)
    await quiet(a, b)
    assert (a.kept, b.kept) == ([], [])


@pytest.mark.parametrize(
    "error",
    [
        UpstreamStatus("a", 503, "answered 503", retry_after=4.0),
        UpstreamTimeout("a", "did not answer within 5 s"),
        HashMismatch("a", "sent other bytes"),
        FileNotListed("no index lists it"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_failure_is_everybodys_and_nobody_asks_again(worker: StartWorker, error: PyproxyError) -> None:
    a, b = worker("a"), worker("b")
    fail = asyncio.Event()
    script, unused = Script(fail, error), Script(DATA)
    leading = a.get(expected(DATA), script)
    file = await followed(b.get(expected(DATA), unused))
    told = asyncio.gather(leading.ready(), file.ready(), return_exceptions=True)
    fail.set()
    await quiet(a, b)
    assert unused.requests == 0
    first, second = leading.error, file.error
    assert first is not None
    assert second is not None
    assert (type(second), str(second)) == (type(first), str(first))
    assert vars(second) == vars(first)
    await told
    with pytest.raises(type(first)):
        await file.done


async def test_a_failure_is_not_remembered_by_followers(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    fail = asyncio.Event()
    a.get(expected(DATA), Script(fail, UpstreamUnreachable("a", "broke")))
    failing = await followed(b.get(expected(DATA), Script(DATA)))
    fail.set()
    await quiet(a, b)
    assert failing.error is not None
    assert await read_all(b.get(expected(DATA), Script(DATA)).reader()) == DATA


async def test_who_comes_while_it_is_being_kept_is_served_from_it(worker: StartWorker) -> None:
    a, b, c = worker("a"), worker("b"), worker("c")
    keep = asyncio.Event()

    class Slow(Kept):
        async def __call__(self, digest: str, size: int) -> None:
            await keep.wait()

    a.keeping = Slow
    leading = a.get(expected(DATA), Script(DATA))
    await leading.done
    unused = Script(DATA)
    file = b.get(expected(DATA), unused)
    assert await read_all(file.reader()) == DATA
    assert await read_all(c.get(expected(DATA), unused).reader()) == DATA
    assert len(b.downloads) == 1, "newcomers join it until it is kept"
    keep.set()
    await quiet(a, b, c)
    assert unused.requests == 0


@pytest.mark.parametrize("arrived", [0, 500, 1000])
async def test_what_one_process_holds_in_memory_is_put_into_a_file_for_others(
    worker: StartWorker, arrived: int
) -> None:
    data = DATA[:1000]
    a, b = worker("a"), worker("b")
    a.allowance = Allowance()
    go, unused = asyncio.Event(), Script(data)
    leading = a.get(expected(data), Script(data[:arrived], go, data[arrived:], length=len(data)))
    await leading.ready()
    await until(lambda: a.begun[0].spool.stored == arrived)
    assert a.begun[0].spool.held == data[:arrived]

    file = await followed(b.get(expected(data), unused))
    await until(lambda: a.begun[0].spool.held is None)
    go.set()
    assert [await read_all(each.reader()) for each in (leading, file)] == [data, data]
    await quiet(a, b)
    assert unused.requests == 0


async def test_what_has_just_come_to_its_place_out_of_memory_is_found_there_by_others(
    worker: StartWorker, tmp_path: Path
) -> None:
    """Its temporary file is no more, or never was, and the claim is not free yet."""

    class Gone:
        reserve = 0

        @property
        def fd(self) -> int:
            raise StorageError("an arriving file has come to its place already")

        def discard(self) -> None:
            """There is none."""

    class Putting(Kept):
        async def __call__(self, digest: str, size: int) -> None:
            await put.wait()

    (tmp_path / "kept").write_bytes(DATA[:1000])
    data, put, unused = DATA[:1000], asyncio.Event(), Script(DATA[:1000])
    a, b = worker("a"), worker("b")
    a.allowance, a.new_sink, a.keeping = Allowance(), Gone, Putting  # type: ignore[assignment]
    leading = a.get(expected(data), Script(data, length=len(data)))
    await leading.done

    def find() -> Whole | None:
        return Whole(FileIO(tmp_path / "kept"), len(data), sha256(data), "a") if put.is_set() else None

    def fetch() -> Download:
        return Download(expected(data), [unused.source], None, on_verified=Kept(None))

    file = b.downloads.join_or_start("key", fetch, filename="demo", kept=find)
    await until(lambda: a.processes._telling is not None and len(a.processes._telling.tasks) == 1)
    put.set()
    assert await read_all(file.reader()) == data
    await quiet(a, b)
    assert unused.requests == 0


async def test_a_file_that_cannot_be_made_for_others_is_fetched_by_each(worker: StartWorker) -> None:
    class NoFile:
        reserve = 0

        @property
        def fd(self) -> int:
            raise StorageError("too many open files")

        def discard(self) -> None:
            """There is none."""

    data = DATA[:1000]
    a, b = worker("a"), worker("b")
    a.allowance, a.new_sink = Allowance(), NoFile  # type: ignore[assignment]
    go, own = asyncio.Event(), Script(data, length=len(data))
    leading = a.get(expected(data), Script(go, data, length=len(data)))
    await leading.ready()
    assert await read_all(b.get(expected(data), own).reader()) == data
    go.set()
    assert await read_all(leading.reader()) == data
    assert own.requests == 1


async def test_what_was_kept_between_look_up_and_claim_is_not_fetched(worker: StartWorker, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(DATA)
    b, unused = worker("b"), Script(DATA)
    whole = Whole(FileIO(tmp_path / "kept"), len(DATA), sha256(DATA), "a")
    file = b.get(expected(DATA), unused, found=whole)
    assert file.complete
    assert (file.upstream, await file.done, await read_all(file.reader())) == ("a", sha256(DATA), DATA)
    await quiet(b)
    assert (unused.requests, whole.stream.closed) == (0, True)


# -- no file to share -------------------------------------------------------------------------------------------------


async def test_where_the_disk_takes_nothing_each_process_fetches_its_own(worker: StartWorker) -> None:
    data = content(6 << 20)
    a, b = worker("a"), worker("b")
    a.new_sink = b.new_sink = lambda: None
    scripts = [Script(data, tap=Tap(), length=len(data)) for _ in range(2)]
    files = [each.get(expected(data), script) for each, script in zip((a, b), scripts, strict=True)]
    assert await asyncio.gather(*(read_all(file.reader()) for file in files)) == [data, data]
    assert [script.requests for script in scripts] == [1, 1]


async def test_a_disk_that_fills_up_half_way_cuts_nobody_off(worker: StartWorker) -> None:
    """The follower's own copy goes through memory as well, from the first byte on."""
    data = content(6 << 20)
    a, b = worker("a"), worker("b")
    b.new_sink = FullDisk
    go = asyncio.Event()
    script = Script(data[:5_000_000], go, data[5_000_000:], length=len(data), tap=Tap())
    leading = a.get(expected(data), script)
    file = b.get(expected(data), Script(data, length=len(data), tap=Tap()))
    there, here = leading.reader(), file.reader()
    starts = [await read_up_to(reader, 5_000_000) for reader in (there, here)]
    with files_end_at(5_000_000):
        go.set()
        rests = await asyncio.gather(read_all(there), read_all(here))
    assert [start + rest for start, rest in zip(starts, rests, strict=True)] == [data, data]


async def test_nobody_who_answers_means_a_transfer_of_ones_own(worker: StartWorker, tmp_path: Path) -> None:
    """Somebody has the claim, but listens nowhere."""
    a, b = worker("a"), worker("b")
    script = Script(DATA)
    a.get(expected(DATA), Script(DATA, asyncio.Event()))
    (a.folder / "transfers").unlink()
    assert await read_all(b.get(expected(DATA), script).reader()) == DATA
    assert script.requests == 1
    assert len(b.kept) == 1


async def test_where_there_can_be_no_socket_nothing_is_shared(worker: StartWorker) -> None:
    a = worker("a")
    (a.folder / "transfers").mkdir()
    assert await read_all(a.get(expected(DATA), Script(DATA)).reader()) == DATA
    await quiet(a)
    assert await read_all(a.get(expected(DATA), Script(DATA)).reader()) == DATA


async def test_a_long_path_is_no_obstacle(io_loop: IOLoop, tmp_path: Path) -> None:
    """The address of a Unix socket ends after 107 bytes."""
    storage = tmp_path / ("long" * 50) / ("longer" * 30)
    a, b = Worker(storage, "a"), Worker(storage, "b")
    unused = Script(DATA)
    files = [a.get(expected(DATA), Script(DATA)), b.get(expected(DATA), unused)]
    assert await asyncio.gather(*(read_all(file.reader()) for file in files)) == [DATA, DATA]
    assert unused.requests == 0
    await a.close()
    await b.close()


# -- what is left -----------------------------------------------------------------------------------------------------


async def test_nothing_is_left_of_it(worker: StartWorker, tmp_path: Path) -> None:
    _, sockets = open_below(tmp_path)
    workers = a, b = worker("a"), worker("b")
    wrong = DATA[:-1] + b"?"
    for steps in ((DATA,), (wrong,), (UpstreamUnreachable("a", "broke"),), (DATA[:1000], Exception("defect"))):
        files = [each.get(expected(DATA), Script(*steps)) for each in workers]
        await asyncio.gather(*(read_until_error(file.reader()) for file in files))
        await quiet(a, b)
        del files
        for each in workers:
            each.forget()
        await until(partial(is_all_closed, tmp_path, sockets))
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert not [name for name in names if name.startswith(("download", "follow"))]
    assert (tmp_path / "transfers.lock").stat().st_size == 0


async def test_closing_a_follower_disturbs_nobody(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    go = asyncio.Event()
    leading = a.get(expected(DATA), Script(DATA[:200_000], go, DATA[200_000:], length=len(DATA)))
    file = b.get(expected(DATA), Script(DATA))
    reader = file.reader()
    await anext(reader)
    await b.downloads.close()
    assert isinstance((await read_until_error(reader))[1], DownloadGivenUp)
    await a.processes.told()
    go.set()
    assert await read_all(leading.reader()) == DATA


async def test_two_that_stop_do_not_wait_for_each_other(worker: StartWorker) -> None:
    """Each fetches a file that the other follows, and nobody reads any of them."""
    a, b = worker("a"), worker("b")
    for first, second, key in ((a, b, "x"), (b, a, "y")):
        first.get(expected(DATA), Script(DATA[:1000], asyncio.Event()), key=key)
        await followed(second.get(expected(DATA), Script(DATA), key=key))
        assert len(first.begun) == 1
    await asyncio.gather(a.downloads.finish_for_others(), b.downloads.finish_for_others())


async def test_one_that_stops_waits_for_those_that_follow(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    go = asyncio.Event()
    a.get(expected(DATA), Script(DATA[:200_000], go, DATA[200_000:], length=len(DATA)))
    unused = Script(DATA)
    reader = b.get(expected(DATA), unused).reader()
    start = await anext(reader)
    finishing = asyncio.create_task(a.downloads.finish_for_others())
    go.set()
    assert start + await read_all(reader) == DATA
    await finishing
    assert unused.requests == 0


async def test_a_follower_that_died_does_not_keep_the_file_from_another_upstream(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")

    fail = asyncio.Event()
    broken = Script(DATA[:200_000], fail, UpstreamUnreachable("a", "broke"), length=len(DATA))
    leading = a.get(expected(DATA), broken, Script(DATA, upstream="other"))
    file = b.get(expected(DATA), Script(DATA))
    await anext(file.reader())
    file.cancel()
    fail.set()
    assert await read_all(leading.reader()) == DATA
