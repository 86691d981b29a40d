"""The few files that pages for people need."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from pyproxy.handlers.base import BaseHandler, NotFoundHandler, Services


class StaticHandler(NotFoundHandler):
    """A file of the ``static`` directory, by its plain name."""

    route = "static"

    def initialize(self, services: Services, directory: Path) -> None:  # type: ignore[override]
        BaseHandler.initialize(self, services)
        self._directory = directory

    def get(self, filename: str = "") -> None:
        path = self._directory / filename
        if filename.startswith(".") or path.suffix == ".py" or not path.is_file():
            super().get()
            return
        self.set_header("Content-Type", mimetypes.guess_type(filename)[0] or "application/octet-stream")
        self.set_header("Cache-Control", "public, max-age=3600")
        self.finish(path.read_bytes())

    head = get


class RobotsHandler(BaseHandler):
    """``/robots.txt``: an index is nothing for search engines, and each page of it may cost a question upstream."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish(b"User-agent: *\nDisallow: /\n")

    head = get


class FaviconHandler(BaseHandler):
    """``/favicon.ico``, which browsers ask for on pages that name no icon."""

    route = "redirect"

    def get(self) -> None:
        self.set_status(302)
        self.set_header("Cache-Control", "public, max-age=86400")
        self.set_header("Location", "static/favicon.svg")
        self.finish()

    head = get
