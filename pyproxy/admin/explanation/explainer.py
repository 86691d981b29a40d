"""Finds out why a project is answered as it is, from what is stored and by the server's own rules; asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from pyproxy.admin.explanation.facts import FactFinder, Facts
from pyproxy.admin.explanation.file_views import FileViews, ListedAt, names_of, subject_of
from pyproxy.admin.explanation.foresight import foresee
from pyproxy.admin.explanation.model import Explanation, KeptView, Role, State, UpstreamView
from pyproxy.admin.explanation.pages_read import PageReader, releases_of
from pyproxy.admin.explanation.verdict import Verdict, not_asked, verdict
from pyproxy.errors import NotAnswered, ProjectNotAdmitted
from pyproxy.repositories.admission import explicit_owners
from pyproxy.repositories.base import LOCAL
from pyproxy.repositories.local import LocalRepository
from pyproxy.repositories.priority import PriorityRepository, candidate_of
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import check_filename, normalize
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database
from pyproxy.storage.failures import FailureStore
from pyproxy.storage.files import FileStore
from pyproxy.storage.project_files import ProjectFiles

IS_LOCAL = Verdict(state=State.LOCAL, status=200)
CANNOT_BE_READ = Verdict(state=State.LOCAL, status=503)


class Explainer:
    """Explains projects and files.

    ``clock`` gives unix seconds; ``priority`` is only looked at.
    """

    def __init__(
        self,
        *,
        priority: PriorityRepository,
        local: LocalRepository | None,
        files: FileStore,
        database: Database,
        failures: FailureStore,
        reader: PageReader,
        clock: Callable[[], float],
    ) -> None:
        self._priority = priority
        self._local = local
        self._database = database
        self._finder = FactFinder(priority, failures, reader)
        self._file_views = FileViews(files, local)
        self._clock = clock

    async def explain(
        self, given: str, filename: str | None = None, *, kept_limit: int | None = None
    ) -> Explanation:
        """The whole story; of kept files at most ``kept_limit``, where it is given.

        Raises `InvalidProjectName`, `InvalidFilename` and `StorageError`.
        """
        project = normalize(given)
        wanted = None if filename is None else subject_of(check_filename(filename))
        now = self._clock()
        facts = await self._finder.facts(project, now, filename=wanted)
        also = {failure.filename for each in facts for failure in each.failures}
        also.update(() if wanted is None else names_of(wanted))
        kept = await aside(self._database, partial(_kept, project=project, limit=kept_limit, also=also))
        local_files = () if self._local is None else self._local.filenames(project)
        unreadable = {} if self._local is None else await self._local.unreadable(project)
        local = IS_LOCAL if len(unreadable) < len(local_files) else CANNOT_BE_READ
        ruling, admitted = (local, []) if local_files else self._ruling(facts, project, now)
        explanation = self._explanation(given, project, now, facts, ruling, admitted, local_files)
        explanation = replace(explanation, kept=kept, unreadable=unreadable)
        if filename is None:
            return explanation
        listed_at = [
            ListedAt(
                upstream=each.upstream.name,
                file=each.file,
                recorded=each.upstream.recorded_hashes(project).get(each.file.filename),
                admitted=each.upstream in admitted,
                extracted=not each.file.core_metadata
                and self._priority.offered(each.upstream, project).has(each.file.filename),
            )
            for each in facts
            if each.file is not None
        ]
        return await self._file_views.add(explanation, filename, listed_at)

    def _ruling(
        self, facts: Sequence[Facts], project: NormalizedName, now: float
    ) -> tuple[Verdict, list[UpstreamPages]]:
        """What the next request comes to, and the upstreams that may be asked."""
        try:
            admitted = self._priority.admitted(project)
        except (NotAnswered, ProjectNotAdmitted) as error:
            return not_asked(error), []
        about = [each for each in facts if each.upstream in admitted]
        candidates = [candidate_of(each.upstream, project) for each in about]
        resting, failed = [each.resting for each in about], [each.failed for each in about]
        rules = self._priority.rules
        foresight = foresee(
            candidates, rules, now=now, lookup_timeout=self._priority.lookup_timeout, resting=resting, failed=failed
        )
        errors = [rest or failure for rest, failure in zip(resting, failed, strict=True)]
        return verdict(foresight, candidates, errors, project, rules, now), admitted

    def _explanation(
        self,
        given: str,
        project: NormalizedName,
        now: float,
        facts: Sequence[Facts],
        ruling: Verdict,
        admitted: Sequence[UpstreamPages],
        local_files: tuple[str, ...],
    ) -> Explanation:
        owner = LOCAL if local_files else None if ruling.owner is None else admitted[ruling.owner].name
        reserved_for = tuple(upstream.name for upstream in explicit_owners(self._priority.upstreams, project))
        return Explanation(
            given=given,
            project=project,
            now=now,
            state=ruling.state,
            owner=owner,
            degraded=ruling.degraded,
            status=ruling.status,
            error=ruling.error,
            because=ruling.because,
            decides_until=ruling.decides_until,
            offline=self._priority.offline,
            reserved_for=reserved_for,
            local_files=local_files,
            upstreams=tuple(
                _view(position, each, project, _role(each.upstream, ruling, admitted, reserved_for), ruling, admitted)
                for position, each in enumerate(facts, start=1)
            ),
        )


def _kept(database: Database, *, project: NormalizedName, limit: int | None, also: Collection[str]) -> KeptView:
    """The kept files, those ``also`` that have some names, and the releases that they belong to; maybe thousands."""
    files = ProjectFiles(database)
    amount = files.amount(project)
    kept = files.last_kept(project, -1 if limit is None else limit)
    if len(kept) < amount.files:
        kept = list({(file.filename, file.sha256): file for file in [*kept, *files.named(project, also)]}.values())
    return KeptView(amount.files, amount.bytes, tuple(kept), releases_of([file.filename for file in kept], project))


def _role(
    upstream: UpstreamPages, ruling: Verdict, admitted: Sequence[UpstreamPages], reserved_for: Sequence[str]
) -> Role:
    """What an upstream has to do with the project."""
    if ruling.state is State.LOCAL:
        return Role.LOCAL
    if upstream in admitted:
        return ruling.role_of(admitted.index(upstream))
    if not upstream.settings.active:
        return Role.INACTIVE
    return Role.RESERVED if reserved_for else Role.PATTERNS


def _view(
    position: int,
    facts: Facts,
    project: NormalizedName,
    role: Role,
    ruling: Verdict,
    admitted: Sequence[UpstreamPages],
) -> UpstreamView:
    upstream = facts.upstream
    return UpstreamView(
        position=position,
        name=upstream.name,
        index_url=upstream.settings.index_url,
        active=upstream.settings.active,
        on_failure=upstream.on_failure,
        projects=upstream.settings.projects,
        excluded_projects=upstream.settings.excluded_projects,
        role=role,
        known=facts.known,
        next=any(admitted[index] is upstream for index in ruling.asked),
        rest=facts.rest,
        rest_is_old=facts.rest_is_old,
        recorded=len(upstream.recorded_hashes(project)),
        failures=facts.failures,
        failing=facts.failing,
    )
