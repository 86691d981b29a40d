"""The behaviour of the command ``pyproxy`` itself: ``serve`` is the default, errors end in statuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from pyproxy.commands.exits import failure_of, system_failure, usage_failure
from pyproxy.errors import PyproxyError

DEFAULT_COMMAND = "serve"


class PyproxyGroup(click.Group):
    """A group whose default command may be left out, with its options or without.

    ``later`` are names of commands that are imported when somebody asks for them.
    """

    def __init__(self, *args: Any, later: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._later = later

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return sorted({*super().list_commands(ctx), *self._later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, if there is one."""
        if cmd_name in self._later and cmd_name not in self.commands:
            self.add_command(getattr(import_module(f"pyproxy.commands.{cmd_name}"), cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the default command where none is named."""
        position = self._end_of_own_options(ctx, args)
        if position is not None and (position == len(args) or args[position].startswith("-")):
            args = [*args[:position], DEFAULT_COMMAND, *args[position:]]
        return super().parse_args(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the group's own arguments."""
        with _one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error raised on purpose ends with its sentence and status, never a traceback."""
        try:
            with _one_line():
                return super().invoke(ctx)
        except PyproxyError as error:
            raise failure_of(error) from error

    def _end_of_own_options(self, ctx: click.Context, args: list[str]) -> int | None:
        """The index of the first argument that is not the group's own; ``None`` if one of them ends the command."""
        takes_value = {
            option: not param.is_flag
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            for option in param.opts
        }
        position = 0
        while position < len(args):
            option, equals, _ = args[position].partition("=")
            if option not in takes_value:
                return position
            if not takes_value[option]:
                return None  # --help, --version
            position += 1 if equals else 2
        return position if position == len(args) else None  # else the last one lacks its value


@contextmanager
def _one_line() -> Iterator[None]:
    """Wrong usage, and what the system refuses, in one line; a group without a command still shows its help."""
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise usage_failure(error) from error
    except OSError as error:
        if (failure := system_failure(error)) is None:
            raise
        raise failure from error
