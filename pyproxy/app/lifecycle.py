"""One server process from its start to its end: opens, serves, and stops without cutting anybody off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from tornado.httputil import HTTPServerConnectionDelegate

from pyproxy.admin.administration import Administration
from pyproxy.admin.history.recorder import Recorder
from pyproxy.admin.holdings import Holdings
from pyproxy.app.administration import OpenAdministration, open_administration
from pyproxy.app.bounded_server import BODIES, BoundedServer, Count
from pyproxy.app.chain import Chain
from pyproxy.app.collecting import keep_what_is_here
from pyproxy.app.draining import DRAIN_SECONDS
from pyproxy.app.holdings import holdings_of
from pyproxy.app.limits import possible_connections
from pyproxy.app.orders import Report, Supervised
from pyproxy.app.origin import Origin
from pyproxy.app.renewal import Renewal
from pyproxy.app.resources import Resources, open_resources
from pyproxy.app.signals import WorkerSignals
from pyproxy.app.templates import make_templates, resource_directory
from pyproxy.app.tls import KeyPair, ShownCertificate
from pyproxy.app.web import Checks, make_app
from pyproxy.config.model import Config, ServerConfig
from pyproxy.errors import StorageError
from pyproxy.handlers.base import Services
from pyproxy.handlers.static import StaticFiles
from pyproxy.net.health import PAUSES
from pyproxy.net.loop_guard import LoopGuard, new_name
from pyproxy.repositories.failure_records import FailureRecords
from pyproxy.repositories.observer import Observers
from pyproxy.repositories.packages import PackageRepository
from pyproxy.repositories.rendering import RenderedPages
from pyproxy.storage.activity import ActivityStore
from pyproxy.storage.directory import is_writable
from pyproxy.storage.history import HistoryStore
from pyproxy.storage.served import tell_served

log = logging.getLogger(__name__)

FINISH_SECONDS = 8.0
"""How long running responses may go on after a signal; the process promises to be gone after ten."""

CLOSE_SECONDS = 1.0
"""How long the closing itself may take after that."""


async def run(
    config: Config,
    sockets: list[socket.socket],
    *,
    tls: KeyPair | None,
    environ: Mapping[str, str],
    signals: WorkerSignals,
    supervised: Supervised,
    origin: Origin,
) -> None:
    """Serve on the sockets until a signal, the supervisor or its end; raises `PyproxyError` when it cannot begin."""
    loop, stop, leave = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    signals.hand_over(loop, stop.set)
    supervised.follow(loop, leave=leave.set, stop=stop.set)
    order = supervised.order
    server = await Server.start(config, sockets, tls=tls, environ=environ, name=order.name, origin=origin)
    keep_what_is_here()
    following = None
    if tls is not None:
        renewal = Renewal(config.server, tls, take=server.use_tls, clock=time.time, speaks=order.speaks)
        following = asyncio.create_task(renewal.follow())
    told = config.logging
    supervised.report(Report(workers=config.server.processes, log_level=told.level, log_format=told.format))
    await first_of(stop.wait(), leave.wait())
    if following is not None:
        following.cancel()
    if not stop.is_set():
        await server.leave(stop)
    await server.stop()


async def first_of(*endings: Coroutine[Any, Any, object], within: float | None = None) -> None:
    """Wait for one of them, so many seconds at most; the others are cancelled."""
    waiting = [asyncio.create_task(ending) for ending in endings]
    await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


class Server:
    """A running server; ``start`` makes one. The caller holds the lock of the storage directory."""

    def __init__(
        self,
        resources: Resources,
        chain: Chain,
        services: Services,
        http: BoundedServer,
        sampling: Coroutine[Any, Any, None],
        records: FailureRecords,
        recorder: Recorder,
        administration: OpenAdministration,
        holdings: Holdings,
        certificate: ShownCertificate,
    ) -> None:
        self.resources = resources
        self.services = services
        self._chain = chain
        self.http = http
        self.records = records
        self.recorder = recorder
        self._administration = administration
        self.holdings = holdings
        self._certificate = certificate
        self._replaced = False
        work: list[Coroutine[Any, Any, None]] = [
            *(chain.follow(self._take), resources.keep_up(), http.watch()),
            *(sampling, records.keep(), recorder.keep()),
        ]
        if resources.local is not None:
            work.append(resources.local.watch())
        self._background = [asyncio.get_running_loop().create_task(each) for each in work]

    @classmethod
    async def start(
        cls,
        config: Config,
        sockets: list[socket.socket],
        *,
        tls: KeyPair | None = None,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.time,
        rest_pauses: Sequence[float] = PAUSES,
        name: str | None = None,
        origin: Origin | None = None,
    ) -> Server:
        """Open everything and serve on the sockets; ``clock`` gives unix seconds, ``rest_pauses`` are `Health`'s.

        ``name``: the `LoopGuard`'s, a new one by default, as is ``origin``.
        """
        # Late, for it is decided before where figures are kept.
        from pyproxy.app.figures import Figures

        resources = open_resources(config, environ, clock)
        tell_served(config.storage.directory, resources.database.file)
        figures = Figures(config, resources)
        records = FailureRecords(resources.failures, clock)
        recorder = Recorder(HistoryStore(resources.database), ActivityStore(resources.database), clock)
        chain = Chain(
            resources,
            config.cache,
            contact=config.server.public_url,
            environ=environ,
            clock=clock,
            observer=Observers([figures.meters.upstreams, records, recorder]),
            project_list=config.project_list,
            rest_pauses=rest_pauses,
            alone=config.server.processes == 1,
        )
        certificate = ShownCertificate(tls)
        holdings = holdings_of(config, resources, chain, clock)
        administration = open_administration(
            config, environ, clock, origin or Origin(started_at=clock()), resources, certificate, holdings
        )
        static = StaticFiles(resource_directory("static"))
        services = _services(config, resources, chain, administration, static, clock, name or new_name())
        if resources.local is not None:
            await resources.local.scan()
        app = make_app(
            services,
            administration.administration,
            static=static,
            checks=_checks(config, resources),
            expose=figures.expose,
            count=figures.meters.clients.answered,
            record=recorder.answered,
            log_format=config.logging.format,
        )
        http = _http_server(app, config.server, tls, figures.meters.refused.count)
        http.add_sockets(sockets)
        sampling = figures.sampling(chain, services.requests)
        return cls(
            resources, chain, services, http, sampling, records, recorder, administration, holdings, certificate
        )

    @property
    def administration(self) -> Administration:
        """What its pages work with."""
        return self._administration.administration

    def use_tls(self, pair: KeyPair) -> None:
        """New connections get this one; those that there are keep theirs."""
        self._certificate.pair = pair
        self.http.ssl_options = pair.context

    async def leave(self, stop: asyncio.Event) -> None:
        """Take no new connections, others do; wait until those that there are have ended, or for ``stop``.

        A transfer from an upstream goes on for as long as another worker follows it.
        """
        self._replaced = True
        log.info("a replaced worker ends with the last of its connections: %d", self.http.connections)
        clock = asyncio.get_running_loop().time
        deadline = clock() + DRAIN_SECONDS
        await self.http.drain(stop)
        self.resources.lull.end()
        await first_of(self.resources.downloads.finish_for_others(), stop.wait(), within=max(0.0, deadline - clock()))

    async def stop(self, finish_seconds: float = FINISH_SECONDS) -> None:
        """Take no new connections, let running responses end, then close everything in reverse."""
        level = logging.DEBUG if self._replaced else logging.INFO
        log.log(level, "stopping: %d responses under way", self.services.requests.count)
        self.http.stop()
        try:
            async with asyncio.timeout(finish_seconds):
                await self.services.requests.finished()
                self.resources.lull.end()
                await self.resources.downloads.finish_for_others()
        except TimeoutError:
            if self.services.requests.count:
                cut = self.services.requests.count
                log.warning("%d responses are cut off: a stop waits for %g s, a fixed limit", cut, finish_seconds)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.http.close_all_connections()
                await self.holdings.close()
                self.resources.lull.end()  # also where responses were cut off
                await self._chain.close()
                self.resources.database.stop_waiting()
                await self.records.flush()
                await self.recorder.flush()
                await asyncio.to_thread(self._administration.close)
                await self.resources.close()
        log.log(level, "stopped")

    def _take(self, repository: PackageRepository) -> None:
        self.services.repository = repository


def _http_server(
    app: HTTPServerConnectionDelegate, settings: ServerConfig, tls: KeyPair | None, count: Count
) -> BoundedServer:
    return BoundedServer(
        app,
        most=settings.max_connections or possible_connections(),
        idle_seconds=settings.idle_timeout,
        count=count,
        max_header_size=settings.max_header_size,
        ssl_options=tls.context if tls is not None else None,
    )


def _services(
    config: Config,
    resources: Resources,
    chain: Chain,
    administration: OpenAdministration,
    static: StaticFiles,
    clock: Callable[[], float],
    name: str,
) -> Services:
    return Services(
        repository=chain.current,
        rendered=RenderedPages(resources.workshop),
        workshop=resources.workshop,
        templates=make_templates(static),
        clock=clock,
        admit=LoopGuard(name).admit,
        readers=None if config.access.anonymous_read else administration.administration.credentials,
        public_url=config.server.public_url,
        trusted_proxies=config.server.trusted_proxies,
        accel_redirect=config.server.accel_redirect,
        max_header_size=config.server.max_header_size,
        max_body_size=config.server.max_body_size,
        body_seconds=BODIES * config.server.idle_timeout,
    )


def _checks(config: Config, resources: Resources) -> Checks:
    def database() -> str | None:
        try:
            resources.upstreams.revision()
        except StorageError as error:
            log.error("not ready: %s", error)
            return "the database cannot be used: the server's log says more"
        if (loss := resources.database.file.loss()) is not None:
            # What is open can be used until the end of this process, and then it is lost.
            gone = resources.database.path
            log.error("not ready: %s was %s; what changes now is lost with the next start", gone, loss)
            return f"the database was {loss}: the server's log says more"
        return "the database is damaged: the server's log says more" if resources.database.damaged else None

    # Anybody may ask, so where things are on this machine is for the log.
    def storage() -> str | None:
        if is_writable(config.storage.directory):
            return None
        log.error("not ready: %s cannot be written", config.storage.directory)
        return "the storage directory cannot be written: the server's log says more"

    return {"database": database, "storage": storage}
