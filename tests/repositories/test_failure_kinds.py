"""The words for failures: every error of the tree has one, and the narrower error wins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pyproxy.errors import (
    BrokenOff,
    ConnectionBroken,
    HashMismatch,
    UpstreamError,
    UpstreamForbidden,
    UpstreamInvalidResponse,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from pyproxy.repositories.failure_kinds import KINDS, failure_kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamTimeout("a", "was silent"), "timeout"),
        (ConnectionBroken("a", "broke off"), "broken connection"),
        (UpstreamUnreachable("a", "refused the connection"), "unreachable"),
        (UpstreamStatus("a", 503, "answered 503"), "status"),
        (UpstreamStatus("a", 401, "answered 401"), "credentials refused"),
        (UpstreamStatus("a", 403, "answered 403"), "credentials refused"),
        (UpstreamStatus("a", 429, "answered 429"), "rate limit"),
        (HashMismatch("a", "sent other bytes"), "hash mismatch"),
        (BrokenOff("a", "ended early"), "wrong length"),
        (UpstreamInvalidResponse("a", "sent a login page"), "invalid answer"),
        (UpstreamForbidden("a", "leads elsewhere"), "not followed"),
        (UpstreamError("a", "could not be asked"), "other"),
    ],
)
def test_each_failure_has_its_word(error: UpstreamError, kind: str) -> None:
    assert failure_kind(error) == kind


def test_no_error_of_the_tree_is_without_a_word() -> None:
    assert all(issubclass(error, tuple(kind for kind, _ in KINDS)) for error in _below(UpstreamError))


def _below(error: type[UpstreamError]) -> Iterator[type[UpstreamError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)
