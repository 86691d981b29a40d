"""What the administrator's pages share: who looks at them, their forms, and the frame around them.

A page is a class with ``here``, ``get`` and, where it changes something, ``submitted``::

    class GreetingHandler(AdminHandler):
        here = "dashboard"

        async def get(self) -> None:
            self.send_admin_page("greeting.html", Greeting(await self.admin.desk.run(...)))

        async def submitted(self, form: Form) -> None:
            await self.admin.desk.run(..., form.text("greeting"), self.actor)
            await self.lead_to("greeting", "The greeting is changed.")

Whoever is not signed in is led to the sign-in page, which leads back. ``submitted`` is called only for forms that come
from these pages, of people who may change things; where a viewer's forms are wanted too, ``changed_by`` says so.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

import tornado.web

from pyproxy import __version__
from pyproxy.admin.accounts.principal import Actor, Principal
from pyproxy.admin.accounts.sessions import Account, Session
from pyproxy.admin.administration import Administration
from pyproxy.errors import NotAllowed
from pyproxy.handlers.admin.forms import Form, UnreadableForm, read_form, shown_again
from pyproxy.handlers.admin.frame import Frame, Place
from pyproxy.handlers.base import Services
from pyproxy.handlers.bodies import BodyTooLarge, CollectingHandler
from pyproxy.handlers.pages import root_of
from pyproxy.handlers.statuses import Problem
from pyproxy.handlers.visited import is_by_tls

PREFIX = "/admin/"

SESSION_COOKIE = "pyproxy_session"
XSRF_COOKIE = "pyproxy_xsrf"

BACKGROUND = "X-Pyproxy-Background"
"""Sent with what a script fetches by itself: it does not keep a session from ending, for perhaps nobody is there."""

NOT_FROM_HERE = Problem(
    403,
    "This form was not sent from a page of this server",
    "Nothing was changed. Perhaps the page was open for very long, or cookies are switched off: go back, load the page "
    "again, and send the form once more.",
)
"""Also the answer to whoever makes a browser send forms behind its user's back (cross-site request forgery)."""


class AdminHandler(CollectingHandler):
    """One page; see the module."""

    route = "admin"

    here: Place = ""
    """The section of the menu that it belongs to."""

    changed_by: Literal["admin", "viewer", "anybody"] = "admin"
    """Whose forms are taken; ``anybody`` need not be signed in, neither to look at the page."""

    session: Session | None = None

    def initialize(self, services: Services, admin: Administration) -> None:  # type: ignore[override]
        super().initialize(services)
        self.admin = admin

    # -- who looks -------------------------------------------------------------------------------------------------

    async def prepare(self) -> None:  # type: ignore[override]
        super().prepare()
        if self._finished:
            return
        token = self.get_cookie(SESSION_COOKIE)
        if token:
            used = BACKGROUND not in self.request.headers
            self.session = await self.admin.desk.run(self.admin.sessions.find, token, used=used)
        if self._is_stranger:
            self.answer_instead(self._lead_to_sign_in)

    @property
    def _is_stranger(self) -> bool:
        return self.session is None and self.changed_by != "anybody"

    async def _lead_to_sign_in(self) -> None:
        if not await self.admin.desk.run(self.admin.accounts.exist):
            self.see_other("set-up")
        elif self.request.method in ("GET", "HEAD"):
            self.see_other(f"sign-in?next={quote(self.back, safe='')}" if self.back else "sign-in")
        else:
            self.see_other("sign-in")

    @property
    def principal(self) -> Principal:
        """Who is signed in; only where somebody is."""
        assert self.session is not None
        return Principal(name=self.session.name, role=self.session.role, kind="account")

    @property
    def actor(self) -> Actor:
        """The same for the audit log."""
        return self.principal.actor("page", self.client)

    async def begin_session(self, account: Account) -> None:
        """Sign this browser in; the session that it had ends.

        Raises `WrongCredentials` where the account's password was changed since it was compared.
        """
        run, agent = self.admin.desk.run, self.request.headers.get("User-Agent", "")
        token = await run(self.admin.sessions.begin, account, address=self.client, agent=agent)
        if self.session is not None:
            await run(self.admin.sessions.end, self.session)
        self.session = await run(self.admin.sessions.find, token)
        self.set_cookie(SESSION_COOKIE, token)

    # -- forms -----------------------------------------------------------------------------------------------------

    async def post(self, *args: str, **kwargs: str) -> None:  # type: ignore[override]
        """Read the form, see that it may be sent, hand it on."""
        if self._is_stranger:
            await self._lead_to_sign_in()
            return
        try:
            form = read_form(self.body.content(), self.request.headers.get("Content-Type", ""))
        except BodyTooLarge as error:
            self.send_problem(error.problem)
            return
        except UnreadableForm as error:
            self.send_problem(Problem(400, str(error), "Nothing was changed."))
            return
        if not self._is_from_here(form):
            self.send_problem(NOT_FROM_HERE)
            return
        if self.changed_by == "admin" and not self.principal.may_change:
            raise NotAllowed("only an admin may do this")
        await self.submitted(form, *args)

    async def submitted(self, form: Form, *args: str) -> None:
        """A form was sent; pages without one take none."""
        self._refuse(*args)

    def _is_from_here(self, form: Form) -> bool:
        # Not "same-site" either: whoever has a sibling of this host can give its browsers a cookie, and so the token.
        if self.request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return False
        self.request.arguments["_xsrf"] = [form.secret("_xsrf").encode()]
        try:
            self.check_xsrf_cookie()
        except tornado.web.HTTPError:
            return False
        return True

    def typed(self, name: str) -> str:
        """A field of a filter, as it stands in the address; what cannot be seen is replaced, for nothing holds it."""
        return shown_again(self.get_query_argument(name, ""))

    # -- answers ---------------------------------------------------------------------------------------------------

    def send_admin_page(self, template: str, page: object, status: int = 200) -> None:
        """End the response with ``templates/admin/<template>``, which gets ``page`` and ``frame``."""
        self.set_status(status)
        self.send_page(f"admin/{template}", "no-store", page=page, frame=self.frame())

    def frame(self) -> Frame:
        """What is around a page that is being sent; a notice in it counts as said."""
        notice = None
        if self.session is not None and self.session.notice is not None and BACKGROUND not in self.request.headers:
            notice = self.session.notice
            self.admin.desk.begin(self.admin.sessions.notice_was_said, self.session)
        return self._frame(notice)

    def send_part(self, template: str, page: object) -> None:
        """A part of a page, for a script that puts it in its place; a notice waits for a whole page."""
        self.send_page(f"admin/{template}", "no-store", page=page, frame=self._frame(None))

    def _frame(self, notice: str | None) -> Frame:
        return Frame(
            here=self.here,
            name=self.session.name if self.session is not None else "",
            role=self.session.role if self.session is not None else "",
            xsrf=self.xsrf_token.decode(),
            notice=notice,
            back=self.back,
            version=__version__,
        )

    async def lead_to(self, place: str, notice: str | None = None) -> None:
        """After a form: lead to an address below ``admin/``; its page says the notice, once."""
        if notice is not None and self.session is not None:
            await self.admin.desk.run(self.admin.sessions.say_next, self.session, notice)
        self.see_other(place)

    def see_other(self, place: str) -> None:
        """Lead to an address below ``admin/`` (303)."""
        self.set_status(303)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Location", f"{root_of(self.request.path)}admin/{place}")
        self.finish()

    def asked(self, name: str, longest: int = 300) -> str:
        """A value in the address, as far as it may be written into a page; empty where there is none."""
        return self.get_query_argument(name, "")[:longest].encode(errors="replace").decode()

    @property
    def back(self) -> str:
        """This page's own address below ``admin/``."""
        return (self.request.uri or "").removeprefix(PREFIX)

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **kwargs: Any) -> None:
        """A cookie for these pages alone: without a path, a browser takes the folder of the page that sets it.

        So it is right behind any prefix, of which this server need not know.
        """
        kwargs |= {"path": "", "secure": is_by_tls(self), "httponly": True, "samesite": "Lax"}
        super().set_cookie(name, value, *args, **kwargs)
