"""Tokens for scripts and installers."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from pyproxy.admin.accounts.tokens import ApiToken, TokenRole, token_lifetime
from pyproxy.errors import NameUnknown
from pyproxy.handlers.api.accounts import NewName
from pyproxy.handlers.api.moments import Moment, answer_of
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing, PageQuery, cut

TokenName = Annotated[str, Meta(description="Its name; upper and lower case are one.", examples=["ci"])]


class Token(msgspec.Struct, kw_only=True, frozen=True):
    """What is known of a token; not the token itself."""

    name: str
    role: TokenRole
    created_at: Moment
    created_by: Annotated[str, Meta(description="The account, or token, that made it.")]
    expires_at: Annotated[Moment | None, Meta(description="null for never.")]
    used_at: Annotated[Moment | None, Meta(description="The last time, to the minute; null for never.")]


class MadeToken(Token, kw_only=True, frozen=True):
    """A new token."""

    token: Annotated[str, Meta(description="What is sent as `Authorization: Bearer …`. It is shown this once.")]


class Tokens(Listing[Token], kw_only=True, frozen=True):
    """Tokens by name."""


class NewToken(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A token to be made."""

    name: NewName
    role: Annotated[TokenRole, Meta(description="`read` installs packages, and does nothing else.")]
    expires_in: Annotated[
        Annotated[str, Meta(pattern="^[1-9][0-9]{0,3}[dhm]$", examples=["90d"])] | None,
        Meta(description="How long it is good, such as 90d or 12h; null for ever."),
    ] = None


async def list_tokens(call: Call, query: PageQuery) -> Tokens:
    """List the tokens by name."""
    tokens = await call.admin.desk.run(call.admin.tokens.list)
    items, following = cut(tokens, lambda each: each.name.lower(), query, lambda each: answer_of(Token, each))
    return Tokens(items=items, next=following)


async def add_token(call: Call, body: NewToken) -> MadeToken:
    """Make a token.

    The answer is the only place where its text is ever shown.
    """
    lifetime = token_lifetime(body.expires_in or "")
    new = await call.admin.desk.run(call.admin.token_changes.make, body.name, body.role, lifetime, call.actor)
    call.headers["Location"] = f"{call.server}/tokens/{quote(new.token.name)}"
    return MadeToken(token=new.text, **msgspec.structs.asdict(answer_of(Token, new.token)))


async def get_token(call: Call, name: TokenName) -> Token:
    """Tell about one token."""
    return answer_of(Token, await call.admin.desk.run(_known, call, name))


async def revoke_token(call: Call, name: TokenName) -> None:
    """Revoke a token.

    It is of no use from then on.
    """
    await call.admin.desk.run(call.admin.token_changes.revoke, name, call.actor)


def _known(call: Call, name: str) -> ApiToken:
    for token in call.admin.tokens.list():
        if token.name.lower() == name.lower():
            return token
    raise NameUnknown(f"there is no token named {name}")


OPERATIONS = (
    operation("GET", "/tokens", list_tokens),
    operation(
        "POST",
        "/tokens",
        add_token,
        status=201,
        conflict=True,
        example={"name": "ci", "role": "read", "expires_in": "90d"},
    ),
    operation("GET", "/tokens/{name}", get_token),
    operation("DELETE", "/tokens/{name}", revoke_token),
)
