"""A proxy that holds something, and what its pages show of it."""

from __future__ import annotations

import re
from html import unescape

from pyproxy.storage.audit import AuditLog, Entry
from tests.http.admin.browser import Page
from tests.http.administration import database_of
from tests.http.calls import idle
from tests.http.proxy import Proxy

LARGEST_PAGE = 100_000
"""Bytes of HTML that any page may have."""


async def fetch(proxy: Proxy, project: str, filename: str) -> None:
    """Install a file through the proxy, and wait until it is kept."""
    answer = await proxy.file(project, filename)
    assert answer.status == 200
    await idle(proxy)
    await proxy.server.resources.files.flush_uses()


def audited(proxy: Proxy) -> list[Entry]:
    """What the audit log says, the newest first, without the making of accounts."""
    with database_of(proxy) as database:
        entries = AuditLog(database, proxy.clock).entries()
    return [entry for entry in entries if entry.actor.origin == "page"]


def rows(page: Page) -> list[str]:
    """The words of each line of the tables."""
    found = re.findall(r"<tr\b.*?</tr>", page.text, flags=re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in found]


def links(page: Page) -> list[str]:
    """Where the links of a page lead, as they stand there."""
    return [unescape(href) for href in re.findall(r'<a [^>]*href="([^"]*)"', page.text)]
