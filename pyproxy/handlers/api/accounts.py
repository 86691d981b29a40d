"""The accounts of people."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyproxy.admin.accounts.names import check_name
from pyproxy.admin.accounts.passwords import SHORTEST, check_password
from pyproxy.handlers.api.moments import Moment, answer_of
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing, PageQuery, cut

Role = Literal["admin", "viewer"]

AccountName = Annotated[str, Meta(description="Its name; upper and lower case are one.", examples=["grace"])]

NewName = Annotated[
    str,
    Meta(
        description="Letters, digits, and . _ @ + - inside; 64 at most.",
        pattern="^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$",
        examples=["ci"],
    ),
]

Password = Annotated[
    str,
    Meta(description=f"{SHORTEST} characters at least, and more than the name.", min_length=SHORTEST, max_length=256),
]

AccountRole = Annotated[Role, Meta(description="An admin changes things, a viewer sees everything but secrets.")]


class Account(msgspec.Struct, kw_only=True, frozen=True):
    """Somebody who may sign in."""

    name: str
    role: Role
    created_at: Moment
    password_changed_at: Moment
    signed_in_at: Annotated[Moment | None, Meta(description="The last time, with a browser; null for never.")]


class Accounts(Listing[Account], kw_only=True, frozen=True):
    """Accounts by name."""


class NewAccount(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An account to be made."""

    name: NewName
    password: Password
    role: AccountRole = "viewer"


class AccountChange(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is to be changed; the rest stays."""

    role: AccountRole | UnsetType = UNSET
    password: Password | UnsetType = UNSET


async def list_accounts(call: Call, query: PageQuery) -> Accounts:
    """List the accounts by name."""
    accounts = await call.admin.desk.run(call.admin.accounts.list)
    items, following = cut(accounts, lambda each: each.name.lower(), query, lambda each: answer_of(Account, each))
    return Accounts(items=items, next=following)


async def add_account(call: Call, body: NewAccount) -> Account:
    """Add an account."""
    name = check_name(body.name)
    password_hash = await call.admin.passwords.hash(check_password(body.password, name))
    added = await call.admin.desk.run(call.admin.account_changes.add, name, body.role, password_hash, call.actor)
    call.headers["Location"] = f"{call.server}/accounts/{quote(added.name)}"
    return answer_of(Account, added)


async def get_account(call: Call, name: AccountName) -> Account:
    """Tell about one account."""
    return answer_of(Account, await call.admin.desk.run(call.admin.account_changes.known, name))


async def change_account(call: Call, name: AccountName, body: AccountChange) -> Account:
    """Change the role or the password of an account.

    Another password ends its sessions. The last admin cannot become a viewer.
    """
    run, changes = call.admin.desk.run, call.admin.account_changes
    account = await run(changes.known, name)
    password_hash = None
    if body.password is not UNSET:
        password_hash = await call.admin.passwords.hash(check_password(body.password, account.name))
    if body.role is not UNSET:
        await run(changes.set_role, account.name, body.role, call.actor)
    if password_hash is not None:
        await run(changes.set_password, account.name, password_hash, call.actor)
    return answer_of(Account, await run(changes.known, account.name))


async def remove_account(call: Call, name: AccountName) -> None:
    """Remove an account with its sessions.

    The tokens that it made stay. The last admin cannot be removed.
    """
    await call.admin.desk.run(call.admin.account_changes.remove, name, call.actor)


async def sign_account_out(call: Call, name: AccountName) -> None:
    """Sign an account out everywhere.

    Its password and tokens stay good.
    """
    await call.admin.desk.run(call.admin.account_changes.sign_out, name, call.actor)


OPERATIONS = (
    operation("GET", "/accounts", list_accounts),
    operation(
        "POST",
        "/accounts",
        add_account,
        status=201,
        conflict=True,
        example={"name": "grace", "password": "four words are best", "role": "viewer"},
    ),
    operation("GET", "/accounts/{name}", get_account),
    operation("PATCH", "/accounts/{name}", change_account, conflict=True, example={"role": "admin"}),
    operation("DELETE", "/accounts/{name}", remove_account, conflict=True),
    operation("DELETE", "/accounts/{name}/sessions", sign_account_out),
)
