"""Who changed what."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pyproxy.handlers.api.moments import Moment, answer_of
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing, NumberedQuery

Text = Annotated[str, Meta(max_length=200)]


class AuditQuery(NumberedQuery, kw_only=True, frozen=True):
    """Which entries."""

    actor: Annotated[Text, Meta(description="Only by those with this in their name; a token's is `token NAME`.")] = ""
    action: Annotated[Text, Meta(description="Only changes with this in their kind, such as `changed`.")] = ""
    subject: Annotated[Text, Meta(description="Only what this is a part of, such as `upstream pypi`.")] = ""


class AuditActor(msgspec.Struct, kw_only=True, frozen=True):
    """Who did it, and from where."""

    name: str
    origin: Annotated[Literal["page", "api", "command"], Meta(description="What it was done with.")]
    address: Annotated[str, Meta(description="The client's address; empty for a command.")]


class AuditChange(msgspec.Struct, kw_only=True, frozen=True):
    """One value before and after; `changed` stands for a secret's, null for none."""

    field: str
    old: str | None
    new: str | None


class AuditEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One change."""

    id: int
    at: Moment
    actor: AuditActor
    action: Annotated[str, Meta(examples=["changed"])]
    subject: Annotated[str, Meta(examples=["upstream pypi"])]
    changes: list[AuditChange]


class AuditEntries(Listing[AuditEntry], kw_only=True, frozen=True):
    """Entries of the audit log, the newest first."""


async def list_audit_entries(call: Call, query: AuditQuery) -> AuditEntries:
    """List who changed what, when and from where, the newest first."""
    found = await call.admin.desk.run(
        call.admin.audit.entries,
        before=query.before,
        actor=query.actor,
        action=query.action,
        subject=query.subject,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    return AuditEntries(
        items=[answer_of(AuditEntry, entry) for entry in shown],
        next=str(shown[-1].id) if len(found) > len(shown) else None,
    )


OPERATIONS = (operation("GET", "/audit", list_audit_entries),)
