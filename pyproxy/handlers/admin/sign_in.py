"""Signing in and out, and the page on which the first account is made."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pyproxy.admin.accounts.names import check_name
from pyproxy.admin.accounts.passwords import SHORTEST
from pyproxy.admin.accounts.principal import Principal
from pyproxy.errors import ConfigurationError, SignInPaused, WrongCredentials
from pyproxy.handlers.admin.base import SESSION_COOKIE, AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.forms import sentence as sentence
from pyproxy.handlers.admin.new_password import new_password
from pyproxy.handlers.statuses import problem_of

_PLACE = re.compile(r"[A-Za-z0-9_.~%+=&?-][A-Za-z0-9_.~%+=&?/-]{0,1000}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """``next`` is where it leads then, below ``admin/``; ``name`` was typed before, ``problem`` is what was wrong."""

    next: str
    name: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpPage:
    """``token`` is the link's, empty where it is missing or wrong: then the page says where to find the link.

    ``problems`` by field say what was wrong; ``name`` is kept. ``shortest`` is the least length of a password;
    ``open_to_all``: packages are installed without an account.
    """

    token: str
    open_to_all: bool
    name: str = ""
    problems: Mapping[str, str]
    shortest: int = SHORTEST

    def problem(self, field: str) -> str:
        """What is wrong with a field; empty for nothing."""
        return self.problems.get(field, "")


class SignInHandler(AdminHandler):
    """``/admin/sign-in``."""

    changed_by = "anybody"

    async def get(self) -> None:
        place = place_within(self.get_query_argument("next", ""))
        if self.session is not None:
            self.see_other(place)
        elif not await self.admin.desk.run(self.admin.accounts.exist):
            self.see_other("set-up")
        else:
            self.send_admin_page("sign_in.html", SignInPage(next=place))

    async def submitted(self, form: Form, *args: str) -> None:
        name, place = form.text("name"), place_within(form.text("next"))
        try:
            account = await self.admin.sign_in.check(name, form.secret("password"), self.client)
            await self.begin_session(account)
        except WrongCredentials as error:
            problem = f"{str(error).capitalize()}."
            self.send_admin_page("sign_in.html", SignInPage(next=place, name=name, problem=problem), status=401)
            return
        except SignInPaused as error:
            problem = f"{str(error).capitalize()}. {problem_of(error).detail}"
            self.set_header("Retry-After", str(problem_of(error).retry_after))
            self.send_admin_page("sign_in.html", SignInPage(next=place, name=name, problem=problem), status=429)
            return
        self.see_other(place)


class SignOutHandler(AdminHandler):
    """``/admin/sign-out``: here, or everywhere."""

    changed_by = "viewer"

    async def get(self) -> None:
        self.see_other("account")

    async def submitted(self, form: Form, *args: str) -> None:
        assert self.session is not None
        if form.has("everywhere"):
            await self.admin.desk.run(self.admin.sessions.end_all, self.session.account_id)
        else:
            await self.admin.desk.run(self.admin.sessions.end, self.session)
        self.clear_cookie(SESSION_COOKIE)
        self.see_other("sign-in")


class SetUpHandler(AdminHandler):
    """``/admin/set-up``: makes the first account, for whoever has the link that the console prints."""

    changed_by = "anybody"

    async def get(self) -> None:
        if await self.admin.desk.run(self.admin.accounts.exist):
            self.see_other("sign-in")
            return
        self._show(await self._checked(self.get_query_argument("token", "")))

    async def submitted(self, form: Form, *args: str) -> None:
        token = await self._checked(form.text("token"))
        if not token:
            self._show("")
            return
        name, problems = form.text("name"), {}
        try:
            name = check_name(name)
        except ConfigurationError as error:
            problems["name"] = sentence(error)
        password = new_password(form, name, problems)
        if problems:
            self._show(token, name, problems)
            return
        await self._make(name, password)

    def _show(self, token: str, name: str = "", problems: Mapping[str, str] = MappingProxyType({})) -> None:
        open_to_all = self.services.readers is None
        page = SetUpPage(token=token, name=name, problems=problems, open_to_all=open_to_all)
        self.send_admin_page("set_up.html", page, status=422 if problems else 200 if token else 403)

    async def _make(self, name: str, password: str) -> None:
        password_hash = await self.admin.passwords.hash(password)
        actor = Principal(name=name, role="admin", kind="account").actor("page", self.client)
        try:
            account = await self.admin.desk.run(
                self.admin.accounts.add_first,
                name,
                password_hash,
                self.services.clock(),
                self.admin.audit.witness(actor, "made the first account", f"account {name}"),
            )
        except ConfigurationError:  # somebody was faster
            self.see_other("sign-in")
            return
        await self.begin_session(account)
        self.see_other("")

    async def _checked(self, given: str) -> str:
        """The token, if it is the right one and still of use; else an empty text."""
        right = await self.admin.desk.run(self.admin.set_up_link.token)
        same = right is not None and secrets.compare_digest(given.encode("utf-8", "replace"), right.encode())
        return given if same and not await self.admin.desk.run(self.admin.accounts.exist) else ""


def place_within(text: str) -> str:
    """An address below ``admin/``, as a page may lead to after signing in; empty for what would lead elsewhere."""
    return text if _PLACE.fullmatch(text) and ".." not in text and "//" not in text else ""
