"""Changing upstreams: what is stored, what the audit log says, and who is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyproxy.admin.upstreams.given import mistakes_of
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.errors import ConfigurationError, SecretAskedAgain, UnknownUpstream, VersionConflict
from pyproxy.settings import Text, UpstreamSettings
from pyproxy.storage.audit import Actor, AuditLog, Change
from pyproxy.storage.certificates import CertificateFolder
from pyproxy.storage.upstreams import UpstreamStore

ADA = Actor(name="ada", origin="page", address="192.0.2.7")
SECRET = "s3cret-in-clear"


def add(upstreams: Upstreams, name: str = "main", **values: Any) -> None:
    upstreams.add({"name": name, "url": f"https://{name}.example.org/", **values}, ADA)


def order(upstreams: Upstreams) -> list[str]:
    return [each.settings.name for each in upstreams.list().upstreams]


def newest(audit: AuditLog) -> tuple[str, str, str, tuple[Change, ...]]:
    """The newest line of the log."""
    entry = audit.entries()[0]
    return entry.actor.name, entry.action, entry.subject, entry.changes


def lines(audit: AuditLog) -> int:
    return len(audit.entries())


def test_one_that_is_added_is_there_with_its_line_in_the_log(upstreams: Upstreams, audit: AuditLog) -> None:
    stored = upstreams.add(
        {"name": "main", "url": f"https://ci:{SECRET}@main.example.org/", "projects": ["a-*", "b"], "index_ttl": 300},
        ADA,
    )
    assert (stored.priority, stored.settings.username, stored.settings.password) == (1, "ci", "***")
    assert newest(audit) == (
        "ada",
        "added",
        "upstream main",
        (
            Change("name", None, "main"),
            Change("url", None, "https://main.example.org/"),
            Change("username", None, "ci"),
            Change("password", None, "changed"),
            Change("index_ttl", None, "5m"),
            Change("projects", None, "a-*, b"),
        ),
    )


def test_a_change_says_old_and_new_of_what_is_different(upstreams: Upstreams, audit: AuditLog) -> None:
    add(upstreams, token=SECRET, index_ttl=60)
    changed = upstreams.change(
        "main", {"index_ttl": Text("5m"), "token": f"{SECRET}2", "verify_ssl": True, "stall_timeout_ms": 5}, ADA
    )
    expected = (
        Change("token", "changed", "changed"),
        Change("stall_timeout_ms", "30000", "5"),
        Change("index_ttl", "1m", "5m"),
    )
    assert (changed.changes, changed.forgot_pages) == (expected, False)
    assert newest(audit) == ("ada", "changed", "upstream main", expected)


def test_no_secret_gets_into_the_log(upstreams: Upstreams, audit: AuditLog, store: UpstreamStore) -> None:
    proxy = f"http://user:{SECRET}@proxy.example.org:3128"
    add(upstreams, username="ci", password=SECRET, http_proxy=proxy)
    upstreams.change("main", {"password": f"{SECRET}2", "http_proxy": proxy.replace("user", "other")}, ADA)
    upstreams.change("main", {"password": None, "username": None, "http_proxy": None}, ADA)
    upstreams.remove("main", ADA)
    assert lines(audit) == 4
    assert SECRET not in repr(audit.entries())
    assert "http://***@proxy.example.org:3128" in repr(audit.entries())


def test_a_change_that_changes_nothing_leaves_no_line(
    upstreams: Upstreams, audit: AuditLog, store: UpstreamStore
) -> None:
    add(upstreams, token=SECRET)
    before = (lines(audit), store.revision())
    assert upstreams.change("main", {"url": "https://main.example.org/", "priority": 1}, ADA).changes == ()
    assert upstreams.switch("main", ADA, active=True).settings.active
    upstreams.move("main", 1, ADA)
    assert (lines(audit), store.revision()) == before


def test_another_index_url_is_told(upstreams: Upstreams) -> None:
    add(upstreams)
    assert not upstreams.change("main", {"url": "https://main.example.org/simple"}, ADA).forgot_pages
    assert upstreams.change("main", {"url": "https://main.example.org/other"}, ADA).forgot_pages


def test_switching_moving_and_removing_are_told_in_words(upstreams: Upstreams, audit: AuditLog) -> None:
    for name in ("a", "b", "c"):
        add(upstreams, name)
    upstreams.switch("a", ADA, active=False)
    assert newest(audit)[1:] == ("switched off", "upstream a", (Change("active", "true", "false"),))
    upstreams.switch("a", ADA, active=True)
    assert newest(audit)[1] == "switched on"
    upstreams.move("c", 1, ADA)
    assert newest(audit)[1:] == ("moved", "upstream c", (Change("priority", "3", "1"),))
    upstreams.move("c", 99, ADA)
    assert newest(audit)[3] == (Change("priority", "1", "3"),)
    upstreams.change("c", {"priority": 2, "active": False}, ADA)
    assert newest(audit)[1:] == (
        "changed",
        "upstream c",
        (Change("active", "true", "false"), Change("priority", "3", "2")),
    )
    assert order(upstreams) == ["a", "c", "b"]
    upstreams.remove("c", ADA)
    assert newest(audit)[1:3] == ("removed", "upstream c")
    assert Change("active", "false", None) in newest(audit)[3]
    assert order(upstreams) == ["a", "b"]


def test_a_copy_has_all_that_the_other_has(upstreams: Upstreams, store: UpstreamStore) -> None:
    add(upstreams, token=SECRET, projects=["a-*"])
    upstreams.add({"name": "copy", "index_path": "flat"}, ADA, like="main")
    copy = store.get("copy").settings
    assert (copy.token, copy.projects, copy.index_path, copy.url) == (
        SECRET,
        ("a-*",),
        "flat",
        "https://main.example.org/",
    )


def test_a_copy_needs_a_name_of_its_own(upstreams: Upstreams) -> None:
    add(upstreams)
    for values, problem in (({}, "is missing"), ({"name": "main"}, "named main already")):
        with pytest.raises(ConfigurationError, match=problem) as caught:
            upstreams.add(values, ADA, like="main")
        assert caught.value.key == "name"


ELSEWHERE: list[dict[str, object]] = [
    {"url": "https://elsewhere.example.org/"},
    {"url": "http://main.example.org/"},
    {"url": "https://main.example.org:8443/"},
    {"http_proxy": "http://elsewhere.example.org:3128"},
    {"credential_hosts": ["https://elsewhere.example.org"]},
    {"verify_ssl": False},
]


@pytest.mark.parametrize("values", ELSEWHERE, ids=lambda values: next(iter(values)))
@pytest.mark.parametrize("secret", [{"token": SECRET}, {"username": "ci", "password": SECRET}], ids=["token", "basic"])
@pytest.mark.parametrize(
    "way",
    [
        lambda upstreams, values: upstreams.change("main", values, ADA),
        lambda upstreams, values: upstreams.add({"name": "copy", **values}, ADA, like="main"),
        lambda upstreams, values: upstreams.draft(values, like="main"),
    ],
    ids=["change", "copy", "draft"],
)
def test_no_secret_goes_to_another_place_unless_it_is_given_again(
    upstreams: Upstreams,
    store: UpstreamStore,
    audit: AuditLog,
    way: Callable[[Upstreams, dict[str, object]], object],
    secret: dict[str, str],
    values: dict[str, object],
) -> None:
    add(upstreams, **secret)
    before = (store.list(), lines(audit))
    key = "token" if "token" in secret else "password"
    for given in (values, {**values, key: "***"}):
        with pytest.raises(SecretAskedAgain) as caught:
            way(upstreams, given)
        assert caught.value.key == key
    assert (store.list(), lines(audit)) == before
    way(upstreams, {**values, key: SECRET})


def test_what_was_seen_before_somebody_else_changed_it_changes_nothing(
    upstreams: Upstreams, audit: AuditLog, store: UpstreamStore
) -> None:
    add(upstreams)
    seen = upstreams.get("main").version
    assert seen == upstreams.list().upstreams[0].version
    upstreams.change("main", {"index_ttl": 7}, ADA)
    before = (store.list(), lines(audit))
    for way in (
        lambda: upstreams.change("main", {"index_ttl": 8}, ADA, version=seen),
        lambda: upstreams.change("main", {"index_ttl": 7}, ADA, version=seen),
        lambda: upstreams.switch("main", ADA, active=False, version=seen),
        lambda: upstreams.remove("main", ADA, version=seen),
    ):
        with pytest.raises(VersionConflict, match="upstream main was changed meanwhile"):
            way()
    assert (store.list(), lines(audit)) == before
    upstreams.change("main", {"index_ttl": 8}, ADA, version=upstreams.get("main").version)


def test_a_version_does_not_change_with_the_order_but_with_a_secret(upstreams: Upstreams) -> None:
    add(upstreams, token=SECRET)
    add(upstreams, "other")
    seen = upstreams.get("main").version
    upstreams.move("main", 2, ADA)
    assert upstreams.get("main").version == seen
    upstreams.change("main", {"token": f"{SECRET}2"}, ADA)
    assert upstreams.get("main").version != seen


def test_one_that_was_removed_and_added_again_is_another_one(upstreams: Upstreams) -> None:
    add(upstreams)
    seen = upstreams.get("main").version
    upstreams.remove("main", ADA)
    add(upstreams)
    with pytest.raises(VersionConflict):
        upstreams.remove("main", ADA, version=seen)


def test_a_move_in_an_order_that_is_no_more_changes_nothing(upstreams: Upstreams, audit: AuditLog) -> None:
    for name in ("a", "b", "c"):
        add(upstreams, name)
    seen = upstreams.list().order
    upstreams.move("c", 1, ADA, order=seen)
    before = lines(audit)
    for position in (1, 2):
        with pytest.raises(VersionConflict, match="the order of the upstreams was changed meanwhile"):
            upstreams.move("c", position, ADA, order=seen)
    assert (order(upstreams), lines(audit)) == (["c", "a", "b"], before)


def test_all_wrong_fields_are_told_at_once(upstreams: Upstreams, store: UpstreamStore) -> None:
    values = {"name": "a b", "url": "ftp://x", "priority": 0, "projects": ["<script>"], "ca_bundle": "../../etc/passwd"}
    with pytest.raises(ConfigurationError) as caught:
        upstreams.add(values, ADA)
    assert {mistake.key for mistake in mistakes_of(caught.value)} == set(values)
    assert store.list() == []


def test_what_only_does_not_fit_together_is_told_of_one_field(upstreams: Upstreams) -> None:
    with pytest.raises(ConfigurationError) as caught:
        add(upstreams, password=SECRET)
    assert [mistake.key for mistake in mistakes_of(caught.value)] == ["password"]


def test_the_mask_leaves_a_secret_as_it_is(upstreams: Upstreams, store: UpstreamStore) -> None:
    proxy = f"http://user:{SECRET}@proxy.example.org:3128"
    add(upstreams, username="ci", password=SECRET, http_proxy=proxy)
    shown = upstreams.get("main").settings
    assert (shown.password, shown.http_proxy) == ("***", "http://***@proxy.example.org:3128")
    values = {"password": shown.password, "http_proxy": shown.http_proxy, "index_ttl": 3}
    upstreams.change("main", values, ADA)
    stored = store.get("main").settings
    assert (stored.password, stored.http_proxy, stored.index_ttl) == (SECRET, proxy, 3.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [("token", "***"), ("http_proxy", "http://***@elsewhere.example.org:3128"), ("http_proxy", "***")],
)
def test_a_mask_of_no_secret_is_refused(upstreams: Upstreams, key: str, value: str) -> None:
    add(upstreams, http_proxy="http://user:pass@proxy.example.org:3128")
    with pytest.raises(ConfigurationError, match="stands for a secret that is not here") as caught:
        upstreams.change("main", {key: value}, ADA)
    assert caught.value.key == key


def test_no_file_of_the_server_can_be_named_but_one_that_is_set_already(
    upstreams: Upstreams, store: UpstreamStore, folder: CertificateFolder
) -> None:
    store.add(UpstreamSettings(name="main", url="https://main.example.org/", ca_bundle="/gone/ca.pem"))
    for path in ("/etc/hostname", "../secret.key", "secret.key", ".", ""):
        with pytest.raises(ConfigurationError):
            folder.path("ca_bundle", path)
    with pytest.raises(ConfigurationError, match="no such file of the certificates folder"):
        upstreams.change("main", {"ca_bundle": "/etc/ssl/certs/ca-certificates.crt"}, ADA)
    assert upstreams.change("main", {"ca_bundle": "/gone/ca.pem", "index_ttl": 4}, ADA).changes == (
        Change("index_ttl", None, "4s"),
    )
    assert upstreams.change("main", {"ca_bundle": None}, ADA).upstream.settings.ca_bundle is None


def test_an_unknown_name_is_told(upstreams: Upstreams) -> None:
    add(upstreams)
    for way in (
        lambda: upstreams.get("mian"),
        lambda: upstreams.change("mian", {"index_ttl": 1}, ADA),
        lambda: upstreams.move("mian", 1, ADA),
        lambda: upstreams.remove("mian", ADA),
        lambda: upstreams.draft({"index_ttl": 1}, like="mian"),
    ):
        with pytest.raises(UnknownUpstream, match="did you mean main"):
            way()
