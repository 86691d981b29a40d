"""What processes tell each other: everything comes out as it went in, and nothing else is believed."""

from __future__ import annotations

import pytest

from pyproxy.errors import (
    BrokenOff,
    FileNotListed,
    ProjectNotFound,
    ProjectUnavailable,
    PyproxyError,
    StorageError,
    UpstreamForbidden,
    UpstreamStatus,
    UpstreamTimeout,
)
from pyproxy.handlers.statuses import problem_of
from pyproxy.net.sharing.progress import MESSAGE_BYTES, Progress, decode, encode


@pytest.mark.parametrize(
    "progress",
    [
        Progress(),
        Progress(True, 100, "a", 36),
        Progress(True, None, "a", 2**40, "ab" * 32),
        Progress(again=True),
        Progress(apart=True),
    ],
)
def test_progress_comes_as_it_went(progress: Progress) -> None:
    assert decode(encode(progress)) == progress


@pytest.mark.parametrize(
    "error",
    [
        UpstreamStatus("a", 429, "answered 429 Too Many Requests", retry_after=2.5),
        UpstreamTimeout("ä", "did not answer"),
        BrokenOff("a", "broke off"),
        UpstreamForbidden("a", "leads to a private address", "address"),
        FileNotListed("no upstream has it"),
        ProjectNotFound("demo"),
        StorageError("the disk is full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_to_clients(error: PyproxyError) -> None:
    told = decode(encode(Progress(error=error))).error
    assert isinstance(told, type(error))
    assert (str(told), vars(told)) == (str(error), vars(error))
    assert problem_of(told) == problem_of(error)


def test_of_several_failures_the_first_is_told() -> None:
    first = UpstreamTimeout("a", "did not answer")
    told = decode(encode(Progress(error=ProjectUnavailable("demo", [first, UpstreamTimeout("b", "neither")])))).error
    assert (type(told), str(told)) == (UpstreamTimeout, str(first))


def test_a_defect_there_is_a_failure_here() -> None:
    told = decode(encode(Progress(error=ZeroDivisionError("division by zero")))).error
    assert isinstance(told, StorageError)
    assert "division by zero" in str(told)


def test_a_message_stays_below_its_limit_whatever_the_error_says() -> None:
    assert len(encode(Progress(error=UpstreamTimeout("a" * 100_000, "\x00" * 100_000)))) <= MESSAGE_BYTES


@pytest.mark.parametrize("message", [b"", b"{", b"[]", b"{}", b'{"error": null, "more": 1}', b'{"error": {}}', b"\xff"])
def test_anything_else_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="no progress"):
        decode(message)
