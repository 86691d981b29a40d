"""A server of its own with a scripted upstream, and the windows in which its pages are looked at."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page

from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.desk import Desk
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.accounts import AccountStore, Role
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.browser.chromium import TOO_LONG_MS, Watch
from tests.clients.server import PyproxyServer
from tests.clients.upstream_thread import UpstreamThread
from tests.waiting import wait_until

T = TypeVar("T")

NAME, PASSWORD = "ada", "correct horse battery"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1200, "height": 800}


@dataclass(frozen=True, slots=True)
class Window:
    """One page in a browser of its own, and what happens in it."""

    page: Page
    watch: Watch

    def open(self, path: str) -> Page:
        """Go to an address of the server, such as ``admin/settings``."""
        self.page.goto(f"/{path}")
        return self.page

    def fill(self, **fields: str) -> None:
        """Type into fields by their names."""
        for name, text in fields.items():
            self.page.fill(f"[name={name}]", text)

    def sign_in(self, name: str = NAME) -> None:
        """On the page for it."""
        self.fill(name=name, password=PASSWORD)
        self.page.click("button.main")

    @property
    def heading(self) -> str:
        """What the page says it is."""
        return self.page.inner_text("h1")

    @property
    def place(self) -> str:
        """The address below the server."""
        return re.sub(r"^https?://[^/]+", "", self.page.url)

    def close(self) -> None:
        """Close it, and say what should not have happened in it."""
        self.page.context.close()
        assert self.watch.complaints == []


@dataclass(slots=True)
class Site:
    """``states`` are the cookies of signed-in browsers by account, for windows of theirs."""

    server: PyproxyServer
    upstream: UpstreamThread
    browser: Browser
    states: dict[str, Any] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def set_up_link(self) -> str:
        """The last one that the server printed."""
        return re.findall(r"make the first one at (\S+)", self.server.log)[-1]

    def window(self, who: str = NAME, *, expected: Set[int] = frozenset(), **options: Any) -> Window:
        """A new one, in which ``who`` is signed in (empty: nobody); closed with the site.

        ``expected`` are `Watch`'s, ``options`` Playwright's for a context.
        """
        usual = {"viewport": DESK, "base_url": self.url, "storage_state": self.states.get(who)}
        context = self.browser.new_context(**{**usual, **options})
        context.set_default_timeout(TOO_LONG_MS)
        watch = Watch(self.url, set(expected))
        watch.attach(context)
        self.windows.append(Window(context.new_page(), watch))
        return self.windows[-1]

    def sign_up(self) -> None:
        """Make the first account through the link, as people do; windows are signed in from now on."""
        window = self.window("")
        window.page.goto(self.set_up_link)
        window.fill(name=NAME, password=PASSWORD, again=PASSWORD)
        window.page.click("button.main")
        window.page.wait_for_url(f"{self.url}/admin/")
        self.states[NAME] = window.page.context.storage_state()

    def sign_in(self, who: str) -> None:
        """Windows of theirs are signed in from now on."""
        window = self.window("")
        window.open("admin/sign-in?next=account")
        window.sign_in(who)
        self.states[who] = window.page.context.storage_state()

    def add_account(self, name: str, role: Role) -> None:
        """One more, beside the server as the command makes it."""
        with contextlib.closing(Desk("test")) as desk:
            password_hash = Passwords(desk).hash_now(PASSWORD)
        self.change(lambda database: AccountStore(database).add(name, role, password_hash, time.time(), lambda _: None))

    def use_upstreams(self, *upstreams: UpstreamSettings) -> None:
        """These, and no others any more; the server works with them then."""
        before = len(self._changes())

        def change(database: Database) -> bool:
            store = UpstreamStore(database, SecretBox.open(self.server.storage, {}))
            there = store.list()
            if [stored.settings for stored in there] == list(upstreams):
                return False
            for stored in there:
                store.remove(stored.settings.name)
            for settings in upstreams:
                store.add(settings)
            return True

        if self.change(change):
            names = ", ".join(settings.name for settings in upstreams)
            wait_until(lambda: names in self._changes()[before:], within=TOO_LONG_MS / 1000)

    def _changes(self) -> list[str]:
        """The upstreams after each change that the server has noticed, as it says itself."""
        return re.findall(r"the upstreams' settings changed: (.*)", self.server.log)

    def publish(self, *projects: str) -> None:
        """Wheels of these projects at the upstream."""
        for project in projects:
            self.upstream.publish_wheel(project, "1.0")

    def ask(self, path: str) -> int:
        """What an installer is answered; the status."""
        return self.server.get(path, {"Accept": "application/vnd.pypi.simple.v1+json"}).status

    def change(self, change: Callable[[Database], T]) -> T:
        """Change the database behind the server's back."""
        with contextlib.closing(Database.open(self.server.storage / DATABASE_NAME)) as database:
            return change(database)

    def close_windows(self) -> None:
        """Close them all; an AssertionError for each in which something was wrong."""
        with contextlib.ExitStack() as stack:
            for window in self.windows:
                stack.callback(window.close)
            self.windows.clear()
