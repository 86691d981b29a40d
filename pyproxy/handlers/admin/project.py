"""``/admin/projects/NAME``: one project; below it one of its files, and its description."""

from __future__ import annotations

from urllib.parse import quote

from pyproxy.admin.projects.description import Description
from pyproxy.admin.projects.rendering import RenderedText, plain_text
from pyproxy.admin.projects.telling import told, told_file
from pyproxy.admin.projects.view import ProjectView
from pyproxy.handlers.admin.base import AdminHandler
from pyproxy.handlers.admin.project_pages import (
    DESCRIPTION_BYTES,
    DescriptionPage,
    ProjectFilePage,
    ProjectPage,
    inline_html,
)
from pyproxy.handlers.admin.project_tables import release_rows, unlisted_rows
from pyproxy.handlers.home import HomePage
from pyproxy.handlers.visited import visited_address
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize

PATIENCE_SECONDS = 0.05
"""How long a project's page waits for its description; the description's own page waits for all of it."""

LAST_WINDOW = 100_000
"""A larger number in an address leads to the last window, too."""


class OneProjectHandler(AdminHandler):
    """What all pages of one project share: its name, in one spelling."""

    here = "projects"

    async def named(self, given: str, below: str = "") -> NormalizedName | None:
        """The project; ``None`` where another spelling was led to the right one. Raises `InvalidProjectName`."""
        project = normalize(given)
        if project == given:
            return project
        query = f"?{self.request.query}" if self.request.query else ""
        self.see_other(f"projects/{project}{below}{query}")
        return None

    async def described(self, view: ProjectView, wait: float | None) -> tuple[Description | None, RenderedText | None]:
        """What the project says of itself, and its text as HTML where that is ready within ``wait`` seconds."""
        descriptions = self.admin.holdings.descriptions
        description = await descriptions.find(view)
        if description is None or not description.text.strip():
            return description, None
        return description, await descriptions.render(description, wait=wait)


class ProjectHandler(OneProjectHandler):
    """The page."""

    async def get(self, given: str) -> None:
        project = await self.named(given)
        if project is None:
            return
        view = await self.admin.holdings.projects.look(project, _number(self.asked("page")))
        description, rendered = await self.described(view, PATIENCE_SECONDS)
        releases, unlisted = release_rows(view.page), unlisted_rows(view)
        page = ProjectPage(
            view=view,
            told=told(view.explanation),
            home=HomePage.at(visited_address(self), guarded=self.services.readers is not None),
            releases=releases,
            unlisted=unlisted,
            description=description,
            html=inline_html(rendered, releases, unlisted),
            now=self.services.clock(),
        )
        self.send_admin_page("project.html", page)


class ProjectFileHandler(OneProjectHandler):
    """One file: who lists it, with which hashes, what is kept of it."""

    async def get(self, given: str) -> None:
        project = await self.named(given, "/file")
        if project is None:
            return
        filename = self.asked("name")
        explanation = await self.admin.holdings.projects.explain(project, filename)
        assert explanation.file is not None
        page = ProjectFilePage(
            explanation=explanation,
            file=explanation.file,
            section=told_file(explanation),
            address=quote(explanation.file.filename, safe=""),
        )
        self.send_admin_page("project_file.html", page)


class DescriptionHandler(OneProjectHandler):
    """The description, of any length up to a bound."""

    async def get(self, given: str) -> None:
        project = await self.named(given, "/description")
        if project is None:
            return
        view = await self.admin.holdings.projects.look(project)
        description, rendered = await self.described(view, wait=None)
        html = None if rendered is None else _bounded(rendered, description)
        self.send_admin_page("description.html", DescriptionPage(project=project, description=description, html=html))


def _number(text: str) -> int:
    return min(int(text), LAST_WINDOW) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _bounded(rendered: RenderedText, description: Description | None) -> str:
    """HTML that is too large is shown as the text that it was made of, as far as there is room."""
    if len(rendered.html.encode()) <= DESCRIPTION_BYTES or description is None:
        return rendered.html
    return plain_text(description.text[: DESCRIPTION_BYTES // 6]).html
