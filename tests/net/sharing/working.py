"""Several processes on one storage directory, in the test's own loop: real locks, sockets and files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from pyproxy.net.allowance import Allowance
from pyproxy.net.arriving_file import ArrivingFile, FileReader
from pyproxy.net.download import Download
from pyproxy.net.downloads import Downloads
from pyproxy.net.sharing.copies import Whole
from pyproxy.net.sharing.processes import Processes
from pyproxy.net.verification import Expected
from pyproxy.storage.claims import Claims
from tests.net.scripted_bodies import FileSink, FullDisk, Kept, Script, until


class Worker:
    """One process's downloads. ``new_sink`` makes the file of each one that it fetches, ``keeping`` what is done then;
    ``kept`` is what it has kept, ``begun`` what it has fetched. ``allowance`` is `Download`'s."""

    def __init__(self, storage: Path, name: str, **seconds: float) -> None:
        self.folder = storage / "tmp" / name
        self.folder.mkdir(parents=True)
        self.processes = Processes(Claims(storage), self.folder, **seconds)
        self.downloads = Downloads(self.processes)
        self.new_sink: Callable[[], FileSink | FullDisk | None] = lambda: FileSink(self._new_folder())
        self.keeping: Callable[[FileSink | FullDisk | None], Kept] = Kept
        self.allowance: Allowance | None = None
        self.begun: list[Download] = []
        self._kept: list[Kept] = []

    @property
    def kept(self) -> list[tuple[str, int]]:
        return [call for kept in self._kept for call in kept.calls]

    def get(self, expected: Expected, *scripts: Script, found: Whole | None = None, key: str = "key") -> ArrivingFile:
        def begin() -> Download:
            kept = self.keeping(self.new_sink())
            self._kept.append(kept)
            sources = [script.source for script in scripts]
            self.begun.append(Download(expected, sources, kept.sink, on_verified=kept, allowance=self.allowance))
            return self.begun[-1]

        return self.downloads.join_or_start(key, begin, filename=expected.filename, kept=lambda: found)

    async def dies(self) -> None:
        """As the others see a process that is killed: its connections end and its claims are free."""
        await self.processes.close()

    async def close(self) -> None:
        await self.downloads.close()
        self.forget()

    def _new_folder(self) -> Path:
        folder = self.folder / str(len(self.begun))
        folder.mkdir(exist_ok=True)
        return folder

    def forget(self) -> None:
        """Let go of what has been fetched."""
        for kept in self._kept:
            if kept.sink is not None:
                kept.sink.discard()
        self._kept.clear()
        self.begun.clear()


async def followed(file: ArrivingFile) -> ArrivingFile:
    """Wait until a process that follows has been told of the file; works where its size is listed."""
    await until(lambda: file.size is not None)
    return file


async def read_up_to(reader: FileReader, count: int) -> bytes:
    """At least so many bytes, to the end of a chunk."""
    got = b""
    while len(got) < count:
        got += await anext(reader)
    return got


async def quiet(*workers: Worker) -> None:
    """Wait until nothing is under way."""
    await until(lambda: not any(len(worker.downloads) for worker in workers))
    await asyncio.gather(*(worker.processes.told() for worker in workers))
