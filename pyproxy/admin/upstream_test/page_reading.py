"""A project page read and judged, as a plain function: a server has that done in another process.

A page of 20,000 files takes a tenth of a second, in which a thread would hold the interpreter's lock; what comes back
is a few sentences and one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyproxy.admin.upstream_test.page_findings import Page, findings
from pyproxy.admin.upstream_test.steps import Step
from pyproxy.simple.model import File
from pyproxy.simple.parse import parse_project_detail


@dataclass(frozen=True, slots=True)
class Judged:
    """What a page says: how many files it lists, which of them to ask for, and the steps about the page.

    Neither of the latter where it lists none.
    """

    files: int
    file: File | None = None
    steps: tuple[Step, ...] = ()


def judge(page: Page) -> Judged:
    """Raises `EmptyIndexPage` and `NotAnIndexPage`."""
    files = parse_project_detail(page.body, page.content_type, page.url, page.project).files
    if not files:
        return Judged(0)
    return Judged(len(files), file_to_ask(files), tuple(findings(page, files)))


def file_to_ask(files: Sequence[File]) -> File:
    """The last wheel (pages list the oldest first), one with metadata if there is such a one, else the last file."""
    wheels = [file for file in files if file.filename.endswith(".whl") and not file.yanked]
    described = [file for file in wheels if file.core_metadata]
    return (described or wheels or list(files))[-1]
