"""Everything that an upstream can do wrong here, each of it switched on and off around a request.

A failure is a value of the table in ``table.py``; ``cause`` is what the reason phrase must say of it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.upstream.exchange import Exchange
from tests.upstream_server import (
    Append,
    Behaviour,
    BlackHole,
    Chunked,
    Corrupt,
    Empty,
    Portal,
    Raw,
    Redirect,
    Reset,
    Silence,
    Stall,
    Status,
    Truncate,
    UpstreamServer,
)


@dataclass
class Stage:
    """What failures act upon: the upstream, the environment's proxy that finds its name, and spare certificates."""

    server: UpstreamServer
    environ: dict[str, str]
    good_tls: ssl.SSLContext
    bad_tls: ssl.SSLContext
    elsewhere: UpstreamServer


class Failure(Protocol):
    """``begin`` makes the upstream fail so, ``end`` makes all well again."""

    async def begin(self, stage: Stage) -> None: ...

    async def end(self, stage: Stage) -> None: ...


@dataclass(frozen=True)
class Behaves:
    """The upstream answers every request so, or those below a path."""

    behaviour: Behaviour
    below: str = "/"

    async def begin(self, stage: Stage) -> None:
        stage.server.behave(self.below, self.behaviour)

    async def end(self, stage: Stage) -> None:
        stage.server.clear_behaviours()


@dataclass(frozen=True)
class Refuses:
    """Nobody listens."""

    async def begin(self, stage: Stage) -> None:
        await stage.server.stop()

    async def end(self, stage: Stage) -> None:
        await stage.server.restart()


@dataclass
class Swallows:
    """Packets vanish: a connection is neither accepted nor refused."""

    holes: list[BlackHole] = field(default_factory=list)

    async def begin(self, stage: Stage) -> None:
        await stage.server.stop()
        self.holes.append(BlackHole(stage.server.port))

    async def end(self, stage: Stage) -> None:
        while self.holes:
            self.holes.pop().close()
        await stage.server.restart()


@dataclass
class Nameless:
    """Its name cannot be found: the outbound proxy that knew it is gone."""

    proxies: list[str] = field(default_factory=list)

    async def begin(self, stage: Stage) -> None:
        self.proxies.append(stage.environ.pop("http_proxy"))

    async def end(self, stage: Stage) -> None:
        if self.proxies:
            stage.environ["http_proxy"] = self.proxies.pop()


@dataclass(frozen=True)
class Untrusted:
    """Its certificate vouches for itself."""

    async def begin(self, stage: Stage) -> None:
        await stage.server.restart(stage.bad_tls)

    async def end(self, stage: Stage) -> None:
        await stage.server.restart(stage.good_tls)


@dataclass(frozen=True)
class LeadsAway:
    """It redirects whatever is asked to another host, which answers with a web page."""

    async def begin(self, stage: Stage) -> None:
        stage.elsewhere.behave("/", Portal())
        stage.server.behave("/", Redirect(f"http://localhost:{stage.elsewhere.port}/login"))

    async def end(self, stage: Stage) -> None:
        stage.server.clear_behaviours()


@dataclass(frozen=True)
class Halfway:
    """It happens in the middle of the body, whatever its length."""

    behaviour: Callable[[int], Behaviour]

    async def serve(self, exchange: Exchange) -> None:
        await self.behaviour(len(exchange.answer.body) // 2).serve(exchange)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One failure, and what people are told of it. ``cause`` is said of pages, ``of_files`` of files, where it differs.

    ``patience`` is in milliseconds, short where the failure is that nothing comes. ``silent``: not even the beginning
    of an answer does, so that the look-up's time is what ends it. ``scheme`` and ``named`` tell how the upstream is
    addressed.
    """

    failure: Failure
    cause: str
    of_files: str = ""
    patience: int = 5000
    silent: bool = False
    scheme: str = "http"
    named: bool = False


SHORT = 500


def _behaves(behaviour: Behaviour, cause: str, of_files: str = "", *, patience: int = 5000) -> Row:
    return Row(failure=Behaves(behaviour), cause=cause, of_files=of_files, patience=patience)


def _shorter(after: int) -> Behaviour:
    return Truncate(after, content_length=False)


ROWS: dict[str, Row] = {
    "refuses connections": Row(failure=Refuses(), cause="refused the connection"),
    "swallows connections": Row(failure=Swallows(), cause="did not", patience=SHORT),
    "has a name nobody finds": Row(failure=Nameless(), cause="host name that cannot be found", named=True),
    "is not to be trusted": Row(failure=Untrusted(), cause="certificate that is not trusted", scheme="https"),
    "accepts and is silent": Row(failure=Behaves(Silence()), cause="did not", patience=SHORT, silent=True),
    "stalls after its headers": _behaves(Stall(0), "sent no byte", patience=SHORT),
    "stalls half-way": _behaves(Halfway(Stall), "sent no byte", patience=SHORT),
    "resets before it answers": _behaves(Reset(), "connection"),
    "resets after its headers": _behaves(Reset(0), "reset the connection"),
    "resets half-way": _behaves(Halfway(Reset), "reset the connection"),
    "ends half-way": _behaves(Halfway(Truncate), "broke off the body"),
    "ends half-way, length unsaid": _behaves(Halfway(_shorter), "no index page", "bytes"),
    "ends half-way between chunks": _behaves(Halfway(lambda n: Chunked(after=n)), "broke off the body"),
    "sends an empty body": _behaves(Empty(), "no index page", "bytes"),
    "sends more than there is": _behaves(Append(), "no index page", "bytes"),
    "sends more, length unsaid": _behaves(Append(content_length=False), "no index page", "bytes"),
    "sends files with a wrong end": Row(failure=Behaves(Corrupt(-1), "/packages/"), cause="", of_files="other bytes"),
    "is silent about its files": Row(
        failure=Behaves(Silence(), "/packages/"), cause="", of_files="did not begin to answer", patience=SHORT
    ),
    "lacks its files": Row(failure=Behaves(Status(404), "/packages/"), cause=""),
    "fails in its JSON API": Row(failure=Behaves(Status(500), "/pypi/"), cause=""),
    "has no JSON API": Row(failure=Behaves(Status(404), "/pypi/"), cause=""),
    "answers 401": _behaves(Status(401), "answered 401 Unauthorized"),
    "answers 403": _behaves(Status(403), "answered 403 Forbidden"),
    "answers 404": _behaves(Status(404), ""),
    "answers 410": _behaves(Status(410), ""),
    "answers 429": _behaves(Status(429, headers={"Retry-After": "30"}), "answered 429 Too Many Requests"),
    "answers 500": _behaves(Status(500), "answered 500 Internal Server Error"),
    "answers 503": _behaves(Status(503), "answered 503 Service Unavailable"),
    "speaks no HTTP": _behaves(Raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "no HTTP"),
    "answers a login page": _behaves(Portal(), "no index page", "bytes"),
    "leads elsewhere": Row(failure=LeadsAway(), cause="redirects the page to localhost", of_files="bytes"),
}
