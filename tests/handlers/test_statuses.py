"""Errors as HTTP: one table."""

from __future__ import annotations

import pytest
from tornado.httputil import parse_response_start_line

from pyproxy.errors import (
    FileNotListed,
    HashMismatch,
    InvalidFilename,
    InvalidProjectName,
    NameReserved,
    NoActiveUpstream,
    NotAcceptable,
    NotAllowed,
    NotKnownOffline,
    NotSignedIn,
    PageGone,
    ProjectNotFound,
    ProjectUnavailable,
    PyproxyError,
    SignInPaused,
    StorageError,
    UpstreamError,
    UpstreamForbidden,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
    WrongCredentials,
)
from pyproxy.handlers.statuses import REASON_LIMIT, problem_of, reason_phrase

REFUSED = UpstreamUnreachable("a", "refused the connection")
SLOW = UpstreamTimeout("b", "did not answer within 5 s")


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (ProjectNotFound("foo"), 404, "no index has a project named foo"),
        (FileNotListed("no index lists x"), 404, "no index lists x"),
        (InvalidProjectName("'-' is no project name"), 404, "'-' is no project name"),
        (InvalidFilename("'..' is no filename"), 404, "'..' is no filename"),
        (NotAcceptable("nothing in Accept fits"), 406, "nothing in Accept fits"),
        (ProjectUnavailable("foo", [REFUSED]), 502, "upstream a refused the connection"),
        (ProjectUnavailable("foo", [SLOW]), 504, "upstream b did not answer within 5 s"),
        (ProjectUnavailable("foo", [SLOW, SLOW]), 504, "upstream b did not answer within 5 s"),
        (ProjectUnavailable("foo", [SLOW, REFUSED]), 502, "upstream b did not answer within 5 s"),
        (ProjectUnavailable("foo", [REFUSED, SLOW]), 502, "upstream a refused the connection"),
        (REFUSED, 502, "upstream a refused the connection"),
        (SLOW, 504, "upstream b did not answer within 5 s"),
        (HashMismatch("a", "sent other bytes than it lists"), 502, "upstream a sent other bytes than it lists"),
        (UpstreamForbidden("a", "redirects elsewhere"), 502, "upstream a redirects elsewhere"),
        (UpstreamStatus("a", 403, "answered 403 Forbidden"), 502, "upstream a answered 403 Forbidden"),
        (NoActiveUpstream("no upstream is active"), 503, "no upstream is active"),
        (NameReserved("foo", ["a"]), 503, "foo is reserved for upstream a, which is switched off"),
        (NotKnownOffline("offline, and nothing is known about foo"), 503, "offline, and nothing is known about foo"),
        (PageGone("a page was replaced"), 503, "a page was replaced"),
        (StorageError("/srv/data is gone"), 500, "The server's storage cannot be used"),
        (NotSignedIn("this needs an account or a token"), 401, "this needs an account or a token"),
        (WrongCredentials("the token is unknown"), 401, "the token is unknown"),
        (NotAllowed("only an admin may do this"), 403, "only an admin may do this"),
        (SignInPaused(0.2), 429, "too many failed sign-ins"),
        (SignInPaused(900), 429, "too many failed sign-ins"),
    ],
)
def test_each_error_has_its_status_and_sentence(error: PyproxyError, status: int, title: str) -> None:
    """(check 65, check 66)"""
    problem = problem_of(error)
    assert (problem.status, problem.title) == (status, title)
    assert problem.detail
    # What may be well in a moment says so; what will not, does not.
    assert (problem.retry_after is not None) == (status in (429, 502, 503, 504))
    assert problem.retry_after is None or 1 <= problem.retry_after <= 5


def test_title_and_detail_name_every_upstream_that_failed_once() -> None:
    """uv prints the two in one line."""
    failures = [REFUSED, SLOW, UpstreamError("c", "answered 500")]
    problem = problem_of(ProjectUnavailable("foo", failures))
    said = f"{problem.title}, {problem.detail}"
    for text in ("foo", "upstream a refused", "upstream b did not answer", "upstream c answered 500"):
        assert said.count(text) == 1


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("plain words", "plain words"),
        ("", "Error"),
        ("\r\n\t ", "Error"),
        ("two\r\nlines: X-Evil: 1", "two lines: X-Evil: 1"),
        ("<script>alert(1)</script>", "(script)alert(1)(/script)"),
        ("größer ☃", "gr??er ?"),
        ("a\x00b\x85c\u2028d", "a b c d"),
        ("\udcff", "?"),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 117 + "..."),
    ],
)
def test_a_reason_phrase_is_one_short_line_that_tornado_takes(text: str, phrase: str) -> None:
    """(check 71)"""
    made = reason_phrase(text)
    assert made == phrase
    assert len(made) <= REASON_LIMIT
    assert parse_response_start_line(f"HTTP/1.1 502 {made}").reason == made


def test_an_index_that_redirects_unknown_names_is_explained() -> None:
    """GitLab and pypiserver do so by default, for every name that they do not have."""
    failure = UpstreamForbidden("private", "redirects the page to example.org:443, which is not in its redirect_hosts")
    for error in (failure, ProjectUnavailable("demo", [failure])):
        problem = problem_of(error)
        assert problem.status == 502
        assert "pyproxy upstream set private projects=..." in problem.detail
