"""Each upstream in a line: what it did in the range that is shown, and how it stands now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyproxy.admin.dashboard.model import UpstreamState, UpstreamSummary
from pyproxy.admin.dashboard.series import MEDIAN, P95
from pyproxy.storage.counted import Latest
from pyproxy.storage.failures import Failure, Rest
from pyproxy.storage.history_reads import CallSum, FailureSum
from pyproxy.storage.latencies import quantile
from pyproxy.storage.upstreams import StoredUpstream

_NEVER = Latest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How upstreams stand, by id."""

    latest: Mapping[int, Latest]
    failures: Mapping[int, Failure]
    rests: Mapping[int, Rest]


def state_of(upstream: StoredUpstream, standing: Standing) -> UpstreamState:
    """One word for it."""
    if not upstream.settings.active:
        return "off"
    if upstream.id in standing.rests:
        return "resting"
    latest = standing.latest.get(upstream.id, _NEVER)
    if latest.failures_in_a_row:
        return "failing"
    return "never asked" if latest.succeeded_at is None else "active"


def summaries(
    stored: Sequence[StoredUpstream],
    standing: Standing,
    calls: Sequence[CallSum],
    failures: Sequence[FailureSum],
    latencies: Mapping[str, Mapping[int, int]],
) -> tuple[UpstreamSummary, ...]:
    """In the order of ``stored``; what was counted of others is left out."""
    called: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for call in calls:
        called[call.upstream] = [
            sum(pair) for pair in zip(called[call.upstream], (call.calls, call.missing, call.received), strict=True)
        ]
    failed: dict[str, dict[str, int]] = defaultdict(dict)
    for failure in failures:
        kinds = failed[failure.upstream]
        kinds[failure.kind] = kinds.get(failure.kind, 0) + failure.failures
    found = []
    for upstream in stored:
        name, latest = upstream.settings.name, standing.latest.get(upstream.id, _NEVER)
        count, missing, received = called[name]
        found.append(
            UpstreamSummary(
                id=upstream.id,
                name=name,
                priority=upstream.priority,
                state=state_of(upstream, standing),
                calls=count,
                missing=missing,
                received=received,
                failures=failed[name],
                median=quantile(latencies.get(name, {}), MEDIAN),
                p95=quantile(latencies.get(name, {}), P95),
                last_failure=standing.failures.get(upstream.id),
                rest=standing.rests.get(upstream.id),
                failures_in_a_row=latest.failures_in_a_row,
                succeeded_at=latest.succeeded_at,
                failed_at=latest.failed_at,
                certificate_ends=latest.certificate_ends,
                certificate_seen_at=latest.certificate_seen_at,
            )
        )
    return tuple(found)
