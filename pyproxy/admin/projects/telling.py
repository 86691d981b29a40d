"""What the page of a project says in sentences: those of ``explain``, and no more of them than a page can hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pyproxy.admin.amounts import count
from pyproxy.admin.cache.refreshing import Refreshed
from pyproxy.admin.cache.wording import said_words
from pyproxy.admin.explanation.failure_sentences import failure_paragraphs
from pyproxy.admin.explanation.file_sentences import file_section
from pyproxy.admin.explanation.model import Explanation, UpstreamView
from pyproxy.admin.explanation.project_sentences import headline, reasons, tone
from pyproxy.admin.explanation.upstream_sentences import TAKES_PART, upstream_sentences, upstream_tone
from pyproxy.admin.explanation.wording import Paragraph, Section, Tone
from pyproxy.admin.visible import visible

SENTENCES = 12
LONGEST_SENTENCE = 300
"""Characters; patterns and reasons of failures may be long."""

UPSTREAMS = 12
"""Upstreams told one by one: those that are asked first of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One upstream of the walk: what it has to do with the project, in sentences."""

    view: UpstreamView
    sentences: tuple[str, ...]
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer and what it rests on; ``others`` upstreams are not told of, none of which is asked before those."""

    headline: str
    tone: Tone
    reasons: tuple[str, ...]
    steps: tuple[Step, ...]
    others: int
    troubles: tuple[Paragraph, ...]


def told(explanation: Explanation) -> Told:
    """The explanation of a project."""
    views = sorted(explanation.upstreams, key=lambda view: (view.role not in TAKES_PART, view.position))[:UPSTREAMS]
    views.sort(key=lambda view: view.position)
    return Told(
        headline=headline(explanation),
        tone=tone(explanation),
        reasons=bounded(reasons(explanation)),
        steps=tuple(
            Step(view=view, sentences=bounded(upstream_sentences(view, explanation)), tone=upstream_tone(view))
            for view in views
        ),
        others=len(explanation.upstreams) - len(views),
        troubles=tuple(map(_bounded_paragraph, failure_paragraphs(explanation))),
    )


def told_file(explanation: Explanation) -> Section:
    """That of one file, which it must be about."""
    assert explanation.file is not None
    section = file_section(explanation, explanation.file)
    title = section.title.removeprefix(f"{explanation.file.filename}: ")
    paragraphs = tuple(map(_bounded_paragraph, section.paragraphs[:UPSTREAMS]))
    return replace(section, title=_cut(f"{title[:1].upper()}{title[1:]}"), paragraphs=paragraphs)


def told_refresh(refreshed: Refreshed) -> str:
    """What came of asking again, for the next page."""
    if refreshed.local:
        return "It is local: no upstream is asked, and new files are noticed within seconds."
    said = [f"{said.upstream}: {said_words(said)}." for said in refreshed.said]
    if refreshed.problem:
        said.append(f"{refreshed.problem}.")
    elif refreshed.owner is None and refreshed.ok:
        said.append("No upstream has it.")
    return " ".join(bounded(said))


def bounded(sentences: Iterable[str]) -> tuple[str, ...]:
    """The first of them, each of bounded length."""
    found = [_cut(sentence) for sentence in sentences]
    if len(found) > SENTENCES:
        found[SENTENCES:] = [f"And {count(len(found) - SENTENCES, 'more sentence')}: pyproxy explain has all of them."]
    return tuple(found)


def _bounded_paragraph(paragraph: Paragraph) -> Paragraph:
    return replace(paragraph, label=_cut(paragraph.label), sentences=bounded(paragraph.sentences))


def _cut(text: str) -> str:
    """The beginning, with nothing in it that is not seen: upstreams and local files have their own words in it."""
    seen = visible(text[: LONGEST_SENTENCE + 1])
    return seen if len(seen) <= LONGEST_SENTENCE else f"{seen[: LONGEST_SENTENCE - 1]}…"
