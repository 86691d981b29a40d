"""What went wrong at upstreams, one sentence for each subject."""

from __future__ import annotations

from pyproxy.admin.amounts import ago, iso
from pyproxy.admin.explanation.model import Explanation
from pyproxy.admin.explanation.upstream_sentences import tells_failure
from pyproxy.admin.explanation.wording import Paragraph
from pyproxy.storage.failures import Failure

SHOWN = 12
"""How many failures are told, those that go on first, then the newest."""


def failure_paragraphs(explanation: Explanation) -> tuple[Paragraph, ...]:
    """The failures of the project and its files; without those that the sentences about an upstream tell already."""
    failures = [
        (view.name, failure)
        for view in explanation.upstreams
        for failure in view.failures
        if failure is not view.failing or not tells_failure(view)
    ]
    failures.sort(key=lambda pair: (pair[1].over_at is not None, -pair[1].last_at))
    shown = [failure_paragraph(name, failure, explanation.now) for name, failure in failures[:SHOWN]]
    if len(failures) > SHOWN:
        shown.append(Paragraph("", (f"And {len(failures) - SHOWN} more, which --json shows.",)))
    return tuple(shown)


def failure_paragraph(upstream: str, failure: Failure, now: float) -> Paragraph:
    """One subject's failures: what, how often, when last, and whether that is over."""
    what = failure.filename or {"page": "project page", "json": "JSON document"}.get(failure.route, failure.route)
    last = f"{ago(failure.last_at, now)} ({iso(failure.last_at)})"
    times = f"{failure.times:,} times in a row since {iso(failure.first_at)}, last" if failure.times > 1 else "Once,"
    sentences = [f"It {failure.reason}.", f"{times} {last}."]
    if failure.over_at is not None:
        sentences.append(f"Over: it succeeded {ago(failure.over_at, now)}.")
    return Paragraph(f"{upstream}, {what}", tuple(sentences), "bad" if failure.over_at is None else "plain")
