"""``pyproxy upstream``: see and change the upstreams. A running server follows within a second."""

from __future__ import annotations

from collections.abc import Mapping

import click

from pyproxy.commands.actor import command_actor
from pyproxy.commands.exits import WrongUsage
from pyproxy.commands.invocation import Invocation
from pyproxy.commands.secret_input import read_settings, secret_options
from pyproxy.commands.stored import opened_upstreams
from pyproxy.commands.upstream_list import as_json, print_table, print_warnings
from pyproxy.commands.upstream_test import test
from pyproxy.errors import ConfigurationError, NameTaken, SecretAskedAgain
from pyproxy.settings import upstream_from_pairs
from pyproxy.settings.fields import FIELDS
from pyproxy.settings.kinds import Text, read_integer
from pyproxy.settings.reading import HIGHEST_PRIORITY

_WIDEST = max(len(field.name) for field in FIELDS)
SETTINGS_HELP = "\n".join(
    ["\b", "Settings (lists are separated by commas):", *(f"  {f.name:{_WIDEST}}  {f.meaning}" for f in FIELDS)]
)
"""The table of fields for ``--help``; ``\\b`` keeps click from folding it."""


@click.group()
def upstream() -> None:
    """See and change the upstreams. Packages come from them. A running server follows within a second."""


@upstream.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for scripts.")
@click.pass_obj
def list_(invocation: Invocation, json_wanted: bool) -> None:
    """Show the upstreams in the order in which they are asked."""
    with opened_upstreams(invocation) as stored:
        upstreams = stored.list().upstreams
    if json_wanted:
        click.echo(as_json(upstreams))
    else:
        print_table(upstreams)


@upstream.command(epilog=SETTINGS_HELP)
@click.argument("name")
@click.argument("url")
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
@secret_options
@click.pass_obj
def add(
    invocation: Invocation,
    name: str,
    url: str,
    settings: tuple[str, ...],
    password_stdin: bool,
    token_stdin: bool,
) -> None:
    """Add an upstream. It is the last in the order unless priority=N is given."""
    given = {"name": name, "url": url}
    pairs = read_settings(settings, given, password_stdin=password_stdin, token_stdin=token_stdin)
    upstream_from_pairs(pairs)  # what is wrong with them is said before a database is made
    with opened_upstreams(invocation) as upstreams:
        try:
            added = upstreams.add(_texts(pairs), command_actor())
        except NameTaken as error:  # like every other wrong setting of an upstream, and unlike an account's name
            raise WrongUsage(str(error)) from error
    click.echo(f"upstream {name} is added at position {added.priority}; its index is {added.settings.index_url}")
    print_warnings(added.settings)


@upstream.command("set", epilog=SETTINGS_HELP)
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="KEY=VALUE...")
@secret_options
@click.pass_obj
def set_(
    invocation: Invocation, name: str, settings: tuple[str, ...], password_stdin: bool, token_stdin: bool
) -> None:
    """Change settings of an upstream. An empty value clears an optional one."""
    pairs = read_settings(settings, password_stdin=password_stdin, token_stdin=token_stdin)
    if not pairs:
        raise ConfigurationError(
            "no setting is given", suggestion=f"write it like this: pyproxy upstream set {name} index_ttl=5m"
        )
    with opened_upstreams(invocation) as upstreams:
        try:
            changed = upstreams.change(name, _texts(pairs), command_actor())
        except SecretAskedAgain as error:
            error.suggestion = f"give {error.key}=… in the same command, or {error.key}= to drop it"
            raise
    new = changed.upstream.settings
    moved = f"; its index is now {new.index_url}, its pages are forgotten, verified files stay"
    click.echo(f"upstream {name} is changed{moved if changed.forgot_pages else ''}")
    print_warnings(new)


@upstream.command()
@click.argument("name")
@click.argument("position")
@click.pass_obj
def move(invocation: Invocation, name: str, position: str) -> None:
    """Give an upstream another place in the order. 1 is asked first; too large a number means last."""
    try:
        place = read_integer(Text(position), 1, HIGHEST_PRIORITY)
    except ConfigurationError as error:
        error.key = "POSITION"
        raise
    with opened_upstreams(invocation) as upstreams:
        moved = upstreams.move(name, place, command_actor())
    click.echo(f"upstream {name} is at position {moved.priority}")


@upstream.command()
@click.argument("name")
@click.pass_obj
def enable(invocation: Invocation, name: str) -> None:
    """Ask an upstream again."""
    _switch(invocation, name, active=True)


@upstream.command()
@click.argument("name")
@click.pass_obj
def disable(invocation: Invocation, name: str) -> None:
    """Ask an upstream no more. Its pages do not answer; its verified files still answer to their links."""
    _switch(invocation, name, active=False)


@upstream.command()
@click.argument("name")
@click.pass_obj
def remove(invocation: Invocation, name: str) -> None:
    """Remove an upstream and its pages. Verified files stay."""
    with opened_upstreams(invocation) as upstreams:
        upstreams.remove(name, command_actor())
    click.echo(f"upstream {name} is removed; its pages are forgotten, verified files stay")


upstream.add_command(test)


def _switch(invocation: Invocation, name: str, *, active: bool) -> None:
    with opened_upstreams(invocation) as upstreams:
        upstreams.switch(name, command_actor(), active=active)
    click.echo(f"upstream {name} is {'enabled' if active else 'disabled'}")


def _texts(pairs: Mapping[str, str]) -> dict[str, object]:
    """Values that are read as their fields want them."""
    return {key: Text(value) for key, value in pairs.items()}
