"""A password or token that is not typed into a command line, where the shell's history and ``ps`` would show it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import click

from pyproxy.commands.pairs import read_pairs
from pyproxy.errors import ConfigurationError

Command = TypeVar("Command", bound=Callable[..., Any])


def secret_options(command: Command) -> Command:
    """Give a command ``--password-stdin`` and ``--token-stdin``; their values go to `read_settings`."""
    for key in ("token", "password"):
        text = f"Read the {key} from the first line of standard input; at a terminal, ask for it."
        command = click.option(f"--{key}-stdin", is_flag=True, help=text)(command)
    return command


def read_settings(
    arguments: Iterable[str],
    given: Mapping[str, str] = MappingProxyType({}),
    *,
    password_stdin: bool,
    token_stdin: bool,
) -> dict[str, str]:
    """KEY=VALUE arguments, those of ``given`` among them, with the secret from standard input, if one is to be read.

    Raises `ConfigurationError`.
    """
    if password_stdin and token_stdin:
        raise ConfigurationError(
            "--password-stdin and --token-stdin both want the first line of standard input",
            suggestion="give one of them",
        )
    pairs = read_pairs(arguments, given)
    if password_stdin or token_stdin:
        key = "password" if password_stdin else "token"
        if key in pairs:
            raise ConfigurationError("is given twice", key=key, suggestion=f"leave out {key}=… or --{key}-stdin")
        pairs[key] = _read(key)
    return pairs


def _read(key: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(key.capitalize(), hide_input=True, err=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise ConfigurationError(
            f"--{key}-stdin found no {key} on standard input", suggestion=f"to drop it, give {key}= instead"
        )
    return line
