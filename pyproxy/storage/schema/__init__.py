"""The schema, as an ordered list of named steps; each module has the tables of one concept.

A step that has been released is never changed, nor are its statements: a change of the schema is a new step at the end,
with a test that starts from the schema before it.
"""

from __future__ import annotations

from pyproxy.storage.migrations import Migration
from pyproxy.storage.schema import (
    accounts,
    audit,
    damage,
    extracted,
    failures,
    files,
    history,
    jobs,
    json_documents,
    pages,
    projects,
    recorded,
    totals,
    upstreams,
)

MIGRATIONS: tuple[Migration, ...] = (
    Migration("upstreams", upstreams.UPSTREAMS),
    Migration("pages", pages.PAGES),
    Migration("recorded hashes", recorded.RECORDED_HASHES),
    Migration("files", files.FILES),
    Migration("eviction", files.EVICTION),
    Migration("revision of recorded hashes", recorded.REVISION),
    Migration("revision of pages", pages.REVISION),
    Migration("failures of upstreams", failures.FAILURES),
    Migration("totals", totals.TOTALS),
    Migration("purges", pages.PURGES),
    Migration("documents of the JSON API", json_documents.JSON_DOCUMENTS),
    Migration("accounts", accounts.ACCOUNTS),
    Migration("audit", audit.AUDIT),
    Migration("history", history.HISTORY),
    Migration("projects", projects.PROJECTS),
    Migration("answers by upstream", projects.ANSWERS),
    Migration("days of last use", projects.USE_DAYS),
    Migration("jobs", jobs.JOBS),
    Migration("files found again", files.FOUND_AGAIN),
    Migration("missing pages by age", pages.MISSING),
    Migration("extracted metadata", extracted.EXTRACTED_METADATA),
    Migration("damage", damage.DAMAGE),
    Migration("nonce of the set-up link", accounts.SET_UP_NONCE),
)
