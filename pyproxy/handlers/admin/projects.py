"""``/admin/projects``: everything known, found by a part of its name, in several orders, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from pyproxy.admin.projects.cursor import Cursor
from pyproxy.admin.projects.search import LONGEST_TEXT, FoundPage, sort_named
from pyproxy.errors import InvalidProjectName
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.home import HomePage
from pyproxy.handlers.visited import visited_address
from pyproxy.simple.names import normalize


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectsPage:
    """What was found for ``text`` as it was typed; ``now`` in unix seconds.

    ``asked_name`` is the text as a project's name where no project in the list is called so, ``home`` tells how to
    install through this server.
    """

    found: FoundPage
    text: str
    asked_name: str | None
    home: HomePage
    now: float

    @property
    def counted(self) -> str:
        """How much was found, in a sentence."""
        total, first = self.found.total, self.found.first
        if not total:
            return "Nothing found"
        if total == 1:
            return "1 project"
        last = first + len(self.found.projects) - 1
        return f"{total:,} projects" if last - first + 1 >= total else f"{first:,} to {last:,} of {total:,} projects"

    def address(self, *, sort: str | None = None, at: Cursor | None = None) -> str:
        """The query of an address: the same search, in another order or at another page."""
        wanted = {"q": self.text, "sort": sort or self.found.sort, "at": "" if at is None else str(at)}
        return urlencode({key: value for key, value in wanted.items() if value})

    def order(self, sort: str) -> str | None:
        """How a column is ordered, as ``aria-sort`` has it."""
        if sort != self.found.sort:
            return None
        return "ascending" if sort == "name" else "descending"


class ProjectsHandler(AdminHandler):
    """The page; with ``part=list`` what a script replaces while one types."""

    here = "projects"

    async def get(self) -> None:
        text, sort = self.asked("q", LONGEST_TEXT + 1), sort_named(self.asked("sort"))
        cursor = Cursor.read(self.asked("at"), sort)
        found = await self.admin.holdings.search.search(text, sort, cursor=cursor)
        home = HomePage.at(visited_address(self), guarded=self.services.readers is not None)
        page = ProjectsPage(
            found=found, text=text, asked_name=_asked_name(text, found), home=home, now=self.services.clock()
        )
        if self.asked("part") == "list":
            self.send_part("_project_list.html", page)
        else:
            self.send_admin_page("projects.html", page)


def _asked_name(text: str, found: FoundPage) -> str | None:
    try:
        name = normalize(text.strip())
    except InvalidProjectName:
        return None
    return None if any(project.name == name for project in found.projects) else name
