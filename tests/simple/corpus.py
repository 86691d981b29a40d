"""Pages in the shapes of the indexes people run, with made-up names and hosts; their bodies lie in ``pages/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyproxy.simple.names import normalize
from tests.simple.reading import JSON

PROJECT = normalize("quick-fox")
HTML = "application/vnd.pypi.simple.v1+html"
PAGES_FOLDER = Path(__file__).parent / "pages"


@dataclass(frozen=True)
class Page:
    """A page as an index serves it: at ``url``, after redirects, with ``content_type``."""

    name: str
    url: str
    content_type: str | None
    file_count: int

    @property
    def body(self) -> bytes:
        return (PAGES_FOLDER / self.name).read_bytes()

    @property
    def read_as(self) -> str:
        """What the independent reader takes it for."""
        return JSON if self.name.endswith(".json") else "text/html"


PAGES = (
    Page("pypi.json", "https://index.example.org/simple/quick-fox/", JSON, 6),
    Page("pypi.html", "https://index.example.org/simple/quick-fox/", HTML, 3),
    Page("complete.json", "https://index.example.org/simple/quick-fox/", JSON, 13),
    Page("complete.html", "https://index.example.org/simple/quick-fox/", HTML, 3),
    Page("quarantined.json", "https://index.example.org/simple/quick-fox/", JSON, 0),
    Page("nothing-left.json", "https://index.example.org/simple/quick-fox/", JSON, 0),
    Page("simple-repository.json", "http://127.0.0.1:8000/simple/quick-fox/", JSON, 2),
    Page("devpi.json", "https://devpi.example.org/root/dev/+simple/quick-fox/", JSON, 3),
    Page("devpi.html", "https://devpi.example.org/root/dev/+simple/quick-fox/", "text/html; charset=utf-8", 3),
    Page("pypiserver.html", "http://127.0.0.1:8085/simple/quick-fox/", "text/html; charset=UTF-8", 3),
    Page("nexus.html", "https://nexus.example.org/repository/group/simple/quick-fox/", None, 2),
    Page("artifactory.html", "https://art.example.org/art/api/pypi/all/simple/quick-fox/", "text/html", 2),
    Page("gitlab.html", "https://gitlab.example.org/api/v4/projects/7/packages/pypi/simple/quick-fox", "text/html", 2),
    Page("codeartifact.html", "https://corp.d.example.org/pypi/shared/simple/quick-fox/", "text/html", 2),
    Page("flat.html", "https://wheels.example.org/whl/cu124/quick-fox/", "text/html", 3),
    Page("base.html", "https://index.example.org/simple/quick-fox/", "text/html;charset=ISO-8859-1", 3),
    Page("autoindex.html", "https://wheels.example.org/wheels/quick-fox/", "text/html", 1),
)
