"""An explanation in plain sentences, section by section: the answer, then what it rests on."""

from __future__ import annotations

from pyproxy.admin.amounts import count, data
from pyproxy.admin.explanation.failure_sentences import failure_paragraphs
from pyproxy.admin.explanation.file_sentences import file_section
from pyproxy.admin.explanation.model import Explanation
from pyproxy.admin.explanation.project_sentences import headline, reasons, tone
from pyproxy.admin.explanation.upstream_sentences import upstream_label, upstream_sentences, upstream_tone
from pyproxy.admin.explanation.wording import Paragraph, Section

RELEASES_NAMED = 8
"""How many kept releases are named, the highest ones."""


def story(explanation: Explanation) -> tuple[Section, ...]:
    """The whole story."""
    sections = [Section(headline(explanation), (Paragraph("", tuple(reasons(explanation))),), tone(explanation))]
    if explanation.file is not None:
        sections.append(file_section(explanation, explanation.file))
    sections.append(Section("Upstreams, in the order in which they are asked", _upstreams(explanation)))
    if explanation.local_files:
        paragraph = Paragraph("", (", ".join(explanation.local_files),))
        sections.append(Section("Local files", (paragraph,)))
    if explanation.file is None:
        sections.append(Section("Kept here", (Paragraph("", (_kept(explanation),)),)))
        wrong = failure_paragraphs(explanation)
        if wrong:
            goes_on = any(paragraph.tone == "bad" for paragraph in wrong)
            sections.append(Section("What went wrong", wrong, "bad" if goes_on else "plain"))
    return tuple(sections)


def _upstreams(explanation: Explanation) -> tuple[Paragraph, ...]:
    return tuple(
        Paragraph(upstream_label(view), tuple(upstream_sentences(view, explanation)), upstream_tone(view))
        for view in explanation.upstreams
    )


def _kept(explanation: Explanation) -> str:
    """How much of the project is in the cache."""
    kept = explanation.kept
    if not kept.names:
        return "No file of it."
    text = f"{count(kept.names, 'verified file')}, {data(kept.bytes)}"
    releases = kept.releases
    if releases:
        more = len(releases) - RELEASES_NAMED
        named = ", ".join(reversed(releases[-RELEASES_NAMED:]))
        text += f", of {'release' if len(releases) == 1 else 'releases'} {named}"
        if len(kept.files) < kept.names:
            text += " and others"
        elif more > 0:
            text += f" and {more} older"
    return f"{text}."
