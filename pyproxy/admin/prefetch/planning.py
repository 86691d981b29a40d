"""What is asked of a project, held against its page: the files to be had, and what there is none for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pyproxy.admin.prefetch.completeness import Chosen
from pyproxy.admin.prefetch.model import Asked, Choosing, Outcome, ProjectAsked, WantedFile, WantedRelease
from pyproxy.requirements.choice import NoneFits, choose, choose_all, release_files
from pyproxy.requirements.fitting import is_wheel
from pyproxy.simple.model import File, ProjectDetail
from pyproxy.simple.names import METADATA_SUFFIX, version_of
from pyproxy.simple.offered import NOTHING_OFFERED, OfferedMetadata


@dataclass(frozen=True, slots=True)
class Listing:
    """A project's page: whose it is, the sha256 that were learned for files listed without one, and which wheels get
    metadata files here. ``may_be_old``: it was known and fresh, so a release of these minutes may be missing."""

    upstream: str
    detail: ProjectDetail
    recorded: Mapping[str, str] = field(default_factory=dict)
    offered: OfferedMetadata = NOTHING_OFFERED
    local: bool = False
    may_be_old: bool = False

    def sha256(self, file: File) -> str | None:
        """The listed or recorded one."""
        return file.sha256 or self.recorded.get(file.filename)


@dataclass(slots=True)
class Plan:
    """The files of one project; those of them that were ``chosen``, and what could not be."""

    wanted: list[WantedFile] = field(default_factory=list)
    chosen: list[Chosen] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)

    @property
    def lacks(self) -> bool:
        """Whether the page has less than was asked for."""
        return bool(self.failed) or any(file.absent for file in self.wanted)


def plan(asked: ProjectAsked, listing: Listing, how: Asked) -> Plan:
    """By the project's page."""
    files = {file.filename: file for file in listing.detail.files}
    made = Plan([_of_lock(each, asked, listing, files.get(each.file.filename)) for each in asked.locked])
    for choosing in asked.choosing:
        try:
            chosen = _chosen(choosing, listing.detail)
        except NoneFits as error:
            made.failed.append(_not_chosen(asked, choosing, listing, error))
            continue
        made.chosen += [Chosen(choosing, _of_page(file, choosing, listing)) for file in chosen]
    made.wanted += [each.file for each in made.chosen]
    if how.metadata and not listing.local:
        made.wanted += _metadata(made.wanted, listing, files)
    return made


def unlisted(asked: ProjectAsked, reason: str) -> Plan:
    """The same where the page cannot be had: files by their hash may be here all the same."""
    made = Plan()
    for each in asked.locked:
        wanted = replace(_of_lock(each, asked, None, None), absent=reason)
        if "sha256" in each.file.hashes:
            made.wanted.append(wanted)
        else:
            made.failed.append(failure(wanted, reason))
    for choosing in asked.choosing:
        wish = choosing.wish
        made.failed.append(
            Outcome(project=wish.project, filename=None, version="", where=wish.where, state="failed", reason=reason)
        )
    return made


def failure(wanted: WantedFile, reason: str) -> Outcome:
    """The file that could not be had."""
    return Outcome(
        project=wanted.project,
        filename=wanted.filename,
        version=wanted.version,
        where=wanted.where,
        state="failed",
        size=wanted.size,
        sha256=wanted.hashes.get("sha256"),
        reason=reason,
    )


def _chosen(choosing: Choosing, detail: ProjectDetail) -> tuple[File, ...]:
    if choosing.target is None:
        return choose_all(detail, choosing.wish, choosing.formats, pre=choosing.pre)
    return (choose(detail, choosing.wish, choosing.target, choosing.formats, pre=choosing.pre),)


def _not_chosen(asked: ProjectAsked, choosing: Choosing, listing: Listing, error: NoneFits) -> Outcome:
    return Outcome(
        project=asked.project,
        filename=None,
        version="",
        where=choosing.wish.where,
        state="failed",
        reason=f"{listing.upstream}: {error}",
    )


def _of_lock(each: WantedRelease, asked: ProjectAsked, listing: Listing | None, listed: File | None) -> WantedFile:
    hashes, absent = each.file.hashes, ""
    sha256 = hashes.get("sha256")
    link = sha256
    if listing is not None:
        if listed is None:
            absent = f"{listing.upstream} does not list it"
        else:
            absent = _difference(each, listing, listed)
            # Listed without a hash: so it is fetched by its name, and looked at when it is here.
            link = listing.sha256(listed) if sha256 is None or listing.sha256(listed) is None else sha256
    return WantedFile(
        project=asked.project,
        filename=each.file.filename,
        version=each.version,
        where=each.where,
        link_sha256=link,
        hashes=hashes,
        size=each.file.size if each.file.size is not None or listed is None else listed.size,
        absent=absent,
        local=listing is not None and listing.local,
    )


def _difference(each: WantedRelease, listing: Listing, listed: File) -> str:
    """The two hashes, where the page has another one than the lock; else nothing."""
    known = dict(listed.hashes)
    sha256 = listing.sha256(listed)
    if sha256 is not None:
        known["sha256"] = sha256
    for name, digest in each.file.hashes.items():
        if known.get(name, digest) != digest:
            return f"{listing.upstream} lists it with {name} {known[name]}, {each.where} has {digest}"
    return ""


def _of_page(file: File, choosing: Choosing, listing: Listing) -> WantedFile:
    return WantedFile(
        project=choosing.wish.project,
        filename=file.filename,
        version=version_of(file.filename, choosing.wish.project) or "",
        where=choosing.wish.where,
        link_sha256=listing.sha256(file),
        hashes={name: digest for name, digest in file.hashes.items() if name == "sha256"},
        allowed=None if file.hashes else choosing.wish.hashes,
        size=file.size,
        local=listing.local,
    )


def _metadata(wanted: Iterable[WantedFile], listing: Listing, files: Mapping[str, File]) -> list[WantedFile]:
    """The metadata files of the wheels of the same releases; a wheel that is fetched brings its own."""
    whole = {each.filename for each in wanted}
    found: dict[str, WantedFile] = {}
    for each in wanted:
        if each.filename not in files:
            continue
        for file in release_files(listing.detail, files[each.filename]):
            offered = file.core_metadata is not False or listing.offered.has(file.filename)
            if not offered or file.filename in whole or not is_wheel(file.filename):
                continue
            advertised = file.core_metadata if isinstance(file.core_metadata, dict) else {}
            found[file.filename] = WantedFile(
                project=each.project,
                filename=file.filename + METADATA_SUFFIX,
                version=each.version,
                where=each.where,
                link_sha256=listing.sha256(file),
                hashes={name: digest for name, digest in advertised.items() if name == "sha256"},
            )
    return list(found.values())
