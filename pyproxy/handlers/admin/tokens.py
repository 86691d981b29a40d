"""``/admin/tokens``: tokens of scripts and installers; a new one is shown once, on the answer to its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pyproxy.admin.accounts.roster import ApiToken, Rows
from pyproxy.admin.accounts.tokens import token_lifetime, token_role
from pyproxy.errors import ConfigurationError, NameTaken, NameUnknown
from pyproxy.handlers.admin.accounts import TAKEN
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form, sentence, shown_again
from pyproxy.handlers.home import HomePage
from pyproxy.handlers.statuses import Problem
from pyproxy.handlers.visited import visited_address

USUAL_LIFETIME = "90d"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage:
    """``list`` has those with ``part`` in their own or their maker's name, and begins behind ``after``.

    ``open_to_all``: packages are installed without a token. ``name``, ``role`` and ``expires`` were typed into the
    form, ``problems`` by field say what was wrong with it.
    """

    list: Rows[ApiToken]
    part: str
    after: str
    now: float
    open_to_all: bool
    name: str
    role: str
    expires: str
    problems: Mapping[str, str]

    def problem(self, field: str) -> str:
        """What is wrong with a field; empty for nothing."""
        return self.problems.get(field, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTokenPage:
    """``text`` is the token itself; ``home`` has this server's address as the visitor knows it."""

    token: ApiToken
    text: str = field(repr=False)
    open_to_all: bool
    home: HomePage


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeTokenPage:
    """The question before a token is revoked."""

    token: ApiToken
    now: float


class TokensHandler(AdminHandler):
    """The list, and the form below it."""

    here = "accounts"

    async def get(self) -> None:
        await self._show()

    async def submitted(self, form: Form, *args: str) -> None:
        name, role, expires = form.text("name"), form.text("role"), form.text("expires")
        make = self.admin.token_changes.make
        try:
            made = await self.admin.desk.run(make, name, token_role(role), token_lifetime(expires), self.actor)
        except NameTaken:
            await self._show(name, role, expires, {"name": TAKEN})
            return
        except ConfigurationError as error:
            await self._show(name, role, expires, {error.key or "name": sentence(error)})
            return
        page = NewTokenPage(
            token=made.token,
            text=made.text,
            open_to_all=self.services.readers is None,
            home=HomePage.at(visited_address(self), settled=self.services.public_url is not None),
        )
        self.send_admin_page("new_token.html", page)

    async def _show(
        self,
        name: str = "",
        role: str = "read",
        expires: str = USUAL_LIFETIME,
        problems: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        part, after = self.typed("q"), self.typed("after")
        page = TokensPage(
            list=await self.admin.desk.run(self.admin.roster.tokens, part=part, after=after),
            part=part,
            after=after,
            now=self.services.clock(),
            open_to_all=self.services.readers is None,
            name=shown_again(name),
            role=role,
            expires=expires,
            problems=problems,
        )
        self.send_admin_page("tokens.html", page, status=422 if problems else 200)


class RevokeTokenHandler(AdminHandler):
    """``…/NAME/revoke``: what it means, and the button."""

    here = "accounts"

    async def get(self, name: str) -> None:
        try:
            token = await self.admin.desk.run(self.admin.roster.token, name)
        except NameUnknown:
            self._say_gone()
            return
        self.send_admin_page("revoke_token.html", RevokeTokenPage(token=token, now=self.services.clock()))

    async def submitted(self, form: Form, *args: str) -> None:
        (name,) = args
        try:
            token = await self.admin.desk.run(self.admin.roster.token, name)
            await self.admin.desk.run(self.admin.token_changes.revoke, token.name, self.actor)
        except NameUnknown:
            self._say_gone()
            return
        await self.lead_to("tokens", f"The token {token.name} is revoked.")

    def _say_gone(self) -> None:
        self.send_problem(
            Problem(404, "There is no such token", "Perhaps somebody has revoked it: /admin/tokens has the list.")
        )
