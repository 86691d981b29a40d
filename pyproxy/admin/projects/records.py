"""What the audit log has of what was done to a project, by whatever means."""

from __future__ import annotations

from pyproxy.admin.amounts import data
from pyproxy.admin.cache.purging import Remembered
from pyproxy.admin.cache.refreshing import Refreshed
from pyproxy.admin.cache.wording import said_words
from pyproxy.admin.projects.telling import bounded
from pyproxy.storage.audit import Change


def subject(project: str, filename: str | None = None) -> str:
    """What it calls a project, or one of its files."""
    return f"project {project}" if filename is None else f"file {filename} of {project}"


def refresh_record(refreshed: Refreshed) -> tuple[Change, ...]:
    """What each upstream said."""
    return tuple(Change(said.upstream, None, bounded([said_words(said)])[0]) for said in refreshed.said)


def purge_record(gone: Remembered) -> tuple[Change, ...]:
    """How much has gone."""
    amounts = {
        "files": (len(gone.files), f", {data(sum(file.size for file in gone.files))}"),
        "answers": (len(gone.answers), ""),
        "recorded hashes": (len(gone.recorded), ""),
        "documents": (gone.documents, ""),
    }
    return tuple(Change(name, f"{number:,}{more}", None) for name, (number, more) in amounts.items() if number)
