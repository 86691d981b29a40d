"""Everything one upstream's requests have in common: its settings, its connections, its limits.

A request follows redirects by itself, because at every hop it is decided anew where it leads (``redirects``,
``reach``), what it carries (``credentials``) and which way it goes (``route``). Pages and files have
connections of their own, so that many slow downloads never keep a page waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from pyproxy import __version__
from pyproxy.errors import UpstreamError, UpstreamForbidden, UpstreamTimeout, UpstreamUnreachable
from pyproxy.net.addresses import Origin, origin_of, sendable
from pyproxy.net.client import CurlClient
from pyproxy.net.credentials import Credentials
from pyproxy.net.first_contact import FirstContacts, Turn
from pyproxy.net.incoming import is_redirect
from pyproxy.net.loop_guard import loop_header
from pyproxy.net.reach import Reach
from pyproxy.net.redirects import Kind, RedirectRules
from pyproxy.net.response import Receiver, ResponseHead
from pyproxy.net.route import Route
from pyproxy.net.seen_certificate import SeenCertificate
from pyproxy.net.transfer import Hop, Transfer, in_brackets
from pyproxy.settings import UpstreamSettings

CONNECTIONS = 128
"""Transfers of pages at a time and upstream, and as many of files; the next ones wait."""

# What a connection does not depend on.
_OTHER_SETTINGS = frozenset(
    {"index_path", "active", "index_ttl", "missing_ttl", "on_failure", "projects", "excluded_projects", "url"}
)


def user_agent(contact: str | None) -> str:
    """What we call ourselves (RFC 9110 section 10.1.5).

    ``contact`` is a URL at which an index's operators can find out whose server this is, if there is one.
    """
    return f"pyproxy/{__version__}" + (f" (+{contact})" if contact else " (caching package proxy)")


def same_connection_settings(a: UpstreamSettings, b: UpstreamSettings) -> bool:
    """Whether an `UpstreamConnection` for ``a`` may go on serving ``b``."""
    names = [field.name for field in fields(UpstreamSettings) if field.name not in _OTHER_SETTINGS]
    return a.origin == b.origin and all(getattr(a, name) == getattr(b, name) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request, the same for all its hops."""

    method: str
    headers: Mapping[str, str]
    receiver: Receiver
    kind: Kind
    first_byte_at: float | None
    first_byte_limit: str


@dataclass(frozen=True, slots=True)
class _Pool:
    """The connections for one kind of request."""

    client: CurlClient
    contacts: FirstContacts


class UpstreamConnection:
    """The way to one upstream, for as long as its connection settings stay the same.

    ``environ`` is read for proxies and authorities at each request; ``user_agent`` is sent as it is. ``certificate`` is
    the one that the upstream's own host showed last; ``clock`` is for that. ``connections``: so many for pages, and so
    many for files. Belongs to the event loop of its first request.
    """

    def __init__(
        self,
        settings: UpstreamSettings,
        *,
        environ: Mapping[str, str],
        user_agent: str,
        clock: Callable[[], float] = time.monotonic,
        connections: int = CONNECTIONS,
    ) -> None:
        self.settings = settings
        self._connections = connections
        self.certificate = SeenCertificate(clock)
        self._environ = environ
        self._user_agent = user_agent
        self._credentials = Credentials.of(settings)
        self._own = origin_of(settings.url)
        self._reach = Reach(self._own)
        self._pools: dict[Kind, _Pool] = {}
        self._under_way = 0
        self._close_when_idle = False

    async def request(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        receiver: Receiver,
        kind: Kind,
        first_byte_timeout: float | None = None,
        first_byte_limit: str = "",
        allow_http_downgrade: bool = False,
    ) -> ResponseHead:
        """Ask for a URL and follow its redirects; the answer goes to the receiver, its status is not judged.

        The answer must begin within ``first_byte_timeout`` seconds from now, redirects included (``None``: each hop
        within the stall timeout); ``first_byte_limit`` is what people know that limit by. Page bodies arrive decoded,
        file bodies as they are. ``allow_http_downgrade`` lets a file whose hash is listed come by http from an
        upstream with https. Raises UpstreamUnreachable (no connection,
        UpstreamTimeout, ConnectionBroken), UpstreamInvalidResponse (BrokenOff for a body cut short),
        UpstreamForbidden (a place where we do not go), and whatever the receiver raises.
        """
        loop = asyncio.get_running_loop()
        rules = RedirectRules(self.settings.name, kind, self.settings.redirect_hosts, allow_http_downgrade)
        asked = _Asked(
            method=method,
            headers=headers or {},
            receiver=receiver,
            kind=kind,
            first_byte_at=None if first_byte_timeout is None else loop.time() + first_byte_timeout,
            first_byte_limit=first_byte_limit,
        )
        try:
            url = sendable(url)
            rules.check_scheme(self._own[0], origin_of(url))
        except ValueError as error:
            raise UpstreamForbidden(self.settings.name, f"links an address that cannot be asked: {error}") from error
        self._under_way += 1
        try:
            return await self._follow(url, asked, rules)
        finally:
            self._under_way -= 1
            if self._close_when_idle and not self._under_way:
                self.close()

    async def _follow(self, url: str, asked: _Asked, rules: RedirectRules) -> ResponseHead:
        visited = [url]
        while True:
            head = await self._hop(visited[-1], asked)
            if not is_redirect(head):
                return head
            visited.append(rules.follow(visited, head.headers["location"]))

    async def _hop(self, url: str, asked: _Asked) -> ResponseHead:
        origin = origin_of(url)
        if not self._reach.admits_host(origin):
            await self._locate_upstream()
            if not self._reach.admits_host(origin):
                raise self._out_of_reach(origin)
        try:
            return await self._transfer(url, origin, asked)
        except _AddressRefused:
            # Only a file of an upstream that nobody has connected to yet can be refused without a look at the latter.
            await self._locate_upstream()
            if not self._reach.known_not_public:
                raise self._out_of_reach(origin) from None
            return await self._transfer(url, origin, asked)

    async def _transfer(self, url: str, origin: Origin, asked: _Asked) -> ResponseHead:
        settings = self.settings
        route = Route.of(url, settings, self._environ)
        pool = self._pool(asked.kind)
        turn = await self._turn(pool, origin, asked)

        def connected(address: str) -> UpstreamError | None:
            turn.stands()
            if route.proxy is not None:
                return None
            if origin == self._own:
                self._reach.learn(address)
            if self._reach.admits(origin, address):
                return None
            return self._out_of_reach(origin) if self._reach.knows_own_address else _AddressRefused(settings.name, "")

        hop = self._what_to_ask(url, asked, route, look_at_certificate=origin == self._own and self.certificate.wanted)
        transfer = Transfer(pool.client, hop, asked.receiver, connected)
        try:
            head = await transfer.run()
        except UpstreamUnreachable as error:
            turn.failed(error)
            raise
        finally:
            turn.over()
        pool.contacts.learn(origin, http2=transfer.http2)
        self.certificate.take(transfer.certificate)
        return head

    def _what_to_ask(self, url: str, asked: _Asked, route: Route, *, look_at_certificate: bool) -> Hop:
        settings = self.settings
        accepted = "gzip, deflate" if asked.kind == "page" else "identity"
        return Hop(
            upstream=settings.name,
            url=url,
            method=asked.method,
            headers={
                "Accept-Encoding": accepted,
                **loop_header(),
                **asked.headers,
                **self._credentials.headers(url),
            },
            user_agent=self._user_agent,
            route=route,
            connect_timeout_ms=settings.connect_timeout_ms,
            stall_timeout=settings.stall_timeout_ms / 1000,
            first_byte_at=asked.first_byte_at,
            first_byte_limit=asked.first_byte_limit,
            decode=asked.kind == "page",
            look_at_certificate=look_at_certificate,
        )

    async def _turn(self, pool: _Pool, origin: Origin, asked: _Asked) -> Turn:
        try:
            async with asyncio.timeout_at(asked.first_byte_at):
                return await pool.contacts.turn(origin)
        except TimeoutError as error:
            late = f"did not begin to answer in time{in_brackets('connect', asked.first_byte_limit)}"
            raise UpstreamTimeout(self.settings.name, late) from error

    async def _locate_upstream(self) -> None:
        """Look up where the upstream itself is, if no connection has told yet."""
        if self._reach.knows_own_address:
            return
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.settings.connect_timeout_ms / 1000):
                found = await loop.getaddrinfo(self._own[1], self._own[2])
        except (OSError, TimeoutError):
            return
        self._reach.learn(str(found[0][4][0]))

    def _out_of_reach(self, origin: Origin) -> UpstreamForbidden:
        where = f"{origin[1]}:{origin[2]}"
        return UpstreamForbidden(self.settings.name, f"leads to {where}, which is not at a public address", "address")

    def _pool(self, kind: Kind) -> _Pool:
        if kind not in self._pools:
            client = CurlClient(force_instance=True, max_clients=self._connections)
            self._pools[kind] = _Pool(client, FirstContacts())
        return self._pools[kind]

    def close_when_idle(self) -> None:
        """Let the connections go as soon as no request is under way; a late request still works."""
        self._close_when_idle = True
        if not self._under_way:
            self.close()

    def close(self) -> None:
        """Let the connections go now. Requests under way end as cancelled."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.client.close()


class _AddressRefused(UpstreamForbidden):
    """Refused while it was not known where the upstream itself is; never leaves this module."""
