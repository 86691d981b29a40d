"""What is known of one file, and what a request for it comes to, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from pyproxy.admin.amounts import ago, count, data, iso, listed
from pyproxy.admin.explanation.failure_sentences import failure_paragraph
from pyproxy.admin.explanation.model import CopyView, Explanation, FileState, FileView, ListingView
from pyproxy.admin.explanation.wording import Paragraph, Section, Tone
from pyproxy.simple.names import METADATA_SUFFIX

_TONES: Mapping[FileState, Tone] = {
    FileState.LOCAL: "good",
    FileState.CACHED: "good",
    FileState.FETCHED: "good",
    FileState.NOT_LISTED: "warning",
}


def file_sentences(explanation: Explanation, file: FileView) -> list[str]:
    """The answer in a few sentences, without what each upstream lists."""
    return [f"{file.filename}: {_title(explanation, file)}", *_answer(explanation, file)]


def file_section(explanation: Explanation, file: FileView) -> Section:
    """Everything about the file."""
    title, *answer = file_sentences(explanation, file)
    paragraphs = [
        Paragraph("", tuple(answer)),
        *(Paragraph(f"listed by {listing.upstream}", tuple(_listing(listing))) for listing in file.listings),
        *(Paragraph("kept here", tuple(_copy(copy, file, explanation.now))) for copy in file.copies),
        Paragraph("metadata", (_metadata(file),)),
        *(failure_paragraph(name, failure, explanation.now) for name, failure in file.failures),
    ]
    tone = "bad" if file.state is FileState.FETCHED and _failing(file) else _TONES.get(file.state, "bad")
    return Section(title, tuple(each for each in paragraphs if any(each.sentences)), tone)


def _title(explanation: Explanation, file: FileView) -> str:
    match file.state:
        case FileState.LOCAL:
            return "a local file."
        case FileState.CACHED:
            return "kept here; it is served without asking anybody."
        case FileState.FETCHED if _refused(file):
            return f"not kept here, and REFUSED when it last came from {listed(_refused(file))}."
        case FileState.FETCHED if _failing(file):
            failed = f"it FAILED when it was last fetched from {listed(_failing(file))}"
            return f"not kept here, and {failed}; the next request tries again."
        case FileState.FETCHED:
            return f"not kept here; the next request fetches it from {file.sources[0]}."
        case FileState.OFFLINE:
            return "not kept here, and cache.offline is on: clients get 503."
        case FileState.UNANSWERED:
            return f"not known, and {explanation.project} itself cannot be answered now."
        case FileState.NOT_LISTED:
            return "not listed: clients get 404."


def _answer(explanation: Explanation, file: FileView) -> list[str]:
    found = []
    if file.asked_as_metadata:
        found.append(f"{file.filename}{METADATA_SUFFIX} is its metadata file.")
    if file.link is not None:
        found.append(f"Its link: {file.link}")
    if len(file.sources) > 1:
        found.append(f"If {file.sources[0]} has no right copy: {listed(file.sources[1:])}, with the same sha256.")
    if file.sha256 is None and file.state is FileState.FETCHED:
        found.append("Nobody lists its sha256: that of the first whole download is recorded, and rules from then on.")
    if file.state is FileState.NOT_LISTED:
        found += _why_not_listed(explanation, file)
    refused = _refused(file)
    if refused:
        again = " The next request tries again." if file.state is FileState.FETCHED else ""
        found.append(
            f"The bytes that {listed(refused)} sent do not have the hash that they must have: nothing of them was "
            f"kept, and no client got them whole.{again}"
        )
    return found


def _refused(file: FileView, route: str = "file") -> list[str]:
    """The upstreams whose last copy had a wrong hash."""
    return [
        name
        for name, failure in file.failures
        if failure.route == route and failure.kind == "hash mismatch" and failure.over_at is None
    ]


def _refused_beside(file: FileView) -> bool:
    """Whether the metadata file was refused after the wheel was kept: then the wheel's own is not what is listed."""
    kept = max((copy.file.kept_at for copy in file.copies if copy.file.filename == file.filename), default=0.0)
    return any(failure.last_at > kept for name, failure in file.failures if name in _refused(file, "metadata"))


def _failing(file: FileView) -> list[str]:
    """The upstreams that had no right copy of the file itself when they were last asked for it."""
    return [name for name, failure in file.failures if failure.route == "file" and failure.over_at is None]


def _why_not_listed(explanation: Explanation, file: FileView) -> list[str]:
    others = [listing.upstream for listing in file.listings]
    if explanation.owner is None:
        return []
    found = [f"{explanation.owner} answers for {explanation.project} and lists no file of this name."]
    if others:
        found.append(f"{listed(others)} lists it, but files of several upstreams are never mixed.")
    if any(copy.path is not None for copy in file.copies):
        found.append("The kept copy still answers to its old link, which has its sha256.")
    return found


def _listing(listing: ListingView) -> list[str]:
    size = "no size" if listing.size is None else f"{listing.size:,} bytes"
    uploaded = f"uploaded {listing.upload_time}" if listing.upload_time else "no upload time"
    found = [f"{size}; {_hashes(listing.hashes)}; {uploaded}."]
    if listing.recorded_sha256 is not None:
        found.append(f"sha256 recorded at its first download: {listing.recorded_sha256}.")
    if listing.requires_python is not None:
        found.append(f"Requires Python {listing.requires_python}.")
    if listing.yanked:
        found.append("YANKED" + (f": {listing.yanked}." if isinstance(listing.yanked, str) else ", without a reason."))
    return [*found, f"Its address there: {listing.url}"]


def _hashes(hashes: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in hashes.items()) or "no hash"


def _copy(copy: CopyView, file: FileView, now: float) -> list[str]:
    kept = copy.file
    what = "" if kept.filename == file.filename else f"{kept.filename}: "
    verified = f"verified against {_hashes(kept.hashes)}" if kept.hashes else f"sha256 {kept.sha256}"
    since = f"kept {ago(kept.kept_at, now)} ({iso(kept.kept_at)})"
    found = [
        f"{what}{data(kept.size)} from {kept.upstream}, {since}; {verified}.",
        f"Used {count(kept.uses, 'time')}, last {ago(kept.last_used, now)}." if kept.uses else "Not used since.",
    ]
    if copy.path is None:
        return [*found, "Its bytes are NOT on the disk any more: the next request fetches them again."]
    return [*found, f"It lies at {copy.path}"]


def _metadata(file: FileView) -> str:
    """Whether its ``.metadata`` can be had, and from where."""
    advertised = [listing for listing in file.listings if listing.core_metadata is not False]
    extracted = next((listing.upstream for listing in file.listings if listing.extracted), None)
    if not advertised and extracted is not None:
        return f"{extracted} offers no metadata file for it (PEP 658): here one is offered, out of the wheel itself."
    if not advertised:
        return "No upstream offers a metadata file for it (PEP 658)." if file.listings else ""
    first = advertised[0]
    hashes = f" with {_hashes(first.core_metadata)}" if isinstance(first.core_metadata, Mapping) else ", without a hash"
    if file.state is FileState.CACHED and not _refused_beside(file):
        return f"{first.upstream} offers it{hashes}; it is answered from the kept file."
    if refused := _refused(file, "metadata"):
        return f"{first.upstream} offers it{hashes}; REFUSED when it last came from {listed(refused)}: other bytes."
    kept = any(copy.file.filename != file.filename for copy in file.copies)
    return f"{first.upstream} offers it{hashes}; it is {'kept here' if kept else 'not kept here yet'}."
