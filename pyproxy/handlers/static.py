"""The few files that pages for people need, read once at the start.

Each has an address with the hash of its content (``static/pyproxy.css?v=…``), which is right for ever, so a browser
asks once. They are compressed once, too.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from pyproxy.handlers.base import BaseHandler, Services
from pyproxy.handlers.statuses import Problem
from pyproxy.simple.negotiate import accepts_gzip

FOR_EVER = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=3600"

_COMPRESSIBLE = (".css", ".js", ".svg", ".txt")

_NOTHING = Problem(
    404,
    "There is nothing at this address",
    "Installers use /simple/ below this server's address; / says how to set them up.",
)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file; ``gzipped`` is ``None`` where that saves nothing."""

    body: bytes = field(repr=False)
    gzipped: bytes | None = field(repr=False)
    content_type: str
    version: str


class StaticFiles:
    """The files of a directory by their plain names; hidden ones and Python's are none."""

    def __init__(self, directory: Path) -> None:
        self._files = {
            path.name: _read(path)
            for path in sorted(directory.iterdir())
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".py"
        }

    def get(self, name: str) -> StaticFile | None:
        """A file, if there is one of this name."""
        return self._files.get(name)

    def address(self, name: str) -> str:
        """Of a file, below the server's root, with the hash of its content. Raises `KeyError`."""
        return f"static/{name}?v={self._files[name].version}"


class StaticHandler(BaseHandler):
    """A file of the ``static`` directory."""

    route = "static"

    def initialize(self, services: Services, files: StaticFiles) -> None:  # type: ignore[override]
        super().initialize(services)
        self._files = files

    def get(self, filename: str) -> None:
        file = self._files.get(filename)
        if file is None:
            self.send_problem(_NOTHING)
            return
        self.set_header("Content-Type", file.content_type)
        # A page of an older server may ask for a version that is no more: it gets today's, but not for ever.
        right = self.get_query_argument("v", "") == file.version
        self.set_header("Cache-Control", FOR_EVER if right else FOR_NOW)
        self.set_header("Vary", "Accept-Encoding")
        if file.gzipped is not None and accepts_gzip(self.request.headers.get("Accept-Encoding")):
            self.set_header("Content-Encoding", "gzip")
            self.finish(file.gzipped)
        else:
            self.finish(file.body)

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


def _read(path: Path) -> StaticFile:
    body = path.read_bytes()
    gzipped = gzip.compress(body, mtime=0) if path.suffix in _COMPRESSIBLE else None
    return StaticFile(
        body=body,
        gzipped=gzipped if gzipped is not None and len(gzipped) < len(body) else None,
        content_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        version=hashlib.sha256(body).hexdigest()[:16],
    )
