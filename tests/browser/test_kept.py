"""Projects and what is kept of them: found while one types, refreshed, purged, pruned and verified in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import PROJECTS, VIEWER
from tests.browser.site import Site
from tests.distributions import make_wheel

with_and_without_javascript = pytest.mark.parametrize("scripts", [True, False], ids=["JavaScript", "no JavaScript"])

HOSTILE = """\
Summary: <script>alert(1)</script>
Description-Content-Type: text/markdown

# Read me

<script src="https://evil.example/x.js"></script> <img src="https://evil.example/x.png" onerror="alert(1)">
<a href="javascript:alert(1)" onclick="alert(1)" style="color: red">here</a> <iframe src="//evil.example"></iframe>
**still bold**
"""


def keep(site: Site, *projects: str) -> None:
    """Publish, and ask for page and file as an install does."""
    site.publish(*projects)
    for project in projects:
        assert site.ask(f"/simple/{project}/") == 200
        assert site.ask(f"/files/{project}/{project}-1.0-py3-none-any.whl") == 200


def names(page: Page) -> list[str]:
    """The projects in the list."""
    return page.locator("table.projects tbody th a").all_inner_texts()


def test_projects_are_found_while_one_types(shared: Site) -> None:
    page = shared.window().open("admin/projects")
    assert set(names(page)) >= set(PROJECTS)
    page.locator("#q").press_sequentially("thi")
    expect(page.locator("table.projects tbody tr")).to_have_count(1)
    assert names(page) == ["third"]
    assert "q=thi" in page.url
    page.reload()
    assert names(page) == ["third"]


def test_projects_are_found_without_javascript(shared: Site) -> None:
    page = shared.window(java_script_enabled=False).open("admin/projects")
    page.fill("#q", "THI")
    page.press("#q", "Enter")
    assert names(page) == ["third"]
    page.click("table.projects tbody th a")
    assert page.inner_text("h1") == "third"
    expect(page.locator("#who + .notice")).to_contain_text("scripted")


@with_and_without_javascript
def test_a_project_is_asked_for_refreshed_and_purged(scripts: bool, site: Site) -> None:
    name = f"purged{scripts}".lower()
    site.publish(name)
    window = site.window(java_script_enabled=scripts)
    page = window.open(f"admin/projects/{name}")
    page.click("text=Ask for it now")
    expect(page.locator("[role=status]").first).to_be_visible()
    page.click("#refresh")
    expect(page.locator(".files tbody")).to_contain_text("1.0")
    asked = site.upstream.count(f"/simple/{name}/")
    assert asked == 2

    keep(site, name)
    page.click("#purge")
    assert window.heading == f"Purge {name}?"
    expect(page.locator("main")).to_contain_text("1 cached file")
    page.click("#purge")
    expect(page.locator("[role=status]").first).to_be_visible()
    page = window.open("admin/storage")
    expect(page.locator("main")).not_to_contain_text(name)
    assert site.ask(f"/simple/{name}/") == 200
    assert site.upstream.count(f"/simple/{name}/") > asked  # it was forgotten


def test_a_description_that_a_stranger_wrote_is_shown_and_does_nothing(site: Site) -> None:
    filename, content, metadata = make_wheel("hostile", "1.0", metadata_extra=HOSTILE)
    site.upstream.apply(lambda server: server.add_file("hostile", filename, content, metadata=metadata))
    assert site.ask("/simple/hostile/") == 200
    assert site.ask(f"/files/hostile/{filename}") == 200
    window = site.window()
    page = window.open("admin/projects/hostile")
    expect(page.locator(".lead")).to_have_text("<script>alert(1)</script>")
    page = window.open("admin/projects/hostile/description")
    expect(page.locator(".foreign strong")).to_have_text("still bold")
    assert page.locator(".foreign script, .foreign iframe, .foreign [onclick], .foreign [style]").count() == 0
    assert page.locator(".foreign a[href^=javascript]").count() == 0


@with_and_without_javascript
def test_a_prune_shows_what_would_go_before_it_goes(scripts: bool, site: Site) -> None:
    keep(site, "goneone", "gonetwo")
    window = site.window(java_script_enabled=scripts)
    page = window.open("admin/storage")
    page.fill("#max_size", "a lot")
    window.watch.expected.add(422)
    page.click("#prune button")
    expect(page.locator("#max_size-problem")).to_be_visible()
    page.fill("#max_size", "1B")
    page.click("#prune button")
    expect(page.get_by_role("region", name="The files that go first")).to_contain_text("goneone-1.0")
    assert site.ask("/files/goneone/goneone-1.0-py3-none-any.whl") == 200  # nothing went yet

    page.click("#begin")
    while not scripts and page.get_by_role("link", name="Load again").count():
        page.get_by_role("link", name="Load again").click()
    expect(page.get_by_role("heading", name="The last prune")).to_be_visible()
    expect(page.locator("#jobs")).to_contain_text("removed")
    expect(page.locator(".card", has_text="Cached files").first).to_contain_text("0 files")


def test_the_kept_files_are_verified_while_one_looks_on(site: Site) -> None:
    keep(site, "sound")
    page = site.window().open("admin/storage")
    page.click("#verify")
    expect(page.get_by_text("all sound")).to_be_visible()


def test_a_viewer_is_offered_nothing_that_takes_anything_away(shared: Site) -> None:
    window = shared.window(VIEWER)
    for path in ("admin/projects/demo", "admin/storage"):
        page = window.open(path)
        assert page.locator("#purge, #refresh, #begin, #verify, form[method=post]:not([action$=sign-out])").count() == 0
    page = window.open("admin/storage/prune?max_size=1B")
    expect(page.locator("main")).to_contain_text("Only an admin may remove it.")
