"""The upstreams' settings, order and identity."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from pyproxy.errors import ConfigurationError, StorageError, VersionConflict
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.database import Database
from pyproxy.storage.pages import PageKey
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import PAGES_AT_ONCE, UpstreamStore, order_version

EVERYTHING = UpstreamSettings(
    name="everything",
    url="https://example.org/base/",
    index_path="flat",
    active=False,
    username="ada",
    password="pässword-in-clear",
    token="token-in-clear",
    credential_hosts=("https://files.example.org:8443",),
    verify_ssl=False,
    ca_bundle="/etc/ca.pem",
    client_certificate="/etc/certificate.pem",
    client_key="/etc/key.pem",
    connect_timeout_ms=1,
    stall_timeout_ms=2,
    http_proxy="http://user:proxy-in-clear@proxy.example.org:3128",
    index_ttl=0.5,
    missing_ttl=0.0,
    on_failure="stop",
    redirect_hosts=("example.com", "example.com:8080"),
    projects=("mycompany-*", "[ab]*"),
    excluded_projects=("mycompany-public",),
)


def simple(name: str, **changes: object) -> UpstreamSettings:
    return replace(UpstreamSettings(name=name, url=f"https://{name}.example.org/"), **changes)  # type: ignore[arg-type]


def order(upstreams: UpstreamStore) -> list[tuple[int, str]]:
    return [(upstream.priority, upstream.settings.name) for upstream in upstreams.list()]


def test_the_example_sets_every_field_to_something_else_than_its_default() -> None:
    usual = UpstreamSettings(name="usual", url="https://usual.example.org/")
    assert [f.name for f in fields(usual) if getattr(usual, f.name) == getattr(EVERYTHING, f.name)] == []


def test_every_field_comes_back_as_it_was_stored(upstreams: UpstreamStore) -> None:
    upstreams.add(EVERYTHING)
    assert upstreams.get("everything").settings == EVERYTHING
    usual = simple("usual")
    upstreams.add(usual)
    assert upstreams.get("usual").settings == usual
    upstreams.change("usual", replace(EVERYTHING, name="usual"))
    assert upstreams.get("usual").settings == replace(EVERYTHING, name="usual")


def test_no_secret_lies_readable_in_the_database(tmp_path: Path, upstreams: UpstreamStore, database: Database) -> None:
    upstreams.add(EVERYTHING)
    database.close()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("pyproxy.sqlite3*"))
    assert b"flat" in content
    assert b"in-clear" not in content


def test_showing_upstreams_needs_no_key(tmp_path: Path, upstreams: UpstreamStore, database: Database) -> None:
    upstreams.add(EVERYTHING)
    keyless = UpstreamStore(database, SecretBox.open(tmp_path / "elsewhere", {}))
    (shown,) = keyless.list(reveal=False)
    assert shown.settings == replace(EVERYTHING, password="***", token="***", http_proxy="***")
    for ask in (keyless.list, lambda: keyless.get("everything")):
        with pytest.raises(StorageError, match="upstream everything were encrypted with another key"):
            ask()


def test_a_proxy_without_a_user_is_no_secret(upstreams: UpstreamStore) -> None:
    upstreams.add(simple("a", http_proxy="none"))
    assert upstreams.get("a", reveal=False).settings.http_proxy == "none"


def test_new_upstreams_come_last_unless_a_position_is_given(upstreams: UpstreamStore) -> None:
    upstreams.add(simple("a"))
    upstreams.add(simple("b"))
    upstreams.add(simple("first"), 1)
    upstreams.add(simple("far"), 99)
    assert order(upstreams) == [(1, "first"), (2, "a"), (3, "b"), (4, "far")]


@pytest.mark.parametrize(
    ("name", "position", "expected"),
    [("c", 1, "cab"), ("a", 2, "bac"), ("a", 3, "bca"), ("a", 99, "bca"), ("b", 2, "abc"), ("c", 0, "cab")],
)
def test_moving_one_renumbers_the_others(upstreams: UpstreamStore, name: str, position: int, expected: str) -> None:
    for each in "abc":
        upstreams.add(simple(each))
    upstreams.move(name, position)
    assert order(upstreams) == list(enumerate(expected, start=1))


def test_removing_one_closes_the_gap(upstreams: UpstreamStore) -> None:
    for each in "abc":
        upstreams.add(simple(each))
    upstreams.remove("a")
    assert order(upstreams) == [(1, "b"), (2, "c")]


def test_each_change_bumps_the_revision(upstreams: UpstreamStore) -> None:
    seen = [upstreams.revision()]
    for change in (
        lambda: upstreams.add(simple("a")),
        lambda: upstreams.seed([(simple("b"), None)]),
        lambda: upstreams.change("a", simple("a", active=False)),
        lambda: upstreams.move("a", 2),
        lambda: upstreams.remove("a"),
    ):
        change()
        seen.append(upstreams.revision())
    assert seen == sorted(set(seen))


def test_looking_and_failing_bump_nothing(upstreams: UpstreamStore) -> None:
    upstreams.add(simple("a"))
    before = upstreams.revision()
    upstreams.list()
    upstreams.seed([(simple("a"), None)])
    with pytest.raises(ConfigurationError):
        upstreams.add(simple("a"))
    assert upstreams.revision() == before


def test_a_running_server_sees_what_a_command_changed(upstreams: UpstreamStore, tmp_path: Path) -> None:
    before = upstreams.revision()
    command = Database.open(tmp_path / "pyproxy.sqlite3")
    UpstreamStore(command, SecretBox.open(tmp_path, {})).add(EVERYTHING)
    command.close()
    assert upstreams.revision() != before
    assert upstreams.get("everything").settings == EVERYTHING


def test_only_another_index_url_makes_a_new_generation(upstreams: UpstreamStore) -> None:
    first = upstreams.add(simple("a"))
    assert upstreams.change("a", simple("a", token="t", active=False)).key == first.key
    second = upstreams.change("a", simple("a", index_path="flat"))
    assert (second.id, second.generation) == (first.id, first.generation + 1)


def test_seeding_adds_names_that_were_never_seen(upstreams: UpstreamStore) -> None:
    seeds = [(simple("a"), None), (simple("b"), None)]
    assert upstreams.seed(seeds) == ["a", "b"]
    assert upstreams.seed(seeds) == []
    assert order(upstreams) == [(1, "a"), (2, "b")]


def test_the_database_rules_over_what_is_seeded_later(upstreams: UpstreamStore) -> None:
    upstreams.seed([(simple("a"), None)])
    upstreams.change("a", simple("a", active=False))
    upstreams.seed([(simple("a"), None)])
    assert not upstreams.get("a").settings.active


def test_a_removed_upstream_is_not_seeded_again(upstreams: UpstreamStore) -> None:
    upstreams.seed([(simple("a"), None)])
    upstreams.remove("a")
    assert upstreams.seed([(simple("a"), None)]) == []
    assert upstreams.list() == []


def test_one_that_a_command_added_and_removed_is_not_seeded_either(upstreams: UpstreamStore) -> None:
    upstreams.add(simple("a"))
    upstreams.remove("a")
    assert upstreams.seed([(simple("a"), None)]) == []


def test_priorities_are_seeded_whatever_the_order_they_are_written_in(upstreams: UpstreamStore) -> None:
    upstreams.seed([(simple("last"), None), (simple("ten"), 10), (simple("five"), 5), (simple("one"), 1)])
    assert order(upstreams) == [(1, "one"), (2, "five"), (3, "ten"), (4, "last")]


def test_an_existing_name_is_refused_with_what_to_do(upstreams: UpstreamStore) -> None:
    upstreams.add(simple("a"))
    with pytest.raises(ConfigurationError, match=r"named a already \(choose another name, or change that one\)"):
        upstreams.add(simple("a"))


def test_an_unknown_name_is_refused_with_what_was_probably_meant(upstreams: UpstreamStore) -> None:
    with pytest.raises(ConfigurationError, match=r"no upstream named x \(there are none yet"):
        upstreams.get("x")
    upstreams.add(simple("internal"))
    with pytest.raises(ConfigurationError, match=r"named intrenal \(did you mean internal\?\)"):
        upstreams.remove("intrenal")
    with pytest.raises(ConfigurationError, match=r"named x \(the upstreams are internal\)"):
        upstreams.move("x", 1)
    with pytest.raises(ConfigurationError, match="no upstream named x"):
        upstreams.change("x", simple("x"))


def test_a_name_cannot_be_changed(upstreams: UpstreamStore) -> None:
    upstreams.add(simple("a"))
    with pytest.raises(ConfigurationError, match="cannot be changed"):
        upstreams.change("a", simple("b"))
    assert order(upstreams) == [(1, "a")]


def pages_of(database: Database, upstream_id: int) -> int:
    row = database.one("SELECT count(*) FROM pages WHERE upstream_id = :id", {"id": upstream_id})
    assert row is not None
    return int(row[0])


def keep_pages(database: Database, key: PageKey, count: int) -> None:
    """So many answers "no such project"."""
    rows = [(f"p{number}", *key) for number in range(count)]
    sql = "INSERT INTO pages (project, upstream_id, generation, checked_at, changed_at) VALUES (?, ?, ?, 0, 0)"
    database.write_now(lambda connection: connection.executemany(sql, rows))


@pytest.mark.parametrize("count", [1, PAGES_AT_ONCE, 2 * PAGES_AT_ONCE + 1])
def test_all_pages_go_with_their_upstream_and_with_its_index_url(
    upstreams: UpstreamStore, database: Database, count: int
) -> None:
    first, other = upstreams.add(simple("a")).key, upstreams.add(simple("b")).key
    keep_pages(database, first, count)
    keep_pages(database, other, 3)
    second = upstreams.change("a", simple("a", index_path="flat")).key
    assert (pages_of(database, first.upstream_id), pages_of(database, other.upstream_id)) == (0, 3)
    keep_pages(database, second, count)
    upstreams.remove("a")
    assert (pages_of(database, first.upstream_id), pages_of(database, other.upstream_id)) == (0, 3)


def test_a_change_from_an_older_state_costs_no_page(upstreams: UpstreamStore, database: Database) -> None:
    added = upstreams.add(simple("a"))
    keep_pages(database, added.key, 3)
    upstreams.change("a", simple("a", active=False), expected=added.version)
    for change in (
        lambda: upstreams.change("a", simple("a", index_path="flat"), expected=added.version),
        lambda: upstreams.remove("a", expected=added.version),
    ):
        with pytest.raises(VersionConflict, match="upstream a was changed meanwhile"):
            change()
    assert pages_of(database, added.id) == 3


def test_a_change_and_its_witness_are_one_transaction(upstreams: UpstreamStore) -> None:
    def refuse(connection: object) -> None:
        raise RuntimeError("no room for the log")

    upstreams.add(simple("a"))
    upstreams.add(simple("b"))
    before = (upstreams.list(), upstreams.revision())
    for change in (
        lambda: upstreams.add(simple("c"), witness=refuse),
        lambda: upstreams.change("a", simple("a", active=False), position=2, witness=refuse),
        lambda: upstreams.move("a", 2, witness=refuse),
        lambda: upstreams.remove("a", witness=refuse),
    ):
        with pytest.raises(RuntimeError, match="no room"):
            change()
    assert (upstreams.list(), upstreams.revision()) == before


def test_a_move_from_an_older_order_changes_nothing(upstreams: UpstreamStore) -> None:
    for name in "abc":
        upstreams.add(simple(name))
    seen = order_version("abc")
    upstreams.move("c", 1, expected=seen)
    with pytest.raises(VersionConflict):
        upstreams.move("a", 1, expected=seen)
    assert order(upstreams) == [(1, "c"), (2, "a"), (3, "b")]


def test_a_version_tells_nothing_that_a_password_could_be_tried_against(upstreams: UpstreamStore) -> None:
    first = upstreams.add(simple("a", token="t")).version
    same = upstreams.change("a", simple("a", token="t")).version
    assert first != same
