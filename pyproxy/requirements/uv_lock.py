"""uv's ``uv.lock``: one graph for all platforms, from the members of the workspace along dependencies with markers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.model import Lock, LockedRelease, Skipped
from pyproxy.requirements.targets import Target
from pyproxy.requirements.toml_entries import REMEDY, Entry, entries, filename_in, read_specifier, split_hash
from pyproxy.simple.model import NormalizedName

VERSION = 1

_OWN = ("virtual", "editable", "directory")
"""Sources that lie beside the lock file: the members, and what they need by its path."""

_BESIDE = "it is a directory beside the lock file; what it needs is fetched"
_ELSEWHERE = {
    "git": "it comes from a git repository, and pyproxy keeps files of indexes only",
    "url": "it comes from an address of its own, and pyproxy keeps files of indexes only",
    "path": "it is a file beside the lock file",
    "editable": _BESIDE,
    "directory": _BESIDE,
    "virtual": _BESIDE,
}
"""Sources that no index has."""


def read_uv_lock(document: dict[str, Any], text: str, name: str) -> Lock:
    """What it lists; ``document`` is its TOML. Raises `ConfigurationError`."""
    if document.get("version") != VERSION:
        raise ConfigurationError(
            f"uv.lock version {document.get('version')!r} is not known here, only {VERSION}",
            where=name,
            suggestion="export it: uv export --format pylock.toml -o pylock.toml",
        )
    packages = [_Package(entry) for entry in entries(document, text, name, "package")]
    top = Entry(document, name)
    graph = _Graph(packages, top)
    return Lock(
        pythons=read_specifier(top.get("requires-python", str, "")),
        environments=tuple(top.marker(str(each)) for each in top.get("supported-markers", list, [])),
        releases=tuple(package.release for package in packages if package.release is not None),
        needed=graph.needed,
        skipped=tuple(package.skipped for package in packages if package.skipped is not None),
    )


class _Package:
    """One ``[[package]]``: its place in the graph, and its files where an index has them."""

    def __init__(self, entry: Entry) -> None:
        self.project = entry.project()
        self.version = entry.get("version", str, "")
        source: dict[str, Any] = entry.get("source", dict, {})
        self.source = source
        self.own = any(kind in source for kind in _OWN)
        self.dependencies = [_Dependency(each) for each in entry.tables("dependencies")]
        self.extras = _named_edges(entry, "optional-dependencies")
        self.groups = _named_edges(entry, "dev-dependencies")
        self.forks = [entry.marker(str(each)) for each in entry.get("resolution-markers", list, [])]
        self.release = self._release(entry) if "registry" in source else None
        self.skipped = None if "registry" in source else _skipped(self.project, source, entry)

    def _release(self, entry: Entry) -> LockedRelease:
        listed = [*entry.tables("wheels")]
        if "sdist" in entry:
            listed.append(Entry(entry.get("sdist", dict, {}), entry.where))
        files = []
        for each in listed:
            address = each.get("url", str, "") or each.get("path", str, "") or each.get("filename", str, "")
            files.append(each.file(filename_in(address), split_hash(each.get("hash", str, ""))))
        return LockedRelease(project=self.project, version=self.version, files=tuple(files), where=entry.where)


class _Dependency:
    """An edge; ``version`` and ``source`` stand there only where the lock has several of a name."""

    def __init__(self, entry: Entry) -> None:
        self.project = entry.project()
        self.version = entry.get("version", str, "")
        self.source: dict[str, Any] = entry.get("source", dict, {})
        self.extras = tuple(str(extra) for extra in entry.get("extra", list, []))
        text = entry.get("marker", str, "")
        self.marker = entry.marker(text) if text else None


class _Graph:
    def __init__(self, packages: list[_Package], document: Entry) -> None:
        self._by_name: dict[NormalizedName, list[_Package]] = {}
        for package in packages:
            self._by_name.setdefault(package.project, []).append(package)
        manifest = Entry(document.get("manifest", dict, {}), document.where)
        members = set(map(str, manifest.get("members", list, [])))
        self._roots = [package for package in packages if package.own or package.project in members]
        # A script's lock, and requirements of the workspace itself, have no member that they hang from.
        self._more = [_Dependency(each) for each in manifest.tables("requirements")]
        for group in _named_edges(manifest, "dependency-groups").values():
            self._more += group
        if not self._roots and not self._more and packages:
            problem = "it has no member that anything hangs from"
            raise ConfigurationError(problem, where=document.where, suggestion=REMEDY)

    def needed(self, target: Target) -> tuple[LockedRelease, ...]:
        """What is reached from the members with all their extras and groups."""
        seen: dict[tuple[int, str | None], _Package] = {}
        waiting = [(package, extra) for package in self._roots for extra in (None, *package.extras)]
        for edge in self._more:
            waiting += self._ends(edge, target)
        while waiting:
            package, extra = waiting.pop()
            if (id(package), extra) in seen:
                continue
            seen[id(package), extra] = package
            for edge in _edges(package, extra):
                waiting += self._ends(edge, target)
        reached = {id(package): package.release for package in seen.values()}
        return tuple(release for release in reached.values() if release is not None)

    def _ends(self, edge: _Dependency, target: Target) -> Iterator[tuple[_Package, str | None]]:
        if not target.wants(edge.marker):
            return
        for package in self._by_name.get(edge.project, []):
            if edge.version not in ("", package.version) or (edge.source and edge.source != package.source):
                continue
            if package.forks and not edge.version and not any(map(target.wants, package.forks)):
                continue
            yield from ((package, extra) for extra in (None, *edge.extras))


def _named_edges(entry: Entry, key: str) -> dict[str, list[_Dependency]]:
    """The edges of each extra or group."""
    named = Entry(entry.get(key, dict, {}), entry.where)
    return {name: [_Dependency(each) for each in named.tables(name)] for name in named.table}


def _edges(package: _Package, extra: str | None) -> Iterator[_Dependency]:
    if extra is not None:
        yield from package.extras.get(extra, [])
        return
    yield from package.dependencies
    for group in package.groups.values():
        yield from group


def _skipped(project: str, source: dict[str, Any], entry: Entry) -> Skipped | None:
    """What to say of it; nothing of the project that the lock is for."""
    kind = next((kind for kind in _ELSEWHERE if kind in source), None)
    if kind is None:
        raise entry.mistake(f"{project} has no source that is known here")
    if kind == "virtual" or source[kind] == ".":
        return None
    return Skipped(project, entry.where, _ELSEWHERE[kind])
