"""What is done to one project: ``…/refresh`` asks for it again, ``…/purge`` says what would go, and forgets it."""

from __future__ import annotations

from pyproxy.admin.amounts import count, data
from pyproxy.admin.projects.records import purge_record, refresh_record, subject
from pyproxy.admin.projects.telling import told_refresh
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.project import OneProjectHandler
from pyproxy.handlers.admin.project_pages import PurgePage
from pyproxy.handlers.admin.project_tables import LONGEST_NAME, cut
from pyproxy.simple.names import check_filename, normalize

LISTED = 100
"""Files that are named before they go."""


class RefreshHandler(OneProjectHandler):
    """Asks the upstreams now. Whoever comes here without the form is led to the project."""

    async def get(self, given: str) -> None:
        self.see_other(f"projects/{normalize(given)}")

    async def submitted(self, form: Form, *args: str) -> None:
        project = normalize(args[0])
        refreshed = await self.admin.holdings.actions.refresh(project)
        record = refresh_record(refreshed)
        await self.admin.desk.run(self.admin.audit.write, self.actor, "refreshed", subject(project), record)
        await self.lead_to(f"projects/{project}", told_refresh(refreshed))


class PurgeHandler(OneProjectHandler):
    """The question with what it means, and the deed; with ``file=NAME`` for one file."""

    async def get(self, given: str) -> None:
        project = await self.named(given, "/purge")
        if project is None:
            return
        filename = check_filename(self.asked("file")) if self.asked("file") else None
        remembered = await self.admin.holdings.actions.would_go(project, filename)
        page = PurgePage(
            project=project,
            filename=filename,
            remembered=remembered,
            first=tuple((cut(file.filename, LONGEST_NAME), file.size) for file in remembered.files[:LISTED]),
            local=self.admin.holdings.projects.is_local(project),
            now=self.services.clock(),
        )
        self.send_admin_page("purge.html", page)

    async def submitted(self, form: Form, *args: str) -> None:
        project = normalize(args[0])
        filename = check_filename(form.text("file")) if form.has("file") else None
        gone = await self.admin.holdings.actions.purge(project, filename)
        of_what, record = subject(project, filename), purge_record(gone)
        await self.admin.desk.run(self.admin.audit.write, self.actor, "purged", of_what, record)
        what = project if filename is None else cut(filename, LONGEST_NAME)
        if gone:
            files = f": {count(len(gone.files), 'file')}, {data(gone.freed_bytes)} of disk freed" if gone.files else ""
            notice = f"{what} is forgotten{files}. The next request asks as if it were the first."
        else:
            notice = f"Nothing was kept of {what}."
        await self.lead_to(f"projects/{project}", notice)
