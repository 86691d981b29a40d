"""Poetry's ``poetry.lock``. Since format 2.1 each entry says with markers who needs it; older ones leave that out."""

from __future__ import annotations

from typing import Any

from packaging.markers import Marker

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.model import Lock, LockedRelease, Skipped
from pyproxy.requirements.targets import Target
from pyproxy.requirements.toml_entries import Entry, entries, read_specifier, split_hash

_REASONS = {
    "git": "it comes from a git repository, and pyproxy keeps files of indexes only",
    "url": "it comes from an address of its own, and pyproxy keeps files of indexes only",
    "directory": "it is a directory beside the lock file",
    "file": "it is a file beside the lock file",
}
"""By the type of the source; ``legacy`` is an index."""


def read_poetry_lock(document: dict[str, Any], text: str, name: str) -> Lock:
    """What it lists; ``document`` is its TOML. Raises `ConfigurationError`."""
    metadata = Entry(Entry(document, name).get("metadata", dict, {}), name)
    version = metadata.get("lock-version", str, "")
    if not version.startswith("2."):
        raise ConfigurationError(
            f"its lock-version {version!r} is not known here, only 2.x",
            where=name,
            suggestion="make it again with Poetry 1.3 or later: poetry lock",
        )
    releases, skipped = [], []
    for entry in entries(document, text, name, "package"):
        source = Entry(entry.get("source", dict, {}), entry.where).get("type", str, "legacy")
        if source in _REASONS:
            skipped.append(Skipped(entry.project(), entry.where, _REASONS[source]))
        elif source == "legacy":
            releases.append(_Release(entry))
        else:
            raise entry.mistake(f"its source is of a type that is not known here: {source!r}")

    def needed(target: Target) -> tuple[LockedRelease, ...]:
        return tuple(each.release for each in releases if each.wanted(target))

    return Lock(
        pythons=read_specifier(metadata.get("python-versions", str, "*")),
        releases=tuple(each.release for each in releases),
        needed=needed,
        skipped=tuple(skipped),
        certain=version not in ("2.0",),
    )


class _Release:
    """One ``[[package]]`` of an index; ``markers`` is for all groups at once, or by group."""

    def __init__(self, entry: Entry) -> None:
        files = tuple(
            each.file(each.get("file", str, ""), split_hash(each.get("hash", str, "")))
            for each in entry.tables("files")
        )
        self.release = LockedRelease(
            project=entry.project(), version=entry.get("version", str, ""), files=files, where=entry.where
        )
        self._markers = _markers(entry)
        self._pythons = read_specifier(entry.get("python-versions", str, "*"))

    def wanted(self, target: Target) -> bool:
        if not self._pythons.contains(target.python, prereleases=True):
            return False
        return not self._markers or any(map(target.wants, self._markers))


def _markers(entry: Entry) -> list[Marker]:
    """Any of them suffices; none at all: wanted everywhere."""
    given = entry.table.get("markers", "")
    texts = list(given.values()) if isinstance(given, dict) else [given]
    if not all(isinstance(text, str) for text in texts):
        raise entry.mistake("markers is not what it should be there")
    groups = entry.get("groups", list, [])
    if "" in texts or (isinstance(given, dict) and set(groups) - given.keys()):
        return []
    return [entry.marker(text) for text in texts]
