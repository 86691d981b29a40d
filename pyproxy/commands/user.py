"""``pyproxy user``: who may see and change things. It works beside a running server, which follows at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from pyproxy.admin.accounts.changes import ROLES, AccountChanges, account_role
from pyproxy.admin.accounts.names import check_name
from pyproxy.admin.accounts.sessions import IDLE_SECONDS, LONGEST_SECONDS
from pyproxy.admin.amounts import ago, count, iso
from pyproxy.commands.actor import command_actor
from pyproxy.commands.columns import print_columns, print_json_array
from pyproxy.commands.invocation import Invocation
from pyproxy.commands.new_password import read_new_password
from pyproxy.commands.stored import opened_database
from pyproxy.errors import NameTaken
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.database import Database
from pyproxy.storage.roster import Roster
from pyproxy.storage.sessions import SessionStore


@click.group()
def user() -> None:
    """See and change the accounts of people, for the pages and for installing where not everybody may.

    A running server follows at once.
    """


@user.command(short_help="Add an account; its password is asked for.")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    help="admin changes things, viewer sees everything but secrets. Without it the first account is an admin, "
    "and others are viewers.",
)
@click.pass_obj
def add(invocation: Invocation, name: str, role: str | None) -> None:
    """Add an account. Its password is asked for twice; without a terminal it is read from two lines of input."""
    name = check_name(name)
    with _opened(invocation) as (accounts, changes, _):
        if accounts.find(name) is not None:  # before anybody types a password in vain
            raise NameTaken(
                f"there is an account named {name} already",
                suggestion=f"its password is changed with: pyproxy user password {name}",
            )
        password_hash = read_new_password(name)
        given = role or ("viewer" if accounts.exist() else "admin")
        account = changes.add(name, account_role(given), password_hash, command_actor())
    click.echo(f"account {account.name} is added: {account.role}")


@user.command(short_help="Set another password; it is asked for.")
@click.argument("name")
@click.pass_obj
def password(invocation: Invocation, name: str) -> None:
    """Set another password for an account, which is signed out everywhere. It is asked for as with add."""
    with _opened(invocation) as (_, changes, _):
        account = changes.known(name)
        changes.set_password(account.name, read_new_password(account.name), command_actor())
    click.echo(f"the password of {account.name} is changed; it is signed out everywhere")


@user.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array, for scripts.")
@click.pass_obj
def list_(invocation: Invocation, json_wanted: bool) -> None:
    """Show the accounts with their roles and when they were used."""
    now = time.time()
    with _opened(invocation) as (_, _, roster):
        rows = roster.accounts(seen_since=now - IDLE_SECONDS, begun_since=now - LONGEST_SECONDS)
    if json_wanted:
        print_json_array(rows)
        return
    cells = (
        (
            row.name,
            row.role,
            iso(row.created_at),
            "never" if row.signed_in_at is None else ago(row.signed_in_at, now),
            f"{row.sessions:,}",
        )
        for row in rows
    )
    if not print_columns(("name", "role", "added", "last sign-in", "sessions"), cells, numbers=("sessions",)):
        click.echo("There are no accounts: make one with pyproxy user add NAME")


@user.command()
@click.argument("name")
@click.pass_obj
def remove(invocation: Invocation, name: str) -> None:
    """Remove an account. It is signed out everywhere; tokens that it made stay."""
    with _opened(invocation) as (accounts, changes, roster):
        account = changes.known(name)
        last, tokens = roster.is_last_admin(account.name), roster.tokens_made_by(account.name)
        changes.remove(account.name, command_actor(), keep_an_admin=False)
        others = accounts.exist()
    click.echo(f"account {account.name} is removed, and signed out everywhere")
    if tokens:
        click.echo(f"note: {count(tokens, 'token')} that it made stay: pyproxy token list", err=True)
    if last and others:
        click.echo("note: no account may change anything now: pyproxy user add NAME --role admin", err=True)
    elif last:
        click.echo(
            "note: there is no account now: the next start of the server prints a link to make one, "
            "or: pyproxy user add NAME",
            err=True,
        )


@contextmanager
def _opened(invocation: Invocation) -> Iterator[tuple[AccountStore, AccountChanges, Roster]]:
    with opened_database(invocation) as database:
        accounts = AccountStore(database)
        yield accounts, _changes(database, accounts), Roster(database)


def _changes(database: Database, accounts: AccountStore) -> AccountChanges:
    return AccountChanges(accounts, SessionStore(database), AuditLog(database, time.time), time.time)
