"""A browser without JavaScript: keeps cookies, sends the forms that pages have, follows where it is led."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin

from argon2 import PasswordHasher

from pyproxy.storage.accounts import AccountStore, Role
from tests.http.administration import database_of
from tests.http.proxy import Proxy

NAME, PASSWORD = "ada", "correct horse battery"

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""A hash says itself how it was made, so hundreds of tests need not each take the 64 MiB of a real one."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer; ``text`` is its body, ``path`` where it was asked for."""

    status: int
    headers: http.client.HTTPMessage
    text: str
    path: str

    @property
    def location(self) -> str:
        """Where it leads, as a path of the server."""
        return urljoin(self.path, self.headers["Location"] or "")

    @property
    def words(self) -> str:
        """What a reader sees: without tags, white space folded."""
        without = re.sub(r"<(script|style|title)\b.*?</\1>|<[^>]+>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(without).split())


@dataclass(slots=True)
class Browser:
    """One visitor of the proxy's pages."""

    proxy: Proxy
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        """A page; redirects are not followed."""
        return await self.send("GET", path, headers=headers)

    async def submit(
        self,
        path: str,
        fields: Mapping[str, str] | list[tuple[str, str]] = (),  # type: ignore[assignment]
        *,
        form_on: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Post a form to ``path`` with the token that the page ``form_on`` (the same one) has in it."""
        page = await self.get(form_on or path)
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        body = urlencode([("_xsrf", xsrf_of(page)), *pairs]).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return await self.send("POST", path, body, sent)

    async def follow(self, page: Page) -> Page:
        """The page that a redirect leads to."""
        assert page.status in (301, 302, 303), (page.status, page.words)
        return await self.get(page.location.partition("#")[0])

    async def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Page:
        """One request with the cookies so far."""
        sent = {"Accept": "text/html,application/xhtml+xml", **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        run = asyncio.get_running_loop().run_in_executor
        page = await run(None, _request, self.proxy.port, method, path, body, sent)
        for line in page.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return page


async def signed_in(proxy: Proxy, name: str = NAME, role: Role = "admin", password: str = PASSWORD) -> Browser:
    """A browser of a new account, signed in."""
    add_account(proxy, name, role, password)
    browser = Browser(proxy)
    page = await browser.submit("/admin/sign-in", {"name": name, "password": password})
    assert page.status == 303, page.words
    return browser


def add_account(proxy: Proxy, name: str = NAME, role: Role = "admin", password: str = PASSWORD) -> None:
    """An account, made beside the server as the command does it."""
    with database_of(proxy) as database:
        AccountStore(database).add(name, role, CHEAP.hash(password), proxy.clock(), lambda _: None)


def xsrf_of(page: Page) -> str:
    """The token of the page's forms; a wrong one where there is no form."""
    found = re.search(r'name="_xsrf" value="([^"]*)"', page.text)
    return unescape(found[1]) if found else secrets.token_hex(8)


def _request(port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Page:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Page(response.status, response.headers, response.read().decode(), path)
