"""What is known of one file: who lists it, which copies are kept, and what a request for it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pyproxy.admin.explanation.model import CopyView, Explanation, FileState, FileView, ListingView, State
from pyproxy.errors import PyproxyError
from pyproxy.repositories.base import LOCAL, FileRequest
from pyproxy.repositories.local import LocalRepository
from pyproxy.settings.masking import masked_url
from pyproxy.simple.model import File, NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX, is_metadata, wheel_of_metadata
from pyproxy.simple.render import file_link
from pyproxy.storage.files import FileStore

ANSWERED = (State.SERVED, State.STALE)
"""The states in which an upstream's page is served."""


@dataclass(frozen=True, slots=True)
class ListedAt:
    """A file as an upstream's newest known page lists it, and the sha256 recorded for it.

    ``admitted``: the upstream may be asked for the project now. ``extracted``: it offers no metadata file, but here one
    is offered, out of the wheel.
    """

    upstream: str
    file: File
    recorded: str | None
    admitted: bool
    extracted: bool

    def listing(self) -> ListingView:
        """For whoever asks about it."""
        file = self.file
        return ListingView(
            upstream=self.upstream,
            # What follows the path may be a signature that is as good as a password.
            url=masked_url(urlsplit(file.url)._replace(query="", fragment="").geturl()),
            size=file.size,
            hashes=file.hashes,
            recorded_sha256=None if file.sha256 else self.recorded,
            upload_time=file.upload_time,
            yanked=file.yanked,
            requires_python=file.requires_python,
            core_metadata=file.core_metadata,
            extracted=self.extracted,
        )


def subject_of(filename: str) -> str:
    """The file that a name asks about: for that of a metadata file it is the wheel's."""
    return wheel_of_metadata(filename) if is_metadata(filename) else filename


def names_of(filename: str) -> tuple[str, str]:
    """The names that belong to a file: its own, and its metadata file's."""
    return filename, filename + METADATA_SUFFIX


class FileViews:
    """Adds the view of a file to a project's explanation."""

    def __init__(self, files: FileStore, local: LocalRepository | None) -> None:
        self._files = files
        self._local = local

    async def add(self, explanation: Explanation, given: str, listed_at: Sequence[ListedAt]) -> Explanation:
        """The explanation with its ``file``, `subject_of` the given name."""
        filename = subject_of(given)
        found = [(each, each.listing()) for each in listed_at]
        may_be_asked = [listing for each, listing in found if each.admitted]
        view = FileView(
            filename=filename,
            asked_as_metadata=given != filename,
            state=FileState.NOT_LISTED,
            link=None,
            sha256=None,
            size=None,
            sources=(),
            listings=tuple(listing for _, listing in found),
            copies=self._copies(explanation, filename),
            failures=tuple(
                (view.name, failure)
                for view in explanation.upstreams
                for failure in view.failures
                if failure.filename in names_of(filename)
            ),
        )
        if explanation.state is State.LOCAL:
            return replace(explanation, file=await self._local_file(explanation, view))
        return replace(explanation, file=self._decided(explanation, view, may_be_asked))

    def _copies(self, explanation: Explanation, filename: str) -> tuple[CopyView, ...]:
        copies = []
        for kept in explanation.kept.files:
            if kept.filename in names_of(filename):
                stored = self._files.find(explanation.project, kept.filename, kept.sha256)
                copies.append(CopyView(kept, None if stored is None else str(stored.path)))
        return tuple(copies)

    async def _local_file(self, explanation: Explanation, view: FileView) -> FileView:
        assert self._local is not None
        try:
            content = await self._local.get_file(FileRequest(project=explanation.project, filename=view.filename))
        except PyproxyError:
            return view
        content.close()
        link = _link(explanation.project, view.filename, content.sha256)
        return replace(
            view, state=FileState.LOCAL, link=link, sha256=content.sha256, size=content.size, sources=(LOCAL,)
        )

    def _decided(self, explanation: Explanation, view: FileView, may_be_asked: Sequence[ListingView]) -> FileView:
        """What a request for the link on the page comes to; without a page, for the link that it last had."""
        owners = [listing for listing in view.listings if listing.upstream == explanation.owner]
        if not owners and explanation.state in ANSWERED:
            return view
        listing = next(iter(owners or may_be_asked), None)
        kept = [copy.file for copy in view.copies if copy.file.filename == view.filename]
        sha256 = listing.sha256 if listing is not None else kept[-1].sha256 if kept else None
        sources = tuple(
            each.upstream for each in may_be_asked if each is listing or (sha256 is not None and each.sha256 == sha256)
        )
        decided = replace(
            view,
            link=_link(explanation.project, view.filename, sha256) if listing is not None or kept else None,
            sha256=sha256,
            size=listing.size if listing is not None else kept[-1].size if kept else None,
            sources=sources,
        )
        if sha256 is not None and self._files.find_by_hash(sha256) is not None:
            return replace(decided, state=FileState.CACHED)
        if listing is None:
            gone = explanation.state in (State.MISSING, State.NOT_ADMITTED)
            return replace(decided, state=FileState.NOT_LISTED if gone else FileState.UNANSWERED)
        return replace(decided, state=FileState.OFFLINE if explanation.offline else FileState.FETCHED)


def _link(project: NormalizedName, filename: str, sha256: str | None) -> str:
    return f"/{file_link(project, filename, sha256)}"
