"""From files that were read to what is asked of each project. Nobody is asked yet, and nothing is read."""

from __future__ import annotations

from collections.abc import Iterable

from pyproxy.admin.prefetch.model import Asked, Choosing, Outcome, ProjectAsked, WantedRelease
from pyproxy.admin.prefetch.sources import Source
from pyproxy.errors import ConfigurationError
from pyproxy.requirements.choice import wish_of
from pyproxy.requirements.fitting import best
from pyproxy.requirements.model import Lock, LockedFile, LockedRelease, Requirement, Skipped
from pyproxy.requirements.targets import Target
from pyproxy.simple.model import NormalizedName


class Asking:
    """Collects what is asked; ``failed`` releases have no file that fits, with ``skipped`` ones that may be right."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.projects: dict[NormalizedName, ProjectAsked] = {}
        self.failed: list[Outcome] = []
        self.skipped: list[Skipped] = []

    def take(self, source: Source) -> None:
        """One more file. Raises `ConfigurationError` where it is for other Pythons than those that are wanted."""
        if source.lock is None:
            self._take_requirements(source)
        elif self._asked.everything:
            for release in source.lock.releases:
                self._add_locked(release, release.files)
        else:
            for target in self._asked.targets:
                self._take_lock(source.lock, source, target)

    def _take_lock(self, lock: Lock, source: Source, target: Target) -> None:
        if not lock.pythons.contains(target.python, prereleases=True):
            raise ConfigurationError(
                f"it is for Python {lock.pythons}, and {target.label} is none",
                where=source.name,
                suggestion="say with --python-version for which Python files are wanted",
            )
        if lock.environments and not any(target.wants(marker) for marker in lock.environments):
            raise ConfigurationError(
                f"it is locked for other machines than {target.label}: {' or '.join(map(str, lock.environments))}",
                where=source.name,
                suggestion="say with --platform for which machines files are wanted",
            )
        for release in lock.needed(target):
            file = best(release.files, release.project, target, source.formats)
            if file is not None:
                self._add_locked(release, [file])
            elif lock.certain:
                self.failed.append(_without_file(release, target))
            else:
                reason = f"no file of it fits {target.label}; this lock does not say whether it is needed there"
                self.skipped.append(Skipped(f"{release.project} {release.version}", release.where, reason))

    def _add_locked(self, release: LockedRelease, files: Iterable[LockedFile]) -> None:
        known = self._of(release.project).locked
        for file in files:
            wanted = WantedRelease(file=file, version=release.version, where=release.where)
            if wanted not in known:
                known.append(wanted)

    def _take_requirements(self, source: Source) -> None:
        targets: tuple[Target | None, ...] = (None,) if self._asked.everything else self._asked.targets
        for target in targets:
            by_project: dict[NormalizedName, list[Requirement]] = {}
            for each in source.requirements:
                if target is None or target.wants(each.marker):
                    by_project.setdefault(each.project, []).append(each)
            for project, requirements in by_project.items():
                constraints = [
                    each
                    for each in source.constraints
                    if each.project == project and (target is None or target.wants(each.marker))
                ]
                choosing = Choosing(
                    wish=wish_of(requirements, constraints),
                    target=target,
                    formats=source.formats,
                    pre=source.pre,
                    source=source.name,
                    beside=frozenset(by_project),
                )
                self._of(project).choosing.append(choosing)

    def _of(self, project: NormalizedName) -> ProjectAsked:
        return self.projects.setdefault(project, ProjectAsked(project))


def _without_file(release: LockedRelease, target: Target) -> Outcome:
    return Outcome(
        project=release.project,
        filename=None,
        version=release.version,
        where=release.where,
        state="failed",
        reason=f"the lock has no file of it that fits {target.label}",
    )
