"""``/admin/accounts``: who may see and change things, and a form for one more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from pyproxy.admin.accounts.changes import account_role
from pyproxy.admin.accounts.names import check_name
from pyproxy.admin.accounts.passwords import SHORTEST
from pyproxy.admin.accounts.roster import AccountRow, Rows
from pyproxy.errors import ConfigurationError, NameTaken
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form, sentence, shown_again
from pyproxy.handlers.admin.new_password import new_password

TAKEN = "There is one of this name already: choose another name."


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsPage:
    """``list`` has those with ``part`` in their names, and begins behind ``after``; ``me`` looks.

    ``name`` and ``role`` were typed into the form, ``problems`` by field say what was wrong with it.
    """

    list: Rows[AccountRow]
    part: str
    after: str
    me: str
    now: float
    name: str
    role: str
    problems: Mapping[str, str]
    shortest: int = SHORTEST

    def problem(self, field: str) -> str:
        """What is wrong with a field; empty for nothing."""
        return self.problems.get(field, "")


class AccountsHandler(AdminHandler):
    """The list, and the form below it."""

    here = "accounts"

    async def get(self) -> None:
        await self._show()

    async def submitted(self, form: Form, *args: str) -> None:
        name, problems = form.text("name"), {}
        try:
            name = check_name(name)
        except ConfigurationError as error:
            problems["name"] = sentence(error)
        password = new_password(form, name, problems)
        if not problems:
            try:
                role = account_role(form.text("role"))
                password_hash = await self.admin.passwords.hash(password)
                add = self.admin.account_changes.add
                await self.admin.desk.run(add, name, role, password_hash, self.actor)
            except NameTaken:
                problems["name"] = TAKEN
            except ConfigurationError as error:
                problems["role"] = sentence(error)
        if problems:
            await self._show(name, form.text("role"), problems)
            return
        await self.lead_to(f"accounts/{quote(name)}", f"{name} is added: {role}.")

    async def _show(
        self, name: str = "", role: str = "viewer", problems: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        part, after = self.typed("q"), self.typed("after")
        rows = await self.admin.desk.run(self.admin.roster.accounts, part=part, after=after)
        page = AccountsPage(
            list=rows,
            part=part,
            after=after,
            me=self.principal.name,
            now=self.services.clock(),
            name=shown_again(name),
            role=role,
            problems=problems,
        )
        self.send_admin_page("accounts.html", page, status=422 if problems else 200)
