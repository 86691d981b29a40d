"""Is there an index below the URL, may we read it, and does it have a project that can be looked at?"""

from __future__ import annotations

import email.utils
from collections.abc import AsyncGenerator, Sequence
from itertools import islice

from pyproxy.admin.upstream_test.asking import Answer, Asking
from pyproxy.admin.upstream_test.index_path import elsewhere
from pyproxy.admin.upstream_test.names_to_ask import LIST_BYTES, askable, exact_names, listed
from pyproxy.admin.upstream_test.project_page import Asked, ask_for_project
from pyproxy.admin.upstream_test.refusals import explained, no_answer, phrase, sent
from pyproxy.admin.upstream_test.steps import Begins, State, Step
from pyproxy.errors import UpstreamError
from pyproxy.simple.model import NormalizedName

TRIES = 5
"""How many projects are asked for, from each source, until one has files."""

TELLING_FILES = 5
"""A page of fewer files says little about what the others have: another one is looked at, too."""

CLOCK_SECONDS = 120.0
"""A difference of the clocks that is worth a word; the upstream's Date is of whole seconds, and travels."""


class IndexCheck:
    """Finds a project page. ``page`` is it, once the steps are through; ``None`` if there was none to be had;
    ``list_found`` tells whether there is an index all the same.

    ``project`` is the only one to ask for, if given; ``known`` are such that this upstream had once.
    """

    def __init__(
        self, asking: Asking, *, project: NormalizedName | None, known: Sequence[NormalizedName], begins: Begins
    ) -> None:
        self.page: Asked | None = None
        self.list_found = False
        self._asking = asking
        self._settings = asking.settings
        self._given = project
        self._known = known
        self._begins = begins
        self._credentials_told = False
        self._ended = False
        self._last: Asked | None = None

    async def steps(self) -> AsyncGenerator[Step]:
        """The steps, each as it ends; the last one has failed where no page was found."""
        names = [self._given] if self._given else list(islice(askable(self._known, self._settings), TRIES))
        async for step in self._try(names):
            yield step
        if self._ended or self.page:
            return
        candidates: list[NormalizedName] = []
        async for step in self._read_list(candidates):
            yield step
        if not self._ended and self._given is None:
            exact = list(askable(exact_names(self._settings), self._settings))
            async for step in self._try([*candidates[:TRIES], *exact[:TRIES]]):
                yield step
        if not self._ended and not self.page:
            yield await self._nothing()

    async def _try(self, names: Sequence[NormalizedName]) -> AsyncGenerator[Step]:
        """Ask for one after the other, until one has a page that tells something or asking further is of no use."""
        for name in names:
            self._begins(f"page of {name}")
            asked = await ask_for_project(self._asking, self._settings.index_url, name)
            self._last = asked
            if asked.answer is not None:
                for step in self._told_by(asked.answer):
                    yield step
            if asked.kind == "page":
                if _files(asked) > _files(self.page):
                    self.page = asked
                if _files(asked) >= TELLING_FILES:
                    return
            elif self.page is None and asked.kind in ("refused", "failed"):
                self._ended = True
                about = "credentials" if asked.kind == "refused" and not self._credentials_told else "project page"
                seconds = asked.answer.seconds if asked.answer else None
                yield Step(about, "failed", seconds, asked.found, asked.advice)
                return

    async def _read_list(self, candidates: list[NormalizedName]) -> AsyncGenerator[Step]:
        """The beginning of the list of projects; its names go into ``candidates``."""
        self._begins("project list")
        # Nothing else needs the list; whoever may read pages but not the list is served well.
        needed = self._given is None and not exact_names(self._settings)
        state: State = "failed" if needed else "skipped"
        try:
            answer = await self._asking.page(self._settings.index_url, enough=LIST_BYTES)
        except UpstreamError as error:
            self._ended = needed
            yield Step("project list", state, None, *explained(error, self._settings))
            return
        if answer.status not in (200, 404, 405, 410):
            self._ended = needed
            name = "credentials" if needed and answer.status in (401, 403) else "project list"
            finding = no_answer(answer.status, answer.headers, answer.body, self._settings)
            yield Step(name, state, answer.seconds, *finding)
            return
        for step in self._told_by(answer):
            yield step
        names = listed(answer) if answer.status == 200 else None
        candidates += askable(names or (), self._settings)
        self.list_found = names is not None
        yield self._list_step(answer, names, candidates)

    def _list_step(self, answer: Answer, names: Sequence[str] | None, candidates: Sequence[NormalizedName]) -> Step:
        if answer.status != 200:
            return Step("project list", "skipped", answer.seconds, f"it answers {phrase(answer.status)} to its list")
        if names is None:
            return Step("project list", "skipped", answer.seconds, "what it sends is no list of projects")
        if not names:
            return Step("project list", "warning", answer.seconds, "it lists no project at all")
        first = ", ".join(names[:3])
        if not candidates:
            found = f"it begins with {first}, none of which the project patterns admit"
            return Step("project list", "skipped", answer.seconds, found)
        return Step("project list", "ok", answer.seconds, f"it begins with {first}")

    def _told_by(self, answer: Answer) -> list[Step]:
        """What the first answer that is a yes or a no tells about credentials and clocks."""
        if self._credentials_told or answer.status not in (200, 404, 410):
            return []
        self._credentials_told = True
        given = sent(self._settings)
        if given is None:
            steps = [Step("credentials", "ok", None, "none are set, and none were asked for")]
        else:
            steps = [Step("credentials", "ok", None, f"the index does not refuse the {given}")]
        clock = self._clock(answer)
        return [*steps, clock] if clock else steps

    def _clock(self, answer: Answer) -> Step | None:
        try:
            theirs = email.utils.parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            return None
        ahead = self._asking.conditions.clock() - theirs
        if abs(ahead) < CLOCK_SECONDS:
            return None
        found = f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the upstream's"
        advice = "set the clocks (NTP): certificates, tokens and release dates are judged by them"
        return Step("clock", "warning", None, found, advice)

    async def _nothing(self) -> Step:
        """No page at all: is the index somewhere else, is it empty, or is only a name missing?"""
        last = self._last
        if not self.list_found:
            self._begins("index elsewhere")
            place = await elsewhere(self._asking, last.project if last else None)
            if place is not None:
                found = f"there is no index at {self._settings.index_url}, but there is one at {place.index_url}"
                return Step("index", "failed", None, found, place.advice)
        if last is not None:
            return self._no_page(last)
        if self.list_found:
            return Step("index", "warning", None, "no project to look at was found", "give one: --project NAME")
        found = f"there is no list of projects at {self._settings.index_url}"
        advice = "give a project that it has (--project NAME), or check url and index_path"
        return Step("index", "failed", None, found, advice)

    def _no_page(self, last: Asked) -> Step:
        """What the last one asked for says; without credentials some servers claim not to have what they hide."""
        advice = last.advice or "give a project that it has (--project NAME), or check url and index_path"
        if last.kind == "missing" and sent(self._settings) is None:
            advice += "; some servers (GitLab) answer so to whoever may not read: set credentials then"
        state: State = "warning" if self.list_found and not self._given else "failed"
        return Step("project page", state, last.answer.seconds if last.answer else None, last.found, advice)


def _files(asked: Asked | None) -> int:
    return asked.judged.files if asked is not None and asked.judged is not None else 0
