"""Every page there is, in one list: a new page is added here by a line, and all of ``test_pages.py`` looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.site import NAME, Site

PROJECTS = ("demo", "other", "third")

OTHER, VIEWER = "grace", "vera"
"""Further accounts: an admin's, who may sign out everywhere without disturbing anybody, and a viewer's."""


BROKEN = {
    "name": "broken",
    "url": "https://127.0.0.1:9/",
    "projects": ["mycompany-*"],
    "verify_ssl": False,
    "username": "ci",
    "password": "s3cret",
}
"""An upstream where nobody listens, and of which there is something to warn."""


@dataclass(frozen=True, slots=True)
class Address:
    """A page below the server, with what `seed` made; ``who`` looks at it (empty: whoever is not signed in)."""

    path: str
    who: str = NAME
    status: int = 200

    def __str__(self) -> str:
        whose = "" if self.who == NAME else f" for {self.who or 'everybody'}"
        return f"{self.path or 'front'}{whose}"


PAGES = (
    Address("", who=""),
    Address("nowhere", who="", status=404),
    Address("admin/sign-in", who=""),
    Address("admin/"),
    Address("admin/", who=VIEWER),
    Address("admin/?range=7d"),
    Address("admin/activity"),
    Address("admin/activity", who=VIEWER),
    Address("admin/activity/upstreams"),
    Address("admin/upstreams"),
    Address("admin/upstreams", who=VIEWER),
    Address("admin/upstreams/+add"),
    Address("admin/upstreams/broken"),
    Address("admin/upstreams/scripted", who=VIEWER),
    Address("admin/upstreams/broken/edit"),
    Address("admin/upstreams/scripted/copy"),
    Address("admin/upstreams/scripted/remove"),
    Address("admin/upstreams/scripted/test"),
    Address("admin/projects"),
    Address("admin/projects", who=VIEWER),
    Address("admin/projects?q=not-here"),
    Address("admin/projects/demo"),
    Address("admin/projects/demo", who=VIEWER),
    Address("admin/projects/demo/description"),
    Address("admin/projects/demo/file?name=demo-1.0-py3-none-any.whl"),
    Address("admin/projects/demo/purge"),
    Address("admin/projects/not-here"),
    Address("admin/storage"),
    Address("admin/storage", who=VIEWER),
    Address("admin/storage/prune?max_size=1kB"),
    Address("admin/accounts"),
    Address("admin/accounts", who=VIEWER),
    Address("admin/accounts?q=nobody"),
    Address(f"admin/accounts/{NAME}"),
    Address(f"admin/accounts/{OTHER}"),
    Address(f"admin/accounts/{OTHER}", who=VIEWER),
    Address(f"admin/accounts/{OTHER}/remove"),
    Address("admin/tokens"),
    Address("admin/tokens", who=VIEWER),
    Address("admin/tokens/ci/revoke"),
    Address("admin/audit"),
    Address("admin/audit", who=VIEWER),
    Address("admin/audit?who=nobody"),
    Address("admin/account"),
    Address("admin/account", who=VIEWER),
    Address("admin/settings"),
    Address("admin/nowhere", status=404),
)


def seed(site: Site) -> None:
    """Something to see: projects that were asked for, files that were fetched, one name that nobody has, accounts."""
    site.add_account(OTHER, "admin")
    site.add_account(VIEWER, "viewer")
    site.sign_in(VIEWER)
    site.server.add_token("ci")
    site.publish(*PROJECTS)
    for project in PROJECTS:
        assert site.ask(f"/simple/{project}/") == 200
        assert site.ask(f"/files/{project}/{project}-1.0-py3-none-any.whl") == 200
    assert site.ask("/simple/nobody-has-it/") == 404
    assert site.ask("/simple/mycompany-tools/") == 502
