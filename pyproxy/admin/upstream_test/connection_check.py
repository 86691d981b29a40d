"""The first steps: is the upstream's host found, does it accept a connection, is its certificate trusted?"""

from __future__ import annotations

import datetime
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlsplit

from pyproxy.admin.upstream_test.certificates import DAYS_OF_WARNING, Chain, described, distrusted
from pyproxy.admin.upstream_test.conditions import Conditions
from pyproxy.admin.upstream_test.refusals import explained
from pyproxy.admin.upstream_test.steps import Begins, Step
from pyproxy.errors import UpstreamError, UpstreamTimeout
from pyproxy.net.certificates import Authorities, named_by
from pyproxy.net.contact import Contact, Stage, StageName
from pyproxy.net.reach import literal_address
from pyproxy.net.route import Route
from pyproxy.settings import UpstreamSettings

NAMES: dict[StageName, str] = {"look-up": "name look-up", "connect": "connect", "TLS": "TLS"}

PATIENCE_MS = 10_000
"""How long a second try waits where the first one ran into a shorter connect timeout."""

TIGHT = 0.5
"""A connection that takes more than this part of its time limit will fail on a bad day."""


class ConnectionCheck:
    """Walks through one connection; ``stands`` tells afterwards whether anything can be asked."""

    def __init__(self, settings: UpstreamSettings, conditions: Conditions, begins: Begins) -> None:
        self.stands = False
        self._settings = settings
        self._conditions = conditions
        self._begins = begins
        self._route = Route.of(settings.index_url, settings, conditions.environ)
        self._host = settings.origin[1]
        self._reached: list[Stage] = []

    async def steps(self) -> AsyncGenerator[Step]:
        """The steps, each as it ends; none after one that failed."""
        contact = self._contact(self._settings.connect_timeout_ms)
        self._begins(NAMES["look-up"])
        try:
            async with aclosing(contact.stages()) as stages:
                async for stage in stages:
                    self._reached.append(stage)
                    yield self._passed(stage, contact) if stage.name != "TLS" else await self._secured(stage, contact)
                    if following := self._missing():
                        self._begins(NAMES[following])
        except UpstreamError as error:
            yield await self._failed(error, contact)
            return
        if self._settings.origin[0] == "http":
            yield Step(NAMES["TLS"], "skipped", None, "the URL is http: nothing is encrypted")
        self.stands = True
        if tight := self._tight():
            yield tight

    def _contact(self, connect_timeout_ms: int, route: Route | None = None) -> Contact:
        settings = self._settings
        return Contact(settings.name, settings.index_url, route or self._route, connect_timeout_ms=connect_timeout_ms)

    def _missing(self) -> StageName | None:
        """The stage that comes next."""
        names: list[StageName] = ["look-up", "connect", "TLS"] if self._encrypted else ["look-up", "connect"]
        return names[len(self._reached)] if len(self._reached) < len(names) else None

    @property
    def _encrypted(self) -> bool:
        return self._settings.origin[0] == "https"

    def _passed(self, stage: Stage, contact: Contact) -> Step:
        name = NAMES[stage.name]
        if stage.name == "connect":
            through = f"the outbound proxy {self._route.proxy.url} at " if self._route.proxy else ""
            return Step(name, "ok", stage.seconds, f"connected to {through}{contact.address}")
        if self._route.proxy:
            proxy = urlsplit(self._route.proxy.url).hostname
            return Step(name, "ok", stage.seconds, f"the outbound proxy {proxy} was found; it looks up {self._host}")
        if literal_address(self._host):
            return Step(name, "skipped", None, f"{self._host} needs none")
        return Step(name, "ok", stage.seconds, f"{self._host} was found")

    async def _secured(self, stage: Stage, contact: Contact) -> Step:
        name = NAMES["TLS"]
        if not self._settings.verify_ssl:
            return Step(name, "warning", stage.seconds, *await self._if_it_were_checked(contact))
        chain = Chain(contact.certificates)
        found = described(chain, contact.tls_version)
        left = (chain.ends - self._now()).days if chain else DAYS_OF_WARNING
        if left < DAYS_OF_WARNING:
            advice = "have the certificate renewed at the upstream: from then on nothing new can be fetched"
            return Step(name, "warning", stage.seconds, f"{found}, in {left} days", advice)
        return Step(name, "ok", stage.seconds, found)

    async def _failed(self, error: UpstreamError, contact: Contact) -> Step:
        stage = self._missing() or "TLS"
        if contact.certificate_problem is not None:
            return await self._distrusted(contact.certificate_problem)
        if isinstance(error, UpstreamTimeout):
            return await self._too_late(stage)
        found, advice = explained(error, self._settings)
        name = "outbound proxy" if "outbound proxy" in found else NAMES[stage]
        return Step(name, "failed", None, found, advice or self._advice(stage, error.reason))

    async def _distrusted(self, problem: str) -> Step:
        """Look at what the server shows, on a connection on which nothing is sent."""
        unchecked = await self._second_contact(verify=False)
        found, advice = self._why_distrusted(problem, Chain(unchecked.certificates))
        return Step(NAMES["TLS"], "failed", None, found, advice)

    async def _if_it_were_checked(self, contact: Contact) -> tuple[str, str]:
        """With verify_ssl off: whether it could be on, and what that would take."""
        chain = Chain(contact.certificates)
        found = described(chain, contact.tls_version)
        problem = (await self._second_contact(verify=True)).certificate_problem
        if problem is None:
            return f"{found}; it was not checked, but would be trusted", "set verify_ssl=true"
        why, advice = self._why_distrusted(problem, chain)
        return f"{found}; it was not checked, and would be refused: {why}", f"{advice}; then set verify_ssl=true"

    async def _second_contact(self, *, verify: bool) -> Contact:
        """Another connection, without our certificate, that is only looked at."""
        route = Route(
            proxy=self._route.proxy,
            authorities=Authorities(self._route.authorities.path, verify=verify),
            client_certificate=None,
            client_key=None,
        )
        contact = self._contact(max(self._settings.connect_timeout_ms, PATIENCE_MS), route)
        await _seconds_of(contact)
        return contact

    def _why_distrusted(self, problem: str, chain: Chain) -> tuple[str, str]:
        authorities = named_by(self._settings, self._conditions.environ)
        return distrusted(problem, chain, self._host, authorities, self._now())

    async def _too_late(self, stage: StageName) -> Step:
        """The time limit was reached: try once more with patience, to know whether it is the limit that is wrong."""
        limit = self._settings.connect_timeout_ms
        found = f"no answer within connect_timeout_ms={limit}"
        if limit < PATIENCE_MS:
            self._begins(f"{NAMES[stage]}, once more with {PATIENCE_MS / 1000:g} s")
            seconds = await _seconds_of(self._contact(PATIENCE_MS))
            if seconds is not None:
                wanted = max(2 * limit, round(seconds * 3000))
                found += f"; a second try with {PATIENCE_MS / 1000:g} s took {seconds:.2f} s"
                return Step(NAMES[stage], "failed", limit / 1000, found, f"set connect_timeout_ms={wanted}")
            found += f", nor within {PATIENCE_MS / 1000:g} s"
        return Step(NAMES[stage], "failed", limit / 1000, found, self._advice(stage, ""))

    def _advice(self, stage: StageName, reason: str) -> str | None:
        if self._route.proxy is not None:
            if "407" in reason:
                return "set the user name and password in http_proxy (http://user:password@host:port)"
            return "check http_proxy, or the environment's http_proxy and https_proxy; http_proxy=none goes directly"
        if stage == "look-up":
            return (
                "check the host name in url and this machine's name servers; where only an outbound proxy leads "
                "outside, set http_proxy"
            )
        if stage == "connect":
            return (
                "check host and port in url, whether the server runs, and firewalls on the way; where only an outbound "
                "proxy leads outside, set http_proxy"
            )
        if "wrong version number" in reason or "packet length" in reason:
            return "the port does not speak TLS: write http:// in url, or the port that does"
        return "check that the port in url speaks TLS"

    def _tight(self) -> Step | None:
        taken = sum(stage.seconds for stage in self._reached)
        limit = self._settings.connect_timeout_ms
        if taken * 1000 < TIGHT * limit:
            return None
        found = f"name look-up, connect and TLS took {taken:.2f} s of the {limit / 1000:g} s of connect_timeout_ms"
        return Step("connect timeout", "warning", taken, found, f"set connect_timeout_ms={round(taken * 4000)}")

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._conditions.clock(), datetime.UTC)


async def _seconds_of(contact: Contact) -> float | None:
    """How long a connection takes; ``None`` if it fails."""
    seconds = 0.0
    try:
        async with aclosing(contact.stages()) as stages:
            async for stage in stages:
                seconds += stage.seconds
    except UpstreamError:
        return None
    return seconds
