"""``/admin/upstreams/+add``, ``…/NAME/edit`` and ``…/NAME/copy``: the form of an upstream."""

from __future__ import annotations

from collections.abc import Mapping

from pyproxy.admin.upstreams.given import KINDS
from pyproxy.admin.upstreams.leaving import change_in_steps
from pyproxy.errors import ConfigurationError, NotAllowed, VersionConflict
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.typed_upstream import notes_of, typed, values_of
from pyproxy.handlers.admin.upstream_form_page import Basis, Told, Way, form_page, overtaken, problems_of

Values = Mapping[str, object]


class UpstreamFormHandler(AdminHandler):
    """What the three forms share."""

    here = "upstreams"
    way: Way

    async def get(self, name: str = "") -> None:
        if not self.principal.may_change:
            raise NotAllowed("only an admin may change upstreams")
        await self._show(name, Told())

    async def submitted(self, form: Form, *args: str) -> None:
        name = args[0] if args else ""
        run, what, basis = self.admin.desk.run, typed(form), Basis.of(form)
        told = Told(texts=what.texts, problems=what.problems, notes=notes_of(form), basis=basis)
        if what.problems:
            await self._show(name, told, 422)
            return
        try:
            files = await run(self._uploaded, form, name)
            what.texts.update(files)
            old = (await run(self.admin.upstreams.get, name)).settings if name else None
            await self.store(name, values_of(form, old, files), basis)
        except VersionConflict:
            await self._show(name, await run(overtaken, self.admin, name, basis, told), 409)
        except ConfigurationError as error:
            problems = problems_of(error)
            await self._show(name, Told(texts=what.texts, problems=problems, notes=told.notes, basis=basis), 422)

    async def store(self, name: str, values: Values, basis: Basis) -> None:
        """Do what the form is for, and lead away. Raises `ConfigurationError`."""
        raise NotImplementedError

    def _uploaded(self, form: Form, name: str) -> dict[str, str]:
        """Keep the uploaded files; their names by field. Raises `ConfigurationError`.

        They are there from now on, whatever comes of the rest of the form, so the audit log has each of them.
        """
        files: dict[str, str] = {}
        for kind in KINDS:
            if content := form.files.get(f"{kind}_file"):
                files[kind] = self.admin.certificates.keep(kind, content, form.text("name") or name)
                self.admin.audit.write(self.actor, "uploaded", f"certificate {files[kind]}")
        return files

    async def _show(self, name: str, told: Told, status: int = 200) -> None:
        page = await self.admin.desk.run(form_page, self.admin, self.way, name, told, self.services.clock())
        self.send_admin_page("upstream_form.html", page, status)


class AddUpstreamHandler(UpstreamFormHandler):
    """A new one."""

    way: Way = "add"

    async def store(self, name: str, values: Values, basis: Basis) -> None:
        stored = await self.admin.desk.run(self.admin.upstreams.add, values, self.actor, like=name or None)
        added = stored.settings.name
        await self.lead_to(f"upstreams/{added}", f"{added} is added at position {stored.priority}.")


class CopyUpstreamHandler(AddUpstreamHandler):
    """A new one that begins as another one is."""

    way = "copy"


class EditUpstreamHandler(UpstreamFormHandler):
    """One that there is."""

    way = "edit"

    async def store(self, name: str, values: Values, basis: Basis) -> None:
        desk, upstreams = self.admin.desk, self.admin.upstreams
        changed = await change_in_steps(desk, upstreams, name, values, self.actor, version=basis.version)
        notice = f"{name} is changed." if changed.changes else f"{name} was so already: nothing was changed."
        if changed.forgot_pages:
            notice += " Its index is at another address now: its pages are forgotten, verified files stay."
        await self.lead_to(f"upstreams/{name}", notice)
