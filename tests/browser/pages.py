"""Every page there is, in one list: a new page is added here by a line, and all of ``test_pages.py`` looks at it."""

from __future__ import annotations

from tests.browser.site import Site

PAGES = (
    "admin/",
    "admin/?range=7d",
    "admin/activity",
    "admin/activity/upstreams",
    "admin/account",
    "admin/settings",
)
"""Addresses of pages for who is signed in; with what `seed` made."""

OPEN_PAGES = ("", "admin/sign-in")
"""For everybody; with an account made."""

PROJECTS = ("demo", "other", "third")


OTHER, VIEWER = "grace", "vera"
"""Further accounts: an admin's, who may sign out everywhere without disturbing anybody, and a viewer's."""


def seed(site: Site) -> None:
    """Something to see: projects that were asked for, files that were fetched, one name that nobody has, accounts."""
    site.add_account(OTHER, "admin")
    site.add_account(VIEWER, "viewer")
    site.publish(*PROJECTS)
    for project in PROJECTS:
        assert site.ask(f"/simple/{project}/") == 200
        assert site.ask(f"/files/{project}/{project}-1.0-py3-none-any.whl") == 200
    assert site.ask("/simple/nobody-has-it/") == 404
