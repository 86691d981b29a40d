"""Each fact of an explanation has its sentence: what somebody reads at three in the morning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pyproxy.admin.explanation.document import document
from pyproxy.admin.explanation.model import CopyView, Explanation, FileState, FileView, Role, State
from pyproxy.admin.explanation.story import story
from pyproxy.storage.failures import Rest
from pyproxy.storage.kept import KeptFile
from tests.admin.explanation.explained import DAY, HOUR, NOW, explanation, failure, kept, known, listing, text, upstream

FILENAME = "demo-1.0-py3-none-any.whl"
SHA256 = "a" * 64
KEPT = KeptFile(
    filename=FILENAME,
    size=1_234_567,
    sha256=SHA256,
    upstream="first",
    kept_at=NOW - DAY * 3,
    last_used=NOW - HOUR * 2,
    uses=12,
    hashes={"sha256": SHA256, "md5": "b" * 32},
)

HEADLINES: list[tuple[Explanation, str, str]] = [
    (explanation(State.SERVED, upstream()), "demo is answered by first.", "good"),
    (explanation(State.SERVED, upstream(), degraded=True), "but DEGRADED: an upstream before it failed.", "warning"),
    (explanation(State.STALE, upstream(), because=("upstream first is silent",)), "with a STALE page.", "warning"),
    (explanation(State.STALE, upstream(), degraded=True), "with a STALE page, and DEGRADED", "warning"),
    (explanation(State.LOCAL, owner="local", local_files=("a.whl",)), "demo is local", "good"),
    (explanation(State.MISSING, status=404), "is answered with 404: no upstream that may be asked has it.", "plain"),
    (explanation(State.FAILING, status=504), "demo CANNOT be answered: clients get 504.", "bad"),
    (explanation(State.OFFLINE, offline=True), "cache.offline is on, and nothing is known of it", "bad"),
    (explanation(State.RESERVED, reserved_for=("a", "b")), "demo is reserved for a and b, switched off now", "bad"),
    (explanation(State.NOT_ADMITTED), "the project patterns of the upstreams leave the name out", "bad"),
    (explanation(State.NO_UPSTREAM), "no upstream is active", "bad"),
    (explanation(State.UNKNOWN, upstream(role=Role.ASKED, known=None, next=True)), "Nothing is known of demo", "plain"),
    (
        explanation(
            State.UNKNOWN,
            upstream("a", Role.ASKED, known=known(found=False)),
            upstream("b", Role.ASKED, known=None, next=True),
        ),
        "Who answers for demo is open: no answer of b is kept.",
        "plain",
    ),
]


@pytest.mark.parametrize(("told", "headline", "tone"), HEADLINES, ids=[row[1][:40] for row in HEADLINES])
def test_each_state_has_its_headline(told: Explanation, headline: str, tone: str) -> None:
    first = story(told)[0]
    assert headline in first.title
    assert first.tone == tone


def test_every_state_has_a_headline() -> None:
    assert {told.state for told, _, _ in HEADLINES} == set(State)


UPSTREAMS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["It has the project: 213 files, 14 releases, the newest 2.1.0. Page confirmed 60 seconds ago"]),
    ({}, ["Fresh for another 4 minutes, then asked again with its ETag."]),
    ({"known": known(conditional=False)}, ["Fresh for another 4 minutes, then asked again."]),
    ({"known": known(changed_at=NOW - 3 * DAY)}, ["Page confirmed 60 seconds ago, unchanged for 3 days."]),
    (
        {"known": known(age=400), "next": True},
        ["The next request asks it again with its ETag.", "be served stale until"],
    ),
    ({"known": known(age=31 * DAY)}, ["Its page is too old to stand in for it: it could until 2027-01-14T08:00:00Z"]),
    ({"known": known(unhashed=3)}, ["; 3 of them without a sha256"]),
    ({"known": known(files=0, status="quarantined")}, ["a page without files (status quarantined)"]),
    ({"role": Role.ASKED, "known": known(found=False)}, ["It said 60 seconds ago that it has no such project."]),
    ({"role": Role.ASKED, "known": known(found=False, changed_at=NOW - DAY)}, ["project, as it has for 24 hours."]),
    (
        {"role": Role.ASKED, "known": None, "next": True},
        ["No answer of it about this project is kept.", "The next request asks it."],
    ),
    ({"role": Role.LATER, "known": None}, ["Asked only if those before it do not have the project."]),
    ({"role": Role.AFTER_STOP, "known": None}, ["Not asked: an upstream before it fails and has on_failure=stop."]),
    ({"role": Role.INACTIVE, "known": None}, ["it is switched off (pyproxy upstream enable second)."]),
    (
        {"role": Role.PATTERNS, "projects": ("a-*", "[bc]*")},
        ["none of its projects matches the name (projects: a-*, [bc]*)"],
    ),
    (
        {"role": Role.PATTERNS, "excluded_projects": ("d*",)},
        ["its patterns leave the name out (excluded_projects: d*)"],
    ),
    ({"role": Role.RESERVED}, ["the name is reserved for internal by explicit projects."]),
    ({"role": Role.LOCAL}, ["Not asked: the project is local."]),
    ({"on_failure": "stop"}, ["If it fails, no upstream after it is asked (on_failure=stop)."]),
    ({"recorded": 2}, ["2 first downloads had theirs recorded here, and other bytes are refused from then on."]),
    (
        {"rest": Rest(NOW - HOUR, "timeout", "did not answer", NOW + 30)},
        ["It RESTS since 2027-01-15T07:00:00Z (60 minutes ago): it did not answer.", "probe is due in 30 seconds."],
    ),
    (
        {"rest": Rest(NOW - DAY, "timeout", "did not answer", NOW - DAY), "rest_is_old": True},
        ["none has since, so that server was killed."],
    ),
    (
        {"known": known(age=400), "failing": failure()},
        ["It FAILED when it was last asked, 2 minutes ago, 2 times since 2027-01-15T07:00:00Z: it did not answer"],
    ),
    ({"role": Role.ASKED, "known": None, "failing": failure()}, ["No answer of it about this project is kept."]),
]


@pytest.mark.parametrize(("facts", "sentences"), UPSTREAMS, ids=[row[1][0][:50] for row in UPSTREAMS])
def test_each_fact_about_an_upstream_has_its_sentence(facts: dict[str, Any], sentences: list[str]) -> None:
    """(pain 5) (pain 9) Who was asked, what was said and when, who is not asked and why, and what comes next."""
    view = upstream("second", **facts)
    told = text(explanation(State.SERVED, view, owner="second", reserved_for=("internal",)))
    for sentence in sentences:
        assert sentence in told


def test_every_role_has_its_sentence() -> None:
    told = {facts.get("role", Role.OWNER) for facts, _ in UPSTREAMS}
    assert told | {Role.AFTER_OWNER} == set(Role)  # that one is told with its owner, below


def test_an_upstream_after_the_owner_names_it() -> None:
    told = text(explanation(State.SERVED, upstream("a"), upstream("b", Role.AFTER_OWNER, 2)))
    assert "Not asked: a comes first and has the project." in told
    assert "Hidden by a: 213 files that b lists (page of 60 seconds ago)." in told


def test_failures_are_told_with_their_number_time_and_end() -> None:
    """(pain 30) The last errors of an upstream, by project and file."""
    over = failure(route="file", filename=FILENAME, reason="sent other bytes", times=1, over_at=NOW - 60)
    goes_on = failure(route="metadata", filename=f"{FILENAME}.metadata", reason="answered 404")
    told = text(explanation(State.SERVED, upstream(failures=(over, goes_on))))
    assert (
        f"first, {FILENAME}\nIt sent other bytes.\nOnce, 2 minutes ago (2027-01-15T07:58:00Z).\nOver: it succ" in told
    )
    assert f"{FILENAME}.metadata\nIt answered 404.\n2 times in a row since 2027-01-15T07:00:00Z, last 2 minutes" in told
    assert told.index("It answered 404.") < told.index("It sent other bytes."), "what goes on comes first"


def test_very_many_failures_do_not_bury_the_rest() -> None:
    failures = tuple(failure(route="file", filename=f"demo-{n}.tar.gz", last_at=NOW - n) for n in range(100))
    told = text(explanation(State.SERVED, upstream(failures=failures)))
    assert "demo-11.tar.gz" in told
    assert "demo-50.tar.gz" not in told
    assert "And 88 more, which --json shows." in told


def test_what_is_kept_is_told_by_number_size_and_releases() -> None:
    told = text(explanation(State.SERVED, upstream(), kept=kept(KEPT, releases=tuple(f"1.{n}" for n in range(12)))))
    assert "1 verified file, 1.2 MB, of releases 1.11, 1.10, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4 and 4 older." in told


def file_view(**facts: Any) -> FileView:
    defaults: dict[str, Any] = {
        "filename": FILENAME,
        "asked_as_metadata": False,
        "state": FileState.FETCHED,
        "link": f"/files/demo/{SHA256}/{FILENAME}",
        "sha256": SHA256,
        "size": 1000,
        "sources": ("first",),
        "listings": (listing(),),
        "copies": (),
        "failures": (),
    }
    return FileView(**{**defaults, **facts})


REFUSED = failure(route="file", filename=FILENAME, kind="hash mismatch", reason="sent other bytes")
METADATA_REFUSED = failure(route="metadata", filename=f"{FILENAME}.metadata", kind="hash mismatch")
FILES: list[tuple[FileView, list[str]]] = [
    (file_view(), ["not kept here; the next request fetches it from first.", f"Its link: /files/demo/{SHA256}/"]),
    (file_view(sources=("first", "b", "c")), ["If first has no right copy: b and c, with the same sha256."]),
    (file_view(sha256=None, listings=(listing(hashes={}),)), ["no hash", "Nobody lists its sha256: that of the first"]),
    (
        file_view(state=FileState.CACHED, copies=(CopyView(KEPT, "/data/files/aa/aaaa"),)),
        [
            "it is served without asking",
            "Used 12 times, last 2 hours ago.",
            "It lies at /data/files/aa/aaaa",
            "md5 bbbb",
        ],
    ),
    (file_view(copies=(CopyView(KEPT, None),)), ["Its bytes are NOT on the disk any more"]),
    (file_view(state=FileState.OFFLINE), ["cache.offline is on: clients get 503."]),
    (file_view(state=FileState.LOCAL, listings=()), ["a local file."]),
    (file_view(state=FileState.UNANSWERED, listings=()), ["demo itself cannot be answered now."]),
    (
        file_view(state=FileState.NOT_LISTED, listings=(), copies=(CopyView(KEPT, "/data/a"),)),
        ["not listed: clients get 404.", "first answers for demo and lists no file", "still answers to its old link"],
    ),
    (
        file_view(failures=(("first", REFUSED),)),
        ["not kept here, and REFUSED when it last came from first.", "no client", "The next request tries again."],
    ),
    (
        file_view(failures=(("first", failure(route="file", filename=FILENAME, kind="wrong length")),)),
        ["not kept here, and it FAILED when it was last fetched from first; the next request tries again."],
    ),
    (
        file_view(listings=(listing(core_metadata=True),), failures=(("first", METADATA_REFUSED),)),
        ["not kept here; the next request fetches it from first.", "REFUSED when it last came from first: other bytes"],
    ),
    (
        file_view(
            state=FileState.CACHED,
            copies=(CopyView(KEPT, "/data/a"),),
            listings=(listing(core_metadata=True),),
            failures=(("first", METADATA_REFUSED),),
        ),
        ["it is served without asking", "without a hash; REFUSED when it last came from first: other bytes."],
    ),
    (file_view(copies=(CopyView(replace(KEPT, uses=0), "/data/a"),)), ["Not used since."]),
    (file_view(asked_as_metadata=True), [f"{FILENAME}.metadata is its metadata file."]),
    (file_view(listings=(listing(yanked=True),)), ["YANKED, without a reason."]),
    (file_view(listings=(listing(core_metadata=True),)), ["first offers it, without a hash; it is not kept here yet."]),
    (file_view(), ["No upstream offers a metadata file for it (PEP 658)."]),
    (
        file_view(listings=(listing(extracted=True),)),
        ["first offers no metadata file for it (PEP 658): here one is offered, out of the wheel itself."],
    ),
]


@pytest.mark.parametrize(("view", "sentences"), FILES, ids=[row[1][0][:50] for row in FILES])
def test_each_fact_about_a_file_has_its_sentence(view: FileView, sentences: list[str]) -> None:
    told = explanation(State.SERVED, upstream(), file=view)
    for sentence in sentences:
        assert sentence in text(told)
    assert document(told)["file"]["state"] == view.state.value


def test_every_state_of_a_file_has_its_sentence() -> None:
    assert {view.state for view, _ in FILES} == set(FileState)


def test_a_refused_file_looks_bad_although_its_project_is_well() -> None:
    told = explanation(State.SERVED, upstream(failures=(REFUSED,)), file=file_view(failures=(("first", REFUSED),)))
    tones = {section.title.split()[0]: section.tone for section in story(told)}
    assert tones[f"{FILENAME}:"] == "bad"
    assert f"1 file of it went WRONG when last fetched: {FILENAME}." in text(replace(told, file=None))


def test_a_file_that_came_from_another_upstream_is_not_called_wrong() -> None:
    now_kept = replace(KEPT, kept_at=NOW - 60)
    told = explanation(State.SERVED, upstream(failures=(REFUSED,)), kept=kept(now_kept))
    assert "went WRONG" not in text(told)
    cached = file_view(
        state=FileState.CACHED, copies=(CopyView(now_kept, "/data/a"),), failures=(("first", REFUSED),)
    )
    assert "The next request tries again" not in text(replace(told, file=cached))


def test_a_pause_that_an_upstream_may_have_asked_for_is_told_while_it_may_last() -> None:
    """A Retry-After is obeyed for a minute at most, and is not stored."""
    pause = "asked for a pause (Retry-After)"
    limited = {"known": None, "next": True, "role": Role.ASKED}
    young, old = (failure(kind="rate limit", last_at=NOW - age) for age in (59, 61))
    assert pause in text(explanation(State.FAILING, upstream(failing=young, **limited), status=502))
    assert "Retry-After" not in text(explanation(State.FAILING, upstream(failing=old, **limited), status=502))
    silent = failure(kind="timeout", last_at=NOW - 5)
    assert "Retry-After" not in text(explanation(State.FAILING, upstream(failing=silent, **limited), status=504))


def test_times_in_the_document_are_iso_8601_and_what_is_not_known_is_null() -> None:
    rest = Rest(NOW - HOUR, "timeout", "did not answer", None)
    told = document(explanation(State.SERVED, upstream(rest=rest, failures=(failure(),)), kept=kept(KEPT)))
    (view,) = told["upstreams"]
    assert (told["asked_at"], told["fresh_until"], told["file"]) == ("2027-01-15T08:00:00Z", None, None)
    assert view["rest"]["next_probe_at"] is None
    assert view["answer"]["checked_at"] == "2027-01-15T07:59:00Z"
    assert view["failures"][0]["over_at"] is None
    assert told["cached"]["names"][0]["kept_at"] == "2027-01-12T08:00:00Z"
