"""What is done to one project: ``…/refresh`` asks for it again, ``…/purge`` says what would go, and forgets it."""

from __future__ import annotations

from pyproxy.admin.accounts.principal import Change
from pyproxy.admin.amounts import count, data
from pyproxy.admin.cache.purging import Remembered
from pyproxy.admin.cache.wording import said_words
from pyproxy.admin.projects.telling import bounded, told_refresh
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
        answers = tuple(Change(said.upstream, None, bounded([said_words(said)])[0]) for said in refreshed.said)
        await self.admin.desk.run(self.admin.audit.write, self.actor, "refreshed", f"project {project}", answers)
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
        subject = f"project {project}" if filename is None else f"file {filename} of {project}"
        await self.admin.desk.run(self.admin.audit.write, self.actor, "purged", subject, _changes(gone))
        what = project if filename is None else cut(filename, LONGEST_NAME)
        if gone:
            files = f": {count(len(gone.files), 'file')}, {data(gone.freed_bytes)} of disk freed" if gone.files else ""
            notice = f"{what} is forgotten{files}. The next request asks as if it were the first."
        else:
            notice = f"Nothing was kept of {what}."
        await self.lead_to(f"projects/{project}", notice)


def _changes(gone: Remembered) -> tuple[Change, ...]:
    """What went, for the audit log."""
    amounts = {
        "files": (len(gone.files), f", {data(sum(file.size for file in gone.files))}"),
        "answers": (len(gone.answers), ""),
        "recorded hashes": (len(gone.recorded), ""),
        "documents": (gone.documents, ""),
    }
    return tuple(Change(name, f"{number:,}{more}", None) for name, (number, more) in amounts.items() if number)
