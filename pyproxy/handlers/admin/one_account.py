"""``/admin/accounts/NAME``: one account's role, password and sessions, and the question before it is removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from pyproxy.admin.accounts.changes import account_role
from pyproxy.admin.accounts.passwords import SHORTEST
from pyproxy.admin.accounts.roster import AccountSeen
from pyproxy.errors import ConfigurationError, LastAdmin, NameUnknown
from pyproxy.handlers.admin.base import SESSION_COOKIE, AdminHandler
from pyproxy.handlers.admin.forms import Form, sentence
from pyproxy.handlers.admin.new_password import new_password
from pyproxy.handlers.statuses import Problem

LAST = "Nobody else may change things: make another account an admin first."


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAccountPage:
    """``is_mine``: whoever looks has it. ``problems`` by field say what was wrong with a form."""

    account: AccountSeen
    is_mine: bool
    now: float
    problems: Mapping[str, str]
    shortest: int = SHORTEST

    def problem(self, field: str) -> str:
        """What is wrong with a field; empty for nothing."""
        return self.problems.get(field, "")


class _OfOneAccount(AdminHandler):
    here = "accounts"

    async def account(self, name: str) -> AccountSeen | None:
        """The account of the address; without one, the answer says so."""
        try:
            return await self.admin.desk.run(self.admin.roster.account, name)
        except NameUnknown:
            detail = "Perhaps somebody has removed it: /admin/accounts has the list."
            self.send_problem(Problem(404, "There is no such account", detail))
            return None

    def is_mine(self, account: AccountSeen) -> bool:
        """Whether it is that of whoever looks."""
        return self.session is not None and account.name == self.session.name

    def show(self, template: str, account: AccountSeen, problems: Mapping[str, str] = MappingProxyType({})) -> None:
        """A page of the account."""
        page = OneAccountPage(
            account=account, is_mine=self.is_mine(account), now=self.services.clock(), problems=problems
        )
        self.send_admin_page(template, page, status=422 if problems else 200)


class OneAccountHandler(_OfOneAccount):
    """The account, with a form for each thing that can be changed."""

    async def get(self, name: str) -> None:
        account = await self.account(name)
        if account is not None:
            self.show("one_account.html", account)

    async def submitted(self, form: Form, *args: str) -> None:
        (name,) = args
        account = await self.account(name)
        if account is None:
            return
        match form.text("change"):
            case "role":
                await self._set_role(account, form.text("role"))
            case "password" if not self.is_mine(account):
                await self._set_password(account, form)
            case "sessions" if not self.is_mine(account):
                await self.admin.desk.run(self.admin.account_changes.sign_out, account.name, self.actor)
                await self.lead_to(f"accounts/{quote(account.name)}", f"{account.name} is signed out everywhere.")
            case _:  # one's own password is asked for before it is changed
                self.see_other("account" if self.is_mine(account) else f"accounts/{quote(account.name)}")

    async def _set_role(self, account: AccountSeen, typed: str) -> None:
        try:
            role = account_role(typed)
            await self.admin.desk.run(self.admin.account_changes.set_role, account.name, role, self.actor)
        except LastAdmin:
            self.show("one_account.html", account, {"role": LAST})
        except ConfigurationError as error:
            self.show("one_account.html", account, {"role": sentence(error)})
        else:
            may = "may change things now" if role == "admin" else "may look, and change nothing"
            await self.lead_to(f"accounts/{quote(account.name)}", f"{account.name} {may}.")

    async def _set_password(self, account: AccountSeen, form: Form) -> None:
        problems: dict[str, str] = {}
        password = new_password(form, account.name, problems)
        if problems:
            self.show("one_account.html", account, problems)
            return
        password_hash = await self.admin.passwords.hash(password)
        changes = self.admin.account_changes
        await self.admin.desk.run(changes.set_password, account.name, password_hash, self.actor)
        notice = f"The password of {account.name} is changed, and it is signed out everywhere. Tell it the new one."
        await self.lead_to(f"accounts/{quote(account.name)}", notice)


class RemoveAccountHandler(_OfOneAccount):
    """``…/remove``: what it means, and the button."""

    async def get(self, name: str) -> None:
        account = await self.account(name)
        if account is not None:
            self.show("remove_account.html", account)

    async def submitted(self, form: Form, *args: str) -> None:
        (name,) = args
        account = await self.account(name)
        if account is None:
            return
        try:
            await self.admin.desk.run(self.admin.account_changes.remove, account.name, self.actor)
        except LastAdmin:
            self.show("remove_account.html", account, {"remove": LAST})
            return
        if self.is_mine(account):
            self.clear_cookie(SESSION_COOKIE)
            self.see_other("sign-in")
        else:
            await self.lead_to("accounts", f"{account.name} is removed.")
