"""Some of a project's files, and sums over all of them."""

from __future__ import annotations

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.project_files import ProjectFiles
from pyproxy.storage.use_days import Amount
from tests.storage.conftest import Clock, OpenStore
from tests.storage.keeping import keep, sha256_of

X = NormalizedName("x")


async def test_names_are_counted_and_bytes_once(database: Database, open_store: OpenStore) -> None:
    files = open_store(None)
    await keep(files, b"1234", "x-1.whl")
    await keep(files, b"1234", "x-1b.whl")
    await keep(files, b"123456", "x-2.whl")
    await keep(files, b"12345678", "y-1.whl", "y")
    found = ProjectFiles(database)
    assert found.amount(X) == Amount(3, 10)
    assert found.amount(NormalizedName("z")) == Amount()
    assert sorted(found.keys(X)) == sorted(
        f"{sha256_of(content)} {name}"
        for content, name in ((b"1234", "x-1.whl"), (b"1234", "x-1b.whl"), (b"123456", "x-2.whl"))
    )


async def test_those_kept_last_and_those_of_some_names_are_told_whole(
    database: Database, open_store: OpenStore, clock: Clock
) -> None:
    files = open_store(None)
    for name in ("c", "b", "a"):
        clock.now += 1
        await keep(files, name.encode(), f"{name}.whl")
    files.note_use(sha256_of(b"a"), clock.now + 9)
    await files.flush_uses()
    found = ProjectFiles(database)
    assert [file.filename for file in found.last_kept(X, 2)] == ["a.whl", "b.whl"]
    assert [file.filename for file in found.last_kept(X, -1)] == ["a.whl", "b.whl", "c.whl"]
    [file] = found.named(X, ["a.whl", "nothing", "%"])
    assert (file.size, file.sha256, file.uses, file.last_used) == (1, sha256_of(b"a"), 1, clock.now + 9)
    assert file.hashes == {"sha256": sha256_of(b"a")}
