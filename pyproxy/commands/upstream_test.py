"""``pyproxy upstream test``: what works with an upstream, what does not, and what to set."""

from __future__ import annotations

from contextlib import aclosing

import click

from pyproxy.admin.upstream_test.tested import Tested
from pyproxy.commands import interrupts
from pyproxy.commands.exits import Failure
from pyproxy.commands.invocation import Invocation
from pyproxy.commands.secret_input import read_settings, secret_options
from pyproxy.commands.tested import given_upstream, stored_upstream
from pyproxy.config.model import Config
from pyproxy.errors import ConfigurationError

_USAGE = "pyproxy upstream test NAME, or pyproxy upstream test --url URL KEY=VALUE…"


@click.command(short_help="Walk the way to an upstream, and say what to set.")
@click.argument("arguments", nargs=-1, metavar="[NAME] | --url URL [KEY=VALUE]...")
@click.option("--url", metavar="URL", help="Test this index, with the settings of upstream add; nothing is stored.")
@click.option("--project", metavar="NAME", help="The project to look at, instead of one that the upstream has.")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON object per step, for scripts.")
@secret_options
@click.pass_obj
def test(
    invocation: Invocation,
    arguments: tuple[str, ...],
    url: str | None,
    project: str | None,
    json_wanted: bool,
    password_stdin: bool,
    token_stdin: bool,
) -> None:
    """Walk the way to an upstream, and say what is wrong and what to set.

    Name look-up, connect, TLS, credentials, the index, what its pages tell, and the first bytes of one file: a line
    for each, when it ends. Nothing is written. The exit status is 1 if something failed; warnings are none.
    """
    config = invocation.load().config
    if url is not None:
        if arguments and "=" not in arguments[0]:
            # Not quoted: it may be a secret that lost its key.
            raise ConfigurationError("with --url no name can be given, only KEY=VALUE", suggestion=_USAGE)
        settings = read_settings(arguments, {"url": url}, password_stdin=password_stdin, token_stdin=token_stdin)
        tested = given_upstream(invocation, config, settings)
    elif len(arguments) == 1 and not (password_stdin or token_stdin):
        tested = stored_upstream(invocation, config, arguments[0])
    else:
        raise ConfigurationError(_misused(arguments), suggestion=_USAGE)
    if config.cache.offline:
        click.echo("note: cache.offline is on, so the server itself asks no upstream", err=True)
    interrupts.run(_run(invocation, config, tested, project, json_wanted))


def _misused(arguments: tuple[str, ...]) -> str:
    """What is wrong with arguments that are not one name."""
    if not arguments:
        return "give one name"
    if any("=" in argument for argument in arguments):
        return "settings can only be given with --url"
    return "one upstream is tested at a time" if len(arguments) > 1 else "a secret can only be given with --url"


async def _run(invocation: Invocation, config: Config, tested: Tested, project: str | None, json_wanted: bool) -> None:
    """Show the steps; raises `Failure` with the first that failed."""
    # Imported late: the other commands start without curl.
    from pyproxy.admin.upstream_test.conditions import Conditions
    from pyproxy.admin.upstream_test.walk import examine
    from pyproxy.commands.step_output import JsonOutput, LineOutput

    settings = tested.settings
    name = None if project is None else tested.project(project)
    conditions = Conditions(
        contact=config.server.public_url,
        environ=invocation.environ,
        page_timeout=config.cache.lookup_timeout,
        max_page_size=config.cache.max_page_size,
    )
    shown = []
    with JsonOutput() if json_wanted else LineOutput() as output:
        walk = examine(settings, conditions, project=name, known=tested.known, begins=output.begins)
        async with aclosing(walk):
            async for step in walk:
                shown.append(step)
                output.show(step)
    failed = [step for step in shown if step.state == "failed"]
    if failed:
        raise Failure(f"upstream {settings.name} failed its test: {failed[0].name}: {failed[0].found}")
    if not json_wanted:
        warned = sum(step.state == "warning" for step in shown)
        noted = f", with {warned} {'warning' if warned == 1 else 'warnings'}" if warned else ""
        click.echo(f"upstream {settings.name}: nothing failed{noted}")
