"""Clients of a server that may die under them at any moment, and what it has promised to each of them.

Everything is a `Load`: it asks without pause, compares every whole answer with what it must be, and remembers which
changes were acknowledged. A connection that breaks is nobody's mistake.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

JSON_TYPE = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of the upstream; ``hashed``: its page lists the sha256."""

    project: str
    filename: str
    content: bytes
    hashed: bool

    @property
    def path(self) -> str:
        """The address at the proxy."""
        sha256 = f"{hashlib.sha256(self.content).hexdigest()}/" if self.hashed else ""
        return f"/files/{self.project}/{sha256}{self.filename}"


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer that came to its end."""

    status: int
    body: bytes


@dataclass(slots=True)
class Promised:
    """Upstreams by name with their ``index_ttl`` in minutes, as the server has acknowledged them.

    ``doubtful`` is the change that was under way when it died: a name, and what it would have become (``None``: gone).
    """

    upstreams: dict[str, int] = field(default_factory=dict)
    doubtful: tuple[str, int | None] | None = None
    count: int = 0

    def settle(self, found: Mapping[str, int]) -> None:
        """What a new server shows must be what was promised; the doubtful change came about as a whole, or not."""
        if self.doubtful is not None:
            name, value = self.doubtful
            changed = {each: ttl for each, ttl in self.upstreams.items() if each != name}
            if value is not None:
                changed[name] = value
            if found == changed:
                self.upstreams = changed
        assert found == self.upstreams
        self.doubtful = None


class Load:
    """``token`` is of an administrator; ``dice`` decides who does what."""

    def __init__(self, wheels: Sequence[Wheel], token: str, dice: random.Random) -> None:
        self.port = 0
        self.promised = Promised()
        self.right = 0
        self._wheels = wheels
        self._token = token
        self._dice = dice

    async def run(self, clients: int) -> None:
        """Go on until the server is gone."""
        work = [self._files] * clients + [self._pages, self._changes, self._purges]
        await asyncio.gather(*(self._until_it_breaks(each) for each in work))

    async def _until_it_breaks(self, step: Callable[[], Awaitable[None]]) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await step()

    async def _files(self) -> None:
        wheel = self._dice.choice(self._wheels)
        answer = await self.ask("GET", wheel.path)
        assert answer.status == HTTPStatus.OK, (wheel.path, answer)
        assert answer.body == wheel.content, f"wrong bytes of {wheel.filename}"
        self.right += 1

    async def _pages(self) -> None:
        project = self._dice.choice(self._wheels).project
        answer = await self.ask("GET", f"/simple/{project}/", accept=JSON_TYPE)
        assert answer.status == HTTPStatus.OK, (project, answer)
        listed = {entry["filename"]: entry["hashes"].get("sha256") for entry in json.loads(answer.body)["files"]}
        for wheel in self._wheels:
            if wheel.project == project:
                known = {hashlib.sha256(wheel.content).hexdigest(), None if not wheel.hashed else ""}
                assert listed[wheel.filename] in known, (project, listed)

    async def _purges(self) -> None:
        await asyncio.sleep(self._dice.uniform(0.0, 0.05))
        wheel = self._dice.choice(self._wheels)
        filename = self._dice.choice(("", f"/files/{wheel.filename}"))
        answer = await self.api("DELETE", f"/projects/{wheel.project}{filename}")
        assert answer.status < HTTPStatus.BAD_REQUEST, answer

    async def _changes(self) -> None:
        promised, minutes = self.promised, self._dice.randrange(1, 1000)
        await asyncio.sleep(self._dice.uniform(0.0, 0.02))
        known = self._dice.choice([*promised.upstreams, *("",) * 4])
        value: int | None = minutes
        if not known:
            promised.count += 1
            known = f"added-{promised.count}"
            promised.doubtful = known, value
            settings = {"name": known, "url": "https://pypi.example.org/", "active": False}
            answer = await self.api("POST", "/upstreams", {**settings, "index_ttl": f"{minutes}m"})
        elif self._dice.random() < 0.3:
            value = None
            promised.doubtful = known, value
            answer = await self.api("DELETE", f"/upstreams/{known}")
        else:
            promised.doubtful = known, value
            answer = await self.api("PATCH", f"/upstreams/{known}", {"index_ttl": f"{minutes}m"})
        assert answer.status < HTTPStatus.BAD_REQUEST, answer
        promised.upstreams.pop(known, None)
        if value is not None:
            promised.upstreams[known] = value
        promised.doubtful = None

    async def shown(self) -> dict[str, int]:
        """The upstreams that were added, as the server shows them."""
        answer = await self.api("GET", "/upstreams?limit=1000")
        items = json.loads(answer.body)["items"]
        return {each["name"]: int(each["index_ttl"] // 60) for each in items if each["name"].startswith("added-")}

    async def api(self, method: str, path: str, body: object = None) -> Whole:
        """One request to the JSON API."""
        headers = {"Authorization": f"Bearer {self._token}", "If-Match": "*", "Content-Type": "application/json"}
        return await self.ask(method, f"/api/v1{path}", b"" if body is None else json.dumps(body).encode(), **headers)

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Whole:
        """One whole answer; raises `OSError` or `IncompleteReadError` where it does not come to its end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            lines = [f"{method} {path} HTTP/1.1", "Host: test", "Connection: close", f"Content-Length: {len(body)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            if "transfer-encoding: chunked" in head:
                received = b""
                while size := int(await reader.readuntil(b"\r\n"), 16):
                    received += (await reader.readexactly(size + 2))[:-2]
                await reader.readexactly(2)
            else:
                _, found, length = head.partition("content-length: ")
                received = await reader.readexactly(int(length.partition("\r\n")[0]) if found else 0)
            return Whole(int(head.split(" ")[1]), received)
        finally:
            writer.close()
