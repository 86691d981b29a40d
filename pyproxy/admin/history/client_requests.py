"""What is recorded of a client's request, and how it is called."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Protocol

from pyproxy.repositories.outcomes import SAVING
from pyproxy.storage.activity import ClientRequest

COUNTED = ("page", "file", "metadata", "json", "list")
"""Routes of what installers ask for: these are counted."""

SHOWN = (*COUNTED, "redirect", "other")
"""Routes whose requests are shown one by one: wrong addresses too, since they explain why an installer fails."""

FAILED = ("failed", "broken")
"""Outcomes of requests that should have been answered, and were not."""

OUTCOMES = ("hit", "stale", "collapsed", "miss", "missing", "refused", "redirected", *FAILED, "answered")
"""The words of `repositories.outcomes`, and words for what is none of these."""

_SHOWN, _FAILED = frozenset(SHOWN), frozenset(FAILED)

LONGEST = {"client": 64, "agent": 60, "method": 16, "filename": 255, "address": 200}
"""Characters that are kept of what a client may choose freely."""

_NOT_FOUND = (404, 410)


class EndedRequest(Protocol):
    """A request that has ended; what is only read for a row of its own may take a little to find out.

    ``outcome`` is a word of `repositories.outcomes`, or ``-``; ``project`` and ``filename`` are empty where it was
    about none. ``sent`` are bytes of the body, ``seconds`` since it came.
    """

    @property
    def route(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def project(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def upstream(self) -> str: ...
    @property
    def client(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def path(self) -> str: ...


class Kind(NamedTuple):
    """What requests of one kind come to: ``outcome`` is one of `OUTCOMES`; the rest says where they count."""

    outcome: str
    failed: bool
    counted: bool
    served: bool


@lru_cache(maxsize=512)
def kind_of(route: str, outcome: str, status: int) -> Kind | None:
    """The kind; ``None`` for what is not recorded at all: requests of monitoring, and of people's pages."""
    if route not in _SHOWN:
        return None
    word = outcome_of(outcome, status)
    return Kind(word, has_failed(word), route in COUNTED, is_served(word, status))


def has_failed(outcome: str) -> bool:
    """Whether the outcome is one of `FAILED`."""
    return outcome in _FAILED


def outcome_of(outcome: str, status: int) -> str:
    """One of `OUTCOMES`, from what the handler said and the status that went out.

    >>> outcome_of("-", 404)
    'missing'
    """
    if outcome == "broken":
        return outcome
    if status >= 500:
        return "failed"
    if status in _NOT_FOUND:
        return "missing"
    if status >= 400:
        return "refused"
    if outcome == "-":
        return "redirected" if status in (301, 302) else "answered"
    return outcome


def is_served(outcome: str, status: int) -> bool:
    """Whether the client got what it asked for, or has it already; a range of a file is not the file."""
    return status in (200, 304) and (outcome == "miss" or outcome in SAVING)


def row_of(request: EndedRequest, outcome: str, at: float) -> ClientRequest:
    """Its row among the recent ones; ``at`` is when it ended (unix seconds)."""
    return ClientRequest(
        at=at,
        client=_plain(request.client, "client"),
        agent=_plain(request.agent.partition(" ")[0], "agent"),
        method=_plain(request.method, "method"),
        route=request.route,
        project=request.project,
        filename=_plain(request.filename, "filename"),
        address="" if request.project else _plain(request.path, "address"),
        status=request.status,
        outcome=outcome,
        upstream="" if request.upstream == "-" else request.upstream,
        sent=request.sent,
        seconds=request.seconds,
    )


def _plain(text: str, column: str) -> str:
    """Of bounded length, and without what no database takes or no line shows."""
    text = text[: LONGEST[column]]
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)
