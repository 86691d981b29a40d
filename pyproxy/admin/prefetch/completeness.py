"""Whether a requirements file lists what its own projects need: for only what it lists is fetched.

The METADATA of the chosen wheels tells, once they are here. Nothing is resolved: what a missing project needs in turn,
and whether a listed version suits, is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from pyproxy.admin.amounts import listed
from pyproxy.admin.prefetch.model import Choosing, WantedFile
from pyproxy.errors import InvalidProjectName, PyproxyError
from pyproxy.repositories.base import FileRequest
from pyproxy.repositories.packages import PackageRepository
from pyproxy.requirements.fitting import is_wheel
from pyproxy.requirements.targets import Target
from pyproxy.simple.core_metadata import read_core_metadata
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX, normalize

NAMED = 5
"""Missing projects named in a note, of all that there are."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file that was chosen for a requirement."""

    choosing: Choosing
    file: WantedFile


class Completeness:
    """Looks for what is missing among chosen files that are here."""

    def __init__(self, repository: PackageRepository) -> None:
        self._repository = repository

    async def notes(self, chosen: Iterable[Chosen]) -> list[str]:
        """A sentence for each file that lists too little."""
        missing: dict[str, dict[NormalizedName, NormalizedName]] = {}
        for each in chosen:
            if each.choosing.target is None or not is_wheel(each.file.filename) or each.file.local:
                continue
            for project in needed(await self._metadata(each.file), each.choosing.target, each.choosing.wish.extras):
                if project not in each.choosing.beside:
                    missing.setdefault(each.choosing.source, {}).setdefault(project, each.file.project)
        return [_note(source, projects) for source, projects in missing.items()]

    async def _metadata(self, file: WantedFile) -> bytes:
        """Empty where it cannot be had, for that is no reason to fail."""
        if file.link_sha256 is None:
            return b""
        name = file.filename + METADATA_SUFFIX
        request = FileRequest(project=file.project, filename=name, sha256=file.link_sha256)
        try:
            content = await self._repository.files.cached(request)
            if content is None:
                return b""
            try:
                return b"".join([chunk async for chunk in content.chunks(0, None)])
            finally:
                content.close()
        except PyproxyError:
            return b""


def needed(metadata: bytes, target: Target, extras: Iterable[str]) -> Iterator[NormalizedName]:
    """The projects that a wheel of this METADATA depends on there, with these extras of it."""
    choices = ("", *extras)
    for text in read_core_metadata(metadata).get("requires_dist", []):
        try:
            requirement = Requirement(text)
            if any(target.wants(requirement.marker, extra=extra) for extra in choices):
                yield normalize(requirement.name)
        except (InvalidRequirement, InvalidProjectName):
            continue  # installers complain of it; here it is only a note


def _note(source: str, missing: dict[NormalizedName, NormalizedName]) -> str:
    named = [f"{project} (for {by})" for project, by in sorted(missing.items())]
    if len(named) > NAMED:
        named = [*named[:NAMED], f"{len(named) - NAMED} more"]
    return f"{source} does not list all that it needs, and only what it lists is fetched; missing: {listed(named)}"
