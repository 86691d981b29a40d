"""Adding, changing and copying upstreams in the browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.settings.fields import FIELDS
from pyproxy.storage.audit import AuditLog
from tests.http.admin.browser import NAME, Page, signed_in
from tests.http.admin.upstream_forms import ADD, said_of, send, standing, text_of
from tests.http.administration import administration, database_of, noticed
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.publishing import publish
from tests.upstream.certificates import Authority
from tests.upstream_server import UpstreamServer
from tests.waiting import eventually

SECRET = "s3cret-in-clear"
PRIVATE = UpstreamSettings(
    name="private", url="https://pypi.example.org/", username="ci", password=SECRET, projects=("a-*", "b")
)
PROXY = f"http://user:{SECRET}@proxy.example.org:3128"
EDIT = "/admin/upstreams/private/edit"


def stored(proxy: Proxy, name: str = "private") -> UpstreamSettings:
    with administration(proxy) as store:
        return store.get(name).settings


def names(proxy: Proxy) -> list[str]:
    with administration(proxy) as store:
        return [each.settings.name for each in store.list()]


def certificates(proxy: Proxy) -> list[str]:
    return sorted(path.name for path in (proxy.config.storage.directory / "certificates").glob("*"))


def assert_no_secret(*pages: Page) -> None:
    assert all(SECRET not in page.text for page in pages)


async def test_every_field_is_in_the_form_with_its_default_and_a_sentence(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(index_ttl=420.0)
    page = await (await signed_in(proxy)).get(ADD)
    fields = standing(page)
    for field in FIELDS:
        assert f'id="{field.name}"' in page.text
        assert text_of(page, f"#{field.name}-help"), field.name
    assert fields["index_path"] == "simple"
    assert (fields["active"], fields["verify_ssl"]) == ("on", "on")
    assert (fields["connect_timeout_ms"], fields["stall_timeout_ms"]) == ("5000", "30000")
    assert "Default: 5000." in text_of(page, "#connect_timeout_ms-help")
    assert "Default: 7m (cache.index_ttl)." in text_of(page, "#index_ttl-help")
    assert "Default: the public authorities." in text_of(page, "#ca_bundle-help")


async def test_an_upstream_that_is_added_serves_within_a_second(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    assert (await proxy.get("/simple/demo/")).status == 503

    page = await send(browser, ADD, {"name": "main", "url": upstream.url, "connect_timeout_ms": "1234"})

    assert (page.status, page.location) == (303, "/admin/upstreams/main")
    assert "main is added at position 1." in (await browser.follow(page)).words
    assert stored(proxy, "main").connect_timeout_ms == 1234

    async def is_served() -> bool:
        return (await proxy.get("/simple/demo/")).status == 200

    await eventually(is_served)


async def test_a_user_name_and_password_in_the_url_go_to_their_fields(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    await send(browser, ADD, {"name": "main", "url": f"https://ada:{SECRET}@pypi.example.org/base"})
    settings = stored(proxy, "main")
    assert (settings.url, settings.username, settings.password) == ("https://pypi.example.org/base", "ada", SECRET)
    assert_no_secret(await browser.get("/admin/upstreams/main"), await browser.get("/admin/upstreams/main/edit"))


async def test_wrong_fields_are_told_beside_them_and_what_was_typed_stays(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    typed = {
        "name": "not a name",
        "url": f"https://ada:{SECRET}@pypi.example.org/",
        "connect_timeout_ms": "soon",
        "index_ttl": "5 parsecs",
        "projects": "good-*\nb<a>d",
        "credential_hosts": "files.example.org",
        "http_proxy": f"http://u:{SECRET}@proxy.example.org/path",
        "token": SECRET,
        "verify_ssl": None,
        "on_failure": "stop",
    }
    page = await send(browser, ADD, typed)
    assert (page.status, names(proxy)) == (422, [])
    for field in ("name", "connect_timeout_ms", "index_ttl", "projects", "credential_hosts", "http_proxy"):
        assert said_of(page, field), field
        assert f'aria-describedby="{field}-problem' in page.text
    assert said_of(page, "url") == ""
    shown = standing(page)
    assert shown["url"] == "https://pypi.example.org/"
    assert shown["username"] == "ada"
    assert (shown["name"], shown["connect_timeout_ms"], shown["projects"]) == ("not a name", "soon", "good-*\nb<a>d")
    assert (shown["on_failure"], "verify_ssl" in shown) == ("stop", False)
    assert "Type it once more" in text_of(page, "#token-note")
    assert "Type it once more" in text_of(page, "#password-note")
    assert_no_secret(page)


async def test_what_does_not_fit_together_is_told_beside_one_field(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await send(browser, ADD, {"name": "x", "url": "https://x.example.org/", "password": SECRET})
    assert page.status == 422
    assert said_of(page, "password").startswith("Is given without a username")


async def test_a_name_that_there_is_already_is_told_beside_it(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy(PRIVATE))
    page = await send(browser, ADD, {"name": "private", "url": "https://x.example.org/"})
    assert page.status == 422
    assert said_of(page, "name") == (
        "There is an upstream named private already: choose another name, or change that one."
    )


HOSTILE = [
    "<script>alert(1)</script>",
    "\u202egpj.exe",
    "a\x00b\x1b[31m",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
]


@pytest.mark.parametrize("value", HOSTILE)
async def test_hostile_values_are_shown_harmlessly(value: str, start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    typed = dict.fromkeys(("name", "url", "username", "index_path", "projects", "index_ttl", "http_proxy"), value)
    page = await send(browser, ADD, typed)
    assert page.status == 422
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "49" not in standing(page)["name"]
    assert len(page.text.encode()) < 100_000


async def test_huge_values_are_refused_and_not_sent_back(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await send(browser, ADD, {"name": "n" * 200_000, "url": "https://x.example.org/" + "u" * 100_000})
    assert page.status == 422
    assert said_of(page, "name") == "This is longer than 2,000 characters."
    assert len(page.text.encode()) < 100_000


async def test_a_form_of_fields_that_there_are_not_changes_what_it_names(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    browser = await signed_in(proxy)
    page = await send(browser, EDIT, {"nonsense": "1", "generation": "7", "id": "9", "seen": "x", "index_ttl": "7s"})
    assert page.status == 303
    assert stored(proxy) == replace(PRIVATE, index_ttl=7.0)


async def test_the_form_of_one_that_there_is_shows_everything_but_secrets(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(
        replace(PRIVATE, http_proxy=PROXY, index_ttl=300.0, credential_hosts=("https://files.example.org",))
    )
    page = await (await signed_in(proxy)).get(EDIT)
    fields = standing(page)
    assert (fields["url"], fields["username"], fields["index_ttl"]) == ("https://pypi.example.org/", "ci", "5m")
    assert (fields["projects"], fields["credential_hosts"]) == ("a-*\nb", "https://files.example.org")
    assert (fields["password"], fields["token"], fields["http_proxy"]) == ("", "", "")
    assert "http://***@proxy.example.org:3128" in page.words
    assert 'id="password_remove"' in page.text
    assert 'id="token_remove"' not in page.text
    assert_no_secret(page)


async def test_a_form_sent_as_it_was_changes_nothing(start_proxy: StartProxy) -> None:
    before = replace(PRIVATE, http_proxy=PROXY, ca_bundle="/gone/ca.pem", client_certificate=None, missing_ttl=0.25)
    proxy = await start_proxy(before)
    browser = await signed_in(proxy)
    page = await send(browser, EDIT, {})
    assert "private was so already: nothing was changed." in (await browser.follow(page)).words
    assert stored(proxy) == before


async def test_a_secret_stays_is_replaced_or_is_removed(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(replace(PRIVATE, http_proxy=PROXY))
    browser = await signed_in(proxy)
    await send(browser, EDIT, {"password": f"{SECRET} 2 ", "http_proxy": "http://other.example.org:3128"})
    assert (stored(proxy).password, stored(proxy).http_proxy) == (f"{SECRET} 2 ", "http://other.example.org:3128")
    await send(browser, EDIT, {"http_proxy": "", "password": SECRET})
    assert stored(proxy).http_proxy is None
    await send(browser, EDIT, {"password_remove": "on", "username": ""})
    assert (stored(proxy).username, stored(proxy).password) == (None, None)


async def test_a_proxy_with_a_password_can_be_removed(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(UpstreamSettings(name="private", url="https://a.example.org/", http_proxy=PROXY))
    await send(await signed_in(proxy), EDIT, {"http_proxy_remove": "on"})
    assert stored(proxy).http_proxy is None


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example.org/"},
        {"url": "http://pypi.example.org/"},
        {"url": "https://pypi.example.org:8443/"},
        {"http_proxy": "http://elsewhere.example.org:3128"},
        {"credential_hosts": "https://elsewhere.example.org"},
        {"verify_ssl": None},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("path", [EDIT, "/admin/upstreams/private/copy"])
async def test_a_secret_is_asked_for_again_before_it_goes_elsewhere(
    path: str, change: dict[str, str | None], start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(PRIVATE)
    browser = await signed_in(proxy)
    change = {**change, **({"name": "copy"} if path.endswith("copy") else {})}
    page = await send(browser, path, change)
    assert page.status == 422
    assert "asks for its password again: give it again, or drop it" in said_of(page, "password")
    assert standing(page).get("url") == change.get("url", PRIVATE.url)
    assert (names(proxy), stored(proxy)) == (["private"], PRIVATE)
    assert (await send(browser, path, {**change, "password": SECRET})).status == 303


async def test_another_index_says_that_the_pages_are_forgotten(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    browser = await signed_in(proxy)
    page = await send(browser, EDIT, {"index_path": "flat"})
    assert "Its index is at another address now: its pages are forgotten" in (await browser.follow(page)).words


async def test_a_copy_takes_over_everything_with_the_secret_unseen(start_proxy: StartProxy) -> None:
    before = replace(PRIVATE, http_proxy=PROXY, stall_timeout_ms=77)
    proxy = await start_proxy(before)
    browser = await signed_in(proxy)
    page = await browser.get("/admin/upstreams/private/copy")
    assert standing(page)["name"] == ""
    assert_no_secret(page)
    page = await send(browser, "/admin/upstreams/private/copy", {"name": "second", "active": None})
    assert (page.status, page.location) == (303, "/admin/upstreams/second")
    assert stored(proxy, "second") == replace(before, name="second", active=False)
    assert stored(proxy) == before


async def test_who_was_overtaken_keeps_what_was_typed_and_sees_what_the_other_did(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    ada, grace = await signed_in(proxy), await signed_in(proxy, "grace")
    open_form = await ada.get(EDIT)
    others = {"index_ttl": "7s", "stall_timeout_ms": "11", "projects": "a-*\nc", "password": f"{SECRET}2"}
    await send(grace, EDIT, others)

    page = await send(ada, EDIT, {"stall_timeout_ms": "22", "missing_ttl": "9s"}, page=open_form)

    assert page.status == 409
    assert "Somebody was faster, so nothing was saved yet." in page.words
    assert "grace, just now : changed" in page.words
    assert "index_ttl none → 7s" in page.words
    assert text_of(page, "#stall_timeout_ms-note") == "grace has set this to 11 meanwhile."
    shown = standing(page)
    assert (shown["stall_timeout_ms"], shown["missing_ttl"]) == ("22", "9s")  # typed, and kept
    assert (shown["index_ttl"], shown["projects"]) == ("7s", "a-*\nc")  # not touched: the newer value
    assert stored(proxy).stall_timeout_ms == 11
    assert_no_secret(page)

    assert (await send(ada, EDIT, {}, page=page)).status == 303
    both = {"index_ttl": 7.0, "stall_timeout_ms": 22, "missing_ttl": 9.0, "projects": ("a-*", "c")}
    assert stored(proxy) == replace(PRIVATE, password=f"{SECRET}2", **both)  # type: ignore[arg-type]


async def test_a_mistake_does_not_hide_that_somebody_was_faster(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    ada, grace = await signed_in(proxy), await signed_in(proxy, "grace")
    page = await send(ada, EDIT, {"stall_timeout_ms": "x"})
    assert page.status == 422
    await send(grace, EDIT, {"index_ttl": "7s"})
    assert (await send(ada, EDIT, {"stall_timeout_ms": "5"}, page=page)).status == 409
    assert stored(proxy).stall_timeout_ms == PRIVATE.stall_timeout_ms


async def test_a_form_open_during_a_move_does_not_move_it_back(start_proxy: StartProxy) -> None:
    other = UpstreamSettings(name="other", url="https://other.example.org/")
    proxy = await start_proxy(PRIVATE, other)
    browser = await signed_in(proxy)
    open_form = await browser.get(EDIT)
    await noticed(proxy, lambda store: store.move("private", 2))
    assert (await send(browser, EDIT, {"index_ttl": "7s"}, page=open_form)).status == 303
    assert names(proxy) == ["other", "private"]
    assert (await send(browser, EDIT, {"priority": "1"})).status == 303
    assert names(proxy) == ["private", "other"]


async def test_a_form_of_one_that_was_removed_meanwhile_ends_in_words(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    browser = await signed_in(proxy)
    open_form = await browser.get(EDIT)
    await noticed(proxy, lambda store: store.remove("private"))
    page = await send(browser, EDIT, {"index_ttl": "7s"}, page=open_form)
    assert page.status == 404
    assert "there is no upstream named private" in page.words


async def test_an_uploaded_authority_makes_its_servers_trusted(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    server = await UpstreamServer.start(authority.server_context())
    try:
        publish(server, "demo", "1.0")
        proxy = await start_proxy(UpstreamSettings(name="private", url=server.url))
        browser = await signed_in(proxy)
        assert (await proxy.get("/simple/demo/")).status == 502

        page = await send(browser, EDIT, {}, {"ca_bundle_file": authority.certificate.read_bytes()})

        assert page.status == 303
        (name,) = certificates(proxy)
        assert name.startswith("private-ca-")
        assert standing(await browser.get(EDIT))["ca_bundle"] == name

        async def is_served() -> bool:
            return (await proxy.get("/simple/demo/")).status == 200

        await eventually(is_served)
    finally:
        await server.stop()


async def test_a_client_certificate_is_uploaded_with_its_key_and_chosen_for_another(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    certificate, key = Authority(tmp_path).issue("client")
    proxy = await start_proxy(PRIVATE)
    browser = await signed_in(proxy)
    files = {"client_certificate_file": certificate.read_bytes(), "client_key_file": key.read_bytes()}
    page = await send(browser, EDIT, {}, files)
    assert page.status == 303, page.words
    assert Path(stored(proxy).client_key or "").read_bytes() == key.read_bytes()
    chosen = dict(zip(("client_certificate", "client_key"), certificates(proxy), strict=True))
    page = await send(browser, ADD, {"name": "second", "url": "https://a.example.org/", **chosen})
    assert page.status == 303, page.words
    assert stored(proxy, "second").client_certificate == stored(proxy).client_certificate


async def test_a_wrong_upload_is_told_beside_its_field_and_a_right_one_stays_chosen(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    certificate, _ = authority.issue("client")
    browser = await signed_in(await start_proxy(PRIVATE))
    page = await send(browser, EDIT, {}, {"client_key_file": certificate.read_bytes()})
    assert page.status == 422
    assert said_of(page, "client_key").startswith("The file holds no private key")
    page = await send(browser, EDIT, {"index_ttl": "x"}, {"ca_bundle_file": authority.certificate.read_bytes()})
    assert page.status == 422
    assert standing(page)["ca_bundle"].startswith("private-ca-")


async def test_what_is_uploaded_is_in_the_audit_log_though_the_form_is_wrong(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    proxy = await start_proxy(PRIVATE)
    files = {"ca_bundle_file": authority.certificate.read_bytes()}
    assert (await send(await signed_in(proxy), EDIT, {"index_ttl": "x"}, files)).status == 422
    with database_of(proxy) as database:
        entry = AuditLog(database, proxy.clock).entries()[0]
    (name,) = certificates(proxy)
    assert (entry.actor.name, entry.action, entry.subject) == (NAME, "uploaded", f"certificate {name}")


@pytest.mark.parametrize("path", ["/etc/hostname", "../secret.key", "/proc/self/environ"])
async def test_no_path_of_the_server_can_be_named(path: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    page = await send(await signed_in(proxy), EDIT, {"ca_bundle": path})
    assert page.status == 422
    assert "is no such file of the certificates folder" in said_of(page, "ca_bundle")
    assert stored(proxy) == PRIVATE


async def test_a_file_that_a_command_has_set_is_shown_and_stays(start_proxy: StartProxy, tmp_path: Path) -> None:
    path = str(Authority(tmp_path).certificate)
    proxy = await start_proxy(replace(PRIVATE, ca_bundle=path))
    browser = await signed_in(proxy)
    assert standing(await browser.get(EDIT))["ca_bundle"] == path
    assert (await send(browser, EDIT, {"index_ttl": "3s"})).status == 303
    assert (stored(proxy).ca_bundle, stored(proxy).index_ttl) == (path, 3.0)


@pytest.mark.parametrize("path", [ADD, EDIT, "/admin/upstreams/private/copy"])
async def test_a_viewer_gets_no_form_and_changes_nothing(path: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    form = await (await signed_in(proxy)).get(path)
    viewer = await signed_in(proxy, "vera", "viewer")
    assert (await viewer.get(path)).status == 403
    page = await viewer.submit(
        path, {**standing(form), "name": "x", "url": "https://x.example.org/", "_xsrf": ""}, form_on="/admin/account"
    )
    assert page.status == 403
    assert (names(proxy), stored(proxy)) == (["private"], PRIVATE)


@pytest.mark.parametrize("path", [ADD, EDIT])
async def test_a_form_without_the_token_changes_nothing(path: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PRIVATE)
    page = await send(await signed_in(proxy), path, {"_xsrf": None, "name": "x", "url": "https://x.example.org/"})
    assert page.status == 403
    assert (names(proxy), stored(proxy)) == (["private"], PRIVATE)


async def test_a_form_of_an_upstream_that_there_is_not_is_a_friendly_404(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy(PRIVATE))
    for place in ("edit", "copy", "remove", "test", ""):
        page = await browser.get(f"/admin/upstreams/privat{'/' if place else ''}{place}")
        assert page.status == 404, place
        assert "did you mean private?" in page.words
