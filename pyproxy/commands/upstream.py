"""``pyproxy upstream``: see and change the upstreams. A running server follows within a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import click

from pyproxy.commands.invocation import Invocation
from pyproxy.commands.secret_input import read_settings, secret_options
from pyproxy.commands.stored import opened_upstreams
from pyproxy.commands.upstream_list import as_json, print_table, print_warnings
from pyproxy.commands.upstream_test import test
from pyproxy.errors import ConfigurationError, StorageError
from pyproxy.settings import (
    UpstreamSettings,
    gives_secret,
    priority_of,
    secret_scope_changed,
    upstream_from_pairs,
)
from pyproxy.settings.fields import FIELDS
from pyproxy.settings.kinds import Text, read_integer
from pyproxy.settings.masking import MASK
from pyproxy.settings.reading import HIGHEST_PRIORITY
from pyproxy.storage.upstreams import UpstreamStore

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
    with opened_upstreams(invocation) as store:
        upstreams = store.list(reveal=False)
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
    added = upstream_from_pairs(pairs)
    with opened_upstreams(invocation) as store:
        stored = store.add(added, priority_of(pairs))
    click.echo(f"upstream {name} is added at position {stored.priority}; its index is {stored.settings.index_url}")
    print_warnings(stored.settings)


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
    with opened_upstreams(invocation) as store:
        old = _readable(store, name, pairs)
        new = upstream_from_pairs(pairs, old)
        position = priority_of(pairs)
        _ask_for_secret(old, new, pairs)
        store.change(name, new)
        if position is not None:
            store.move(name, position)
    moved = f"; its index is now {new.index_url}, its pages are forgotten, verified files stay"
    click.echo(f"upstream {name} is changed{moved if old.index_url != new.index_url else ''}")
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
    with opened_upstreams(invocation) as store:
        store.move(name, place)
        stored = store.get(name, reveal=False)
    click.echo(f"upstream {name} is at position {stored.priority}")


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
    with opened_upstreams(invocation) as store:
        store.remove(name)
    click.echo(f"upstream {name} is removed; its pages are forgotten, verified files stay")


upstream.add_command(test)


def _switch(invocation: Invocation, name: str, *, active: bool) -> None:
    with opened_upstreams(invocation) as store:
        settings = store.get(name).settings
        if settings.active != active:
            store.change(name, replace(settings, active=active))
    click.echo(f"upstream {name} is {'enabled' if active else 'disabled'}")


def _ask_for_secret(old: UpstreamSettings, new: UpstreamSettings, pairs: Mapping[str, str]) -> None:
    """A secret may not follow its upstream to another place unless it is given again, or dropped."""
    changes = secret_scope_changed(old, new)
    given = {key for key in ("password", "token") if key in pairs}
    if gives_secret({"url": pairs.get("url", new.url)}):
        given.add("password")
    kept = [key for key in ("password", "token") if key not in given and getattr(new, key) is not None]
    if changes and kept:
        raise ConfigurationError(
            f"changing {', '.join(changes)} of upstream {new.name} asks for its {kept[0]} again",
            suggestion=f"give {kept[0]}=… in the same command, or {kept[0]}= to drop it",
        )


def _readable(store: UpstreamStore, name: str, pairs: Mapping[str, str]) -> UpstreamSettings:
    """The present settings; without their secrets where the key was lost and the secret is being given again."""
    try:
        return store.get(name).settings
    except StorageError:
        if not gives_secret(pairs):
            raise
    settings = replace(store.get(name, reveal=False).settings, password=None, token=None)
    if settings.http_proxy == MASK and "http_proxy" not in pairs:
        raise ConfigurationError(
            "was encrypted with another key, too", key="http_proxy", suggestion="give it again in the same command"
        )
    return settings
