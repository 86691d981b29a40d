"""An explanation as one JSON object, for ``pyproxy explain --json`` and whoever reads it.

The keys are a promise: more may come, none goes or changes its meaning. All of them are always there; what is not known
is ``null``. Times are ISO 8601 in UTC, sizes bytes, lengths of time seconds.

::

    project, given, asked_at
    state       local | served | stale | missing | failing | unknown | offline | reserved | not admitted | no upstream
    summary     the answer in one sentence          reasons   further sentences
    owner       who answers: an upstream's name, "local", or null
    status      what clients get for the page, null where nobody can tell      error   the sentence with it
    degraded, offline, fresh_until, reserved_for [], local_files [],
    unreadable_files {filename: why}   those of local_files that are not listed
    upstreams   [{position, name, index_url, active, on_failure, role, asked_next, sentences [],
                  answer: null | {found, files, releases, newest, files_without_sha256, project_status, checked_at,
                                  changed_at, fresh_until, usable_until, conditional, url},
                  rest: null | {since, kind, reason, next_probe_at, is_current},
                  recorded_hashes, failures: [FAILURE]}]
    cached      {files, bytes, releases [], names [{filename, sha256, size, upstream, kept_at, last_used, uses}]}
    file        null | {filename, state, link, sha256, size, sources [], sentences [],
                  listings [{upstream, url, size, hashes {}, recorded_sha256, upload_time, yanked, requires_python,
                             core_metadata}],
                  copies [{filename, sha256, size, upstream, hashes {}, kept_at, last_used, uses, path}],
                  failures: [FAILURE]}

    FAILURE     {upstream, route, filename, kind, reason, times, first_at, last_at, over_at}
"""

from __future__ import annotations

from typing import Any

from pyproxy.admin.amounts import iso
from pyproxy.admin.explanation.file_sentences import file_sentences
from pyproxy.admin.explanation.model import (
    CopyView,
    Explanation,
    FileView,
    KnownView,
    ListingView,
    UpstreamView,
)
from pyproxy.admin.explanation.project_sentences import headline, reasons
from pyproxy.admin.explanation.upstream_sentences import upstream_sentences
from pyproxy.storage.failures import Failure
from pyproxy.storage.kept import KeptFile

Document = dict[str, Any]


def document(explanation: Explanation) -> Document:
    """The object described above."""
    return {
        "project": explanation.project,
        "given": explanation.given,
        "asked_at": iso(explanation.now),
        "state": explanation.state.value,
        "summary": headline(explanation),
        "reasons": reasons(explanation),
        "owner": explanation.owner,
        "status": explanation.status,
        "error": explanation.error,
        "degraded": explanation.degraded,
        "offline": explanation.offline,
        "fresh_until": _time(explanation.decides_until),
        "reserved_for": list(explanation.reserved_for),
        "local_files": list(explanation.local_files),
        "unreadable_files": dict(explanation.unreadable),
        "upstreams": [_upstream(view, explanation) for view in explanation.upstreams],
        "cached": {
            "files": explanation.kept.names,
            "bytes": explanation.kept.bytes,
            "releases": list(explanation.kept.releases),
            "names": [_kept(file) for file in explanation.kept.files],
        },
        "file": None if explanation.file is None else _file(explanation, explanation.file),
    }


def _upstream(view: UpstreamView, explanation: Explanation) -> Document:
    rest = view.rest
    return {
        "position": view.position,
        "name": view.name,
        "index_url": view.index_url,
        "active": view.active,
        "on_failure": view.on_failure,
        "role": view.role.value,
        "asked_next": view.next,
        "sentences": upstream_sentences(view, explanation),
        "answer": None if view.known is None else _answer(view.known),
        "rest": None
        if rest is None
        else {
            "since": iso(rest.since),
            "kind": rest.kind,
            "reason": rest.reason,
            "next_probe_at": _time(rest.probe_at),
            "is_current": not view.rest_is_old,
        },
        "recorded_hashes": view.recorded,
        "failures": [_failure(view.name, failure) for failure in view.failures],
    }


def _answer(known: KnownView) -> Document:
    return {
        "found": known.found,
        "files": known.files,
        "releases": known.releases,
        "newest": known.newest,
        "files_without_sha256": known.unhashed,
        "project_status": known.status,
        "checked_at": iso(known.checked_at),
        "changed_at": iso(known.changed_at),
        "fresh_until": iso(known.fresh_until),
        "usable_until": _time(known.usable_until),
        "conditional": known.conditional,
        "url": known.url,
    }


def _failure(upstream: str, failure: Failure) -> Document:
    return {
        "upstream": upstream,
        "route": failure.route,
        "filename": failure.filename or None,
        "kind": failure.kind,
        "reason": failure.reason,
        "times": failure.times,
        "first_at": iso(failure.first_at),
        "last_at": iso(failure.last_at),
        "over_at": _time(failure.over_at),
    }


def _kept(file: KeptFile) -> Document:
    return {
        "filename": file.filename,
        "sha256": file.sha256,
        "size": file.size,
        "upstream": file.upstream,
        "kept_at": iso(file.kept_at),
        "last_used": iso(file.last_used),
        "uses": file.uses,
    }


def _file(explanation: Explanation, file: FileView) -> Document:
    return {
        "filename": file.filename,
        "state": file.state.value,
        "link": file.link,
        "sha256": file.sha256,
        "size": file.size,
        "sources": list(file.sources),
        "sentences": file_sentences(explanation, file),
        "listings": [_listing(listing) for listing in file.listings],
        "copies": [_copy(copy) for copy in file.copies],
        "failures": [_failure(name, failure) for name, failure in file.failures],
    }


def _listing(listing: ListingView) -> Document:
    return {
        "upstream": listing.upstream,
        "url": listing.url,
        "size": listing.size,
        "hashes": dict(listing.hashes),
        "recorded_sha256": listing.recorded_sha256,
        "upload_time": listing.upload_time,
        "yanked": listing.yanked,
        "requires_python": listing.requires_python,
        "core_metadata": listing.core_metadata,
    }


def _copy(copy: CopyView) -> Document:
    return {**_kept(copy.file), "hashes": dict(copy.file.hashes), "path": copy.path}


def _time(then: float | None) -> str | None:
    return None if then is None else iso(then)
