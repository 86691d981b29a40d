"""The legacy JSON API: what is answered for a project or a release of it.

The project page comes first, and with it the owner: the document is asked of the owner alone, never of others, and
lists the page's files and no others. Where the owner has no document, or fails without a known one, it is made from the
page and the release's own metadata: while the page can be answered, so can this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from pyproxy.errors import NotAnswered, PageGone, ReleaseNotFound, UpstreamError, UpstreamTimeout
from pyproxy.repositories.base import JsonAnswer, ProjectPage
from pyproxy.repositories.json_api.release_metadata import ReleaseMetadata
from pyproxy.repositories.json_api.rendered_documents import Ingredients, RenderedDocuments, StoredDocument
from pyproxy.repositories.json_api.upstream_documents import UpstreamDocuments
from pyproxy.repositories.priority import because
from pyproxy.repositories.resolution import PATIENCE_SECONDS, Freshness, Outcome, Rules
from pyproxy.repositories.upstream_pages import Answer
from pyproxy.simple.legacy_json.work import Surveyed
from pyproxy.simple.versions import comparable
from pyproxy.simple.work import Rendered
from pyproxy.storage.json_documents import DocumentName
from pyproxy.storage.pages import KnownPage

ASK_SECONDS = 5.0
"""How long a document, or metadata, that nothing stands in for is waited for at most; asking goes on behind."""

_STALER = {Freshness.HIT: 0, Freshness.MISS: 1, Freshness.STALE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the owner's JSON API came to: a document, or none; ``failed`` where it may have one and ``why`` not."""

    document: StoredDocument | None = None
    freshness: Freshness = Freshness.HIT
    fresh_until: float = float("inf")
    why: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked for; ``owner`` is ``None`` where there is nobody to ask: a local project, or a flat index."""

    page: ProjectPage
    version: str | None
    base: str
    local: bool
    owner: UpstreamDocuments | None
    deadline: float


class LegacyJson:
    """Answers for decided pages. ``documents`` are by the name of their upstream."""

    def __init__(
        self,
        *,
        documents: Mapping[str, UpstreamDocuments],
        metadata: ReleaseMetadata,
        rendered: RenderedDocuments,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._documents = documents
        self._metadata = metadata
        self._rendered = rendered
        self._rules = rules
        self._clock = clock

    async def get(
        self, page: ProjectPage, version: str | None, base: str, *, local: bool, time_left: float
    ) -> JsonAnswer:
        """The document of the page's project, or of one release in any spelling, with URLs below ``base``.

        ``time_left``: seconds that whoever asks still has. Raises `ReleaseNotFound`, and `PageGone` where a purge
        overtakes it.
        """
        deadline = asyncio.get_running_loop().time() + time_left
        if version is not None:
            version = (await self._surveyed(page, version)).version
        owner = None if local else self._documents.get(page.upstream)
        question = _Question(page=page, version=version, base=base, local=local, owner=owner, deadline=deadline)
        found = _Found() if owner is None else await self._find(owner, page, version, deadline)
        if found.document is not None:
            made_of = Ingredients(page=page, base=base, version=version, document=found.document)
            return _answer(page, found, await self._rendered.get(made_of), made="")
        return await self._made(question, found)

    async def _surveyed(self, page: ProjectPage, version: str | None) -> Surveyed:
        surveyed = await self._rendered.survey(page, version)
        if surveyed is None:
            raise ReleaseNotFound(page.project, version)
        return surveyed

    async def _made(self, question: _Question, found: _Found) -> JsonAnswer:
        """The document from the page and the metadata of the release that it is about."""
        page, owner = question.page, question.owner
        describing = (await self._surveyed(page, question.version)).describing
        complete, metadata, wait = True, None, _wait(question.deadline)
        try:
            metadata = await self._metadata.get(page.project, describing, local=question.local, wait=wait)
        except UpstreamError:
            complete = False
        known = owner.pages.known_page(page.project) if owner is not None else None
        made_of = Ingredients(
            page=page,
            base=question.base,
            version=question.version,
            metadata=metadata,
            serial=_number(known.serial if known is not None else None),
        )
        made = f"made-after-{found.why}" if found.failed else "made"
        return _answer(page, found, await self._rendered.get(made_of), made=made, whole=complete)

    async def _find(self, owner: UpstreamDocuments, page: ProjectPage, version: str | None, deadline: float) -> _Found:
        """The owner's document; a release's own is not asked for while the project's describes it."""
        whole = DocumentName(page.project)
        if version is None:
            return await self._settled(owner, whole, deadline)
        known = owner.known.get(whole)
        if known is not None and await self._covers(owner, known, whole, version):
            found = await self._settled(owner, whole, deadline)
            if found.document is None or await self._rendered.described(found.document) == comparable(version):
                return found
        return await self._settled(owner, DocumentName(page.project, version), deadline)

    async def _covers(self, owner: UpstreamDocuments, known: KnownPage, name: DocumentName, version: str) -> bool:
        if known.tag is None:
            return self._is_fresh(owner, known)  # without a document of the project, none of its releases has one
        return await self._rendered.described(_stored(owner, name, known.tag)) == comparable(version)

    async def _settled(self, owner: UpstreamDocuments, name: DocumentName, deadline: float) -> _Found:
        """The known document while it is fresh; else the owner is asked, and a known one stands in for a failure."""
        known = owner.known.get(name)
        if known is not None and self._is_fresh(owner, known):
            return self._found(owner, name, known, Freshness.HIT)
        age = float("inf") if known is None else self._clock() - known.checked_at
        stand_in = known if self._rules.offline or age <= self._rules.serve_stale_for else None
        if self._rules.offline:
            outcome: Answer = Outcome.OFFLINE
        else:
            outcome = owner.refusal(name) or await self._asked(owner, name, stand_in, deadline)
        if outcome in (Outcome.FOUND, Outcome.SECOND_HAND, Outcome.MISSING):
            known = owner.known.get(name)
            if known is not None:
                freshness = Freshness.STALE if outcome is Outcome.SECOND_HAND else Freshness.MISS
                return self._found(owner, name, known, freshness, because(outcome))
        if stand_in is not None and stand_in.tag is not None:
            return self._found(owner, name, stand_in, Freshness.STALE, because(outcome))
        if outcome is Outcome.OFFLINE:
            return _Found()
        return _Found(freshness=Freshness.MISS, why=because(outcome), failed=True)

    async def _asked(
        self, owner: UpstreamDocuments, name: DocumentName, stand_in: KnownPage | None, deadline: float
    ) -> Answer:
        wait = _wait(deadline)
        if stand_in is not None:
            wait = 0.0 if owner.pages.standing.health.suspect else PATIENCE_SECONDS
        task = owner.ask(name)
        done, _ = await asyncio.wait({task}, timeout=wait)
        if task.cancelled():
            raise NotAnswered("the server is stopping")
        if done:
            return task.result()
        error = UpstreamTimeout(owner.name, f"did not send its JSON document within {wait:.3g} s ({_limit(wait)})")
        owner.gave_up_waiting(name, error)
        return error if stand_in is None else Outcome.OVERDUE

    def _is_fresh(self, owner: UpstreamDocuments, known: KnownPage) -> bool:
        return 0 <= self._clock() - known.checked_at < owner.pages.lifetimes.index_ttl

    def _found(
        self, owner: UpstreamDocuments, name: DocumentName, known: KnownPage, freshness: Freshness, why: str = ""
    ) -> _Found:
        return _Found(
            document=None if known.tag is None else _stored(owner, name, known.tag),
            freshness=freshness,
            fresh_until=known.checked_at + owner.pages.lifetimes.index_ttl,
            why=why if freshness is Freshness.STALE else "",
        )


def _stored(owner: UpstreamDocuments, name: DocumentName, tag: str) -> StoredDocument:
    return StoredDocument(tag, partial(_body, owner, name, tag))


def _body(owner: UpstreamDocuments, name: DocumentName, tag: str) -> bytes:
    body = owner.known.body(name, tag)
    if body is None:
        raise PageGone(f"a document of {owner.name} was replaced just now")
    return body


def _wait(deadline: float) -> float:
    """Up to `ASK_SECONDS` of what is left; nobody is refused a moment."""
    return min(ASK_SECONDS, max(PATIENCE_SECONDS, deadline - asyncio.get_running_loop().time()))


def _limit(wait: float) -> str:
    return "a fixed limit" if wait == ASK_SECONDS else "cache.lookup_timeout"


def _answer(page: ProjectPage, found: _Found, rendered: Rendered, *, made: str, whole: bool = True) -> JsonAnswer:
    staler = max((page.freshness, found.freshness), key=_STALER.__getitem__)
    why = page.stale_because if page.freshness is Freshness.STALE else found.why
    until = min(page.fresh_until, found.fresh_until)
    return JsonAnswer(
        rendered=rendered,
        upstream=page.upstream,
        freshness=staler,
        stale_because=why if staler is Freshness.STALE else "",
        degraded=page.degraded,
        fresh_until=until if whole and not found.failed and not page.degraded else 0.0,
        made=made,
    )


def _number(serial: str | None) -> int | None:
    return int(serial) if serial is not None and serial.isascii() and serial.isdigit() and len(serial) < 19 else None
