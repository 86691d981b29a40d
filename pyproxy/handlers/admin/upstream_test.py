"""``/admin/upstreams/NAME/test`` and ``…/+test``: the test of an upstream, stored or only typed, while it happens.

The page is sent piece by piece, each step when it has ended, so that it needs no JavaScript; with ``panel`` among the
fields the steps alone are sent, for a page that shows them beside its form.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from tornado.iostream import StreamClosedError

from pyproxy.admin.upstream_test.tested import Tested
from pyproxy.admin.upstream_test.watching import Begun
from pyproxy.admin.upstreams.given import KINDS, mistakes_of
from pyproxy.errors import ConfigurationError, NotAllowed
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.sign_in import sentence
from pyproxy.handlers.admin.typed_upstream import typed, values_of
from pyproxy.handlers.admin.upstream_fields import LABEL_OF
from pyproxy.handlers.pages import root_of

HERE = "<!-- steps -->"
"""Where in the page the steps go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPage:
    """``name`` is the stored upstream's, empty for settings that were only typed; ``project`` is the one to look at.

    ``runs``: the steps follow. ``problems`` (field, label, sentence) say why there are none.
    """

    name: str
    project: str
    runs: bool
    problems: Sequence[tuple[str, str, str]] = ()


class UpstreamTestHandler(AdminHandler):
    """Of a stored upstream."""

    here = "upstreams"

    _walk: asyncio.Task[None] | None = None

    async def get(self, name: str = "") -> None:
        if not self.principal.may_change:
            raise NotAllowed("only an admin may test upstreams")
        if name:
            await self.admin.desk.run(self.admin.upstreams.get, name)
        self._begin(TestPage(name=name, project="", runs=False))
        self.finish()

    async def submitted(self, form: Form, *args: str) -> None:
        name = args[0] if args else ""
        await self.run(name, form, await self.admin.desk.run(self.admin.upstream_tests.stored, name))

    async def run(self, name: str, form: Form, tested: Tested) -> None:
        """Send the page with its steps; whoever goes away ends them. Raises `ConfigurationError` before it begins."""
        text, panel = form.text("project"), form.has("panel")
        try:
            project = tested.project(text, "project")
        except ConfigurationError as error:
            self.refuse(TestPage(name=name, project=text, runs=False, problems=_problems(error)), panel)
            return
        tail = self._begin(TestPage(name=name, project=text, runs=True), panel)
        step = self.services.templates.get_template("admin/_test_step.html")

        async def walk() -> None:
            states = []
            async with aclosing(self.admin.upstream_tests.steps(tested, project)) as steps:
                async for each in steps:
                    if not isinstance(each, Begun):
                        states.append(each.state)
                    await self._send(step.render(step=each, begun=isinstance(each, Begun)))
            end = self.services.templates.get_template("admin/_test_end.html")
            await self._send(end.render(states=states) + tail)

        self._walk = asyncio.create_task(walk())
        with contextlib.suppress(asyncio.CancelledError, StreamClosedError):
            await self._walk
            self.finish()

    def refuse(self, page: TestPage, panel: bool) -> None:
        """There is nothing to test."""
        self.set_status(422)
        self.finish(self._begin(page, panel))

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._walk is not None:
            self._walk.cancel()

    def _begin(self, page: TestPage, panel: bool = False) -> str:
        """Write what comes before the steps; what comes after them."""
        self.set_page_headers("no-store")
        self.set_header("X-Accel-Buffering", "no")  # for nginx, which would keep the steps until the last one
        template = "admin/_test_panel.html" if panel else "admin/upstream_test.html"
        root = root_of(self.request.path)
        text = self.services.templates.get_template(template).render(page=page, frame=self.frame(), root=root)
        head, _, tail = text.partition(HERE)
        self.write(head.encode())
        return tail

    async def _send(self, text: str) -> None:
        self.write(text.encode())
        await self.flush()


class TypedUpstreamTestHandler(UpstreamTestHandler):
    """Of what was typed into the form, and is stored nowhere."""

    async def get(self, name: str = "") -> None:
        self.see_other("upstreams")

    async def submitted(self, form: Form, *args: str) -> None:
        made: list[str] = []
        try:
            tested = await self.admin.desk.run(self._tested, form, made)
            await self.run("", form, tested)
        except ConfigurationError as error:
            page = TestPage(name="", project=form.text("project"), runs=False, problems=_problems(error))
            self.refuse(page, form.has("panel"))
        finally:
            await self.admin.desk.run(self._forget, made)

    def _tested(self, form: Form, made: list[str]) -> Tested:
        """What would be stored; the uploaded files lie in the folder meanwhile."""
        problems = [
            ConfigurationError(text.rstrip("."), key=field) for field, text in typed(form).problems.items()
        ]
        if problems:
            raise problems[0]
        like = form.text("like")
        old = self.admin.upstreams.get(like).settings if like else None
        files: dict[str, str] = {}
        for kind in KINDS:
            if content := form.files.get(f"{kind}_file"):
                # Under a name that no upstream uses, for it goes again.
                files[kind] = self.admin.certificates.keep(kind, content, f"test-{secrets.token_hex(4)}")
                made.append(files[kind])
        values = values_of(form, old, files)
        if form.text("way") != "copy" and like:
            values.pop("name", None)
        return self.admin.upstream_tests.given(values, like=like or None)

    def _forget(self, names: Sequence[str]) -> None:
        for name in names:
            self.admin.certificates.remove(name)


def _problems(error: ConfigurationError) -> list[tuple[str, str, str]]:
    """Field, label and sentence of each mistake."""
    labels = {"project": "Project", **LABEL_OF}
    mistakes = [(mistake.key or "", sentence(mistake)) for mistake in mistakes_of(error)]
    return [(key, labels.get(key, "The settings"), text) for key, text in mistakes]
