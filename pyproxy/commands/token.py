"""``pyproxy token``: for scripts and installers. It works beside a running server, which follows at once."""

from __future__ import annotations

import time

import click

from pyproxy.admin.accounts.tokens import TOKEN_ROLES, TokenChanges, token_lifetime, token_role
from pyproxy.admin.amounts import ago, iso, until
from pyproxy.commands.actor import command_actor
from pyproxy.commands.columns import print_columns, print_json_array
from pyproxy.commands.invocation import Invocation
from pyproxy.commands.stored import opened_database
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.roster import Roster
from pyproxy.storage.tokens import TokenStore


@click.group()
def token() -> None:
    """See and change the tokens of scripts and installers.

    A token is sent as Authorization: Bearer, or as the password with any user name. A running server follows at once.
    """


@token.command(short_help="Make a token, and print it once.")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(TOKEN_ROLES),
    required=True,
    help="read installs packages; viewer also sees everything but secrets; admin also changes things.",
)
@click.option("--expires", metavar="D", default="", help="Good for so long, such as 90d. Without it: for ever.")
@click.pass_obj
def add(invocation: Invocation, name: str, role: str, expires: str) -> None:
    """Make a token. It alone is printed on standard output, and is kept nowhere: take it now."""
    given, lifetime = token_role(role), token_lifetime(expires)
    with opened_database(invocation) as database:
        changes = TokenChanges(TokenStore(database), AuditLog(database, time.time), time.time)
        made = changes.make(name, given, lifetime, command_actor())
    ends = "it has no end" if made.token.expires_at is None else f"it ends at {iso(made.token.expires_at)}"
    click.echo(f"token {made.token.name} is made: {given}; {ends}. It is shown only now:", err=True)
    click.echo(made.text)


@token.command("list", short_help="Show the tokens, never themselves.")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array, for scripts.")
@click.pass_obj
def list_(invocation: Invocation, json_wanted: bool) -> None:
    """Show the tokens with their roles, who made them, when they end and when they were used. Never themselves."""
    now = time.time()
    with opened_database(invocation) as database:
        tokens = Roster(database).tokens()
    if json_wanted:
        print_json_array(tokens)
        return
    cells = (
        (
            token.name,
            token.role,
            token.created_by,
            iso(token.created_at),
            _end(token.expires_at, now),
            "never" if token.used_at is None else ago(token.used_at, now),
        )
        for token in tokens
    )
    if not print_columns(("name", "role", "made by", "made", "ends", "last used"), cells):
        click.echo("There are no tokens: make one with pyproxy token add NAME --role read")


@token.command(short_help="Revoke a token.")
@click.argument("name")
@click.pass_obj
def remove(invocation: Invocation, name: str) -> None:
    """Revoke a token. It is refused from now on."""
    with opened_database(invocation) as database:
        TokenChanges(TokenStore(database), AuditLog(database, time.time), time.time).revoke(name, command_actor())
    click.echo(f"token {name} is revoked")


def _end(at: float | None, now: float) -> str:
    if at is None:
        return "never"
    return until(at, now) if at > now else f"ended {ago(at, now)}"
