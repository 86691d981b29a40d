"""How the steps of a test are shown while they happen: as lines for people, as NDJSON for scripts."""

from __future__ import annotations

import json
import sys
import textwrap
from contextlib import ExitStack
from dataclasses import asdict
from types import TracebackType
from typing import Protocol

import click
from rich.console import Console
from rich.status import Status
from rich.text import Text

from pyproxy.admin.upstream_test.steps import State, Step

WIDTH_OF_A_FILE = 10_000
"""Columns when the output is no terminal, so that nothing is folded."""

_STYLES: dict[State, str] = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}
_WIDEST_STATE = max(len(state) for state in _STYLES)
_NAME_WIDTH = 15
_SECONDS_WIDTH = 9
_INDENT = _WIDEST_STATE + _NAME_WIDTH + _SECONDS_WIDTH + 3
_NARROWEST = 30


class Output(Protocol):
    """Where steps go, as a context manager around all of them."""

    def __enter__(self) -> Output: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def begins(self, name: str) -> None:
        """A step is under way."""
        ...

    def show(self, step: Step) -> None:
        """A step has ended."""
        ...


class JsonOutput:
    """One object per step on a line of its own, flushed at once."""

    def __enter__(self) -> JsonOutput:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""

    def begins(self, name: str) -> None:
        """Scripts wait for results."""

    def show(self, step: Step) -> None:
        """Print it."""
        seconds = None if step.seconds is None else round(step.seconds, 6)
        click.echo(json.dumps({**asdict(step), "seconds": seconds}))


class LineOutput:
    """A line per step, with the advice under it; at a terminal a spinner says what is being waited for."""

    def __init__(self) -> None:
        self._console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False)
        self._status: Status | None = None
        self._open = ExitStack()

    def __enter__(self) -> LineOutput:
        if self._console.is_terminal:
            self._status = self._open.enter_context(self._console.status("…"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def begins(self, name: str) -> None:
        """Let the spinner say so."""
        if self._status is not None:
            self._status.update(Text(f"{name} …"))

    def show(self, step: Step) -> None:
        """Print it above the spinner."""
        seconds = "" if step.seconds is None else f"{step.seconds:.3f} s"
        line = Text(f"{step.state:{_WIDEST_STATE}}", style=_STYLES[step.state])
        line.append(f" {step.name:{_NAME_WIDTH}} {seconds:>{_SECONDS_WIDTH}} ", style="default")
        line.append(self._folded(step.found), style="default")
        if step.advice is not None:
            line.append(f"\n{' ' * _INDENT}", style="default")
            line.append(self._folded(f"-> {step.advice}"), style="bold" if step.state == "failed" else "default")
        self._console.print(line, soft_wrap=True)
        self._console.file.flush()

    def _folded(self, text: str) -> str:
        """On as many lines as the terminal needs, each beginning under the first."""
        width = max(_NARROWEST, self._console.width - _INDENT)
        return f"\n{' ' * _INDENT}".join(textwrap.wrap(text, width, break_on_hyphens=False))
