"""The few files that pages for people need."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from pyproxy.handlers.base import BaseHandler, NotFoundHandler, Services


class StaticHandler(NotFoundHandler):
    """A file of the ``static`` directory, by its plain name."""

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
