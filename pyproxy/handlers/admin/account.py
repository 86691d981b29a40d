"""``/admin/account``: one's own password, and where one is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyproxy.admin.accounts.passwords import SHORTEST
from pyproxy.admin.accounts.sessions import Session
from pyproxy.errors import SignInPaused, WrongCredentials
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.new_password import new_password
from pyproxy.handlers.statuses import problem_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """``sessions`` are the account's, ``current`` is this browser's; ``problems`` by field; ``now`` in unix seconds."""

    name: str
    role: str
    sessions: tuple[Session, ...]
    current: bytes
    now: float
    problems: Mapping[str, str]
    shortest: int = SHORTEST

    def problem(self, field: str) -> str:
        """What is wrong with a field; empty for nothing."""
        return self.problems.get(field, "")


class AccountHandler(AdminHandler):
    """The page of whoever is signed in."""

    here = "account"
    changed_by = "viewer"

    async def get(self) -> None:
        await self._show({})

    async def submitted(self, form: Form, *args: str) -> None:
        assert self.session is not None
        try:
            account = await self.admin.sign_in.check(self.session.name, form.secret("present"), self.client)
        except WrongCredentials:
            await self._show({"present": "This is not your password."}, status=422)
            return
        except SignInPaused as error:
            await self._show({"present": f"Too many wrong passwords. {problem_of(error).detail}"}, status=429)
            return
        problems: dict[str, str] = {}
        password = new_password(form, self.session.name, problems)
        if problems:
            await self._show(problems, status=422)
            return
        await self._change(account.name, password)
        await self.lead_to("account", "Your password is changed; you are signed out everywhere else.")

    async def _change(self, name: str, password: str) -> None:
        """Every session ends, this one too, so that a stolen one is of no use any more; here a new one begins."""
        run, changes = self.admin.desk.run, self.admin.account_changes
        await run(changes.set_password, name, await self.admin.passwords.hash(password), self.actor)
        await self.begin_session(await run(changes.known, name))

    async def _show(self, problems: Mapping[str, str], status: int = 200) -> None:
        assert self.session is not None
        sessions = await self.admin.desk.run(self.admin.sessions.of, self.session.account_id)
        page = AccountPage(
            name=self.session.name,
            role=self.session.role,
            sessions=tuple(sessions),
            current=self.session.token_hash,
            now=self.services.clock(),
            problems=problems,
        )
        self.send_admin_page("account.html", page, status)
