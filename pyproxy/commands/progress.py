"""Progress of long work: a bar at a terminal, on standard error; nothing anywhere else."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


def bytes_progress() -> Progress:
    """Bytes of a known total, bytes a second and the time that is left."""
    return _progress(DownloadColumn(), TransferSpeedColumn())


def steps_progress() -> Progress:
    """Steps of a known number, and the time that is left."""
    return _progress(MofNCompleteColumn())


def _progress(*columns: ProgressColumn) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        disable=not sys.stderr.isatty(),
    )
