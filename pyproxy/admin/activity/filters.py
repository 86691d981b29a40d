"""What somebody wants to see of the recent requests, as typed or chosen; an empty field wants everything.

In texts, ``*`` stands for any characters. A word that no request has finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyproxy.admin.history.client_requests import FAILED
from pyproxy.simple.patterns import normalize_pattern
from pyproxy.storage.activity_reads import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFilter:
    """Of requests of clients. ``client`` is an address, ``agent`` like ``pip/*``, ``project`` in any spelling.

    ``outcome`` and ``route`` are words of `history.client_requests`: one of ``OUTCOMES`` and of ``SHOWN``.
    """

    client: str = ""
    agent: str = ""
    project: str = ""
    outcome: str = ""
    route: str = ""
    upstream: str = ""
    failures_only: bool = False

    def wanted(self) -> Wanted:
        """The same, for storage."""
        any_of = _chosen(outcome=self.outcome, route=self.route, upstream=self.upstream)
        if self.failures_only:
            any_of["outcome"] = [each for each in any_of.get("outcome", FAILED) if each in FAILED]
        return Wanted(_typed(client=self.client, agent=self.agent, project=normalize_pattern(self.project)), any_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Of requests to upstreams. ``result`` is one of `storage.activity.Result`, ``kind`` a kind of failure."""

    upstream: str = ""
    project: str = ""
    result: str = ""
    kind: str = ""
    route: str = ""
    failures_only: bool = False

    def wanted(self) -> Wanted:
        """The same, for storage."""
        any_of = _chosen(upstream=self.upstream, result=self.result, kind=self.kind, route=self.route)
        if self.failures_only:
            any_of["result"] = [each for each in any_of.get("result", ["failed"]) if each == "failed"]
        return Wanted(_typed(project=normalize_pattern(self.project)), any_of)


def _typed(**texts: str) -> dict[str, str]:
    return {column: text.strip() for column, text in texts.items() if text.strip()}


def _chosen(**words: str) -> dict[str, Sequence[str]]:
    return {column: [word] for column, word in words.items() if word}
