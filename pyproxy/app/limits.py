"""What the machine allows a process, and whether the settings fit into it."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

from pyproxy.config.model import Config, StorageConfig
from pyproxy.errors import ConfigurationError
from pyproxy.settings.quantities import format_size

ENOUGH_FILES = 65_536
"""So many open files a process asks for, where the system lets it: a connection takes one, a transfer three."""

WORKER_FILES = 128
"""With fewer a worker cannot do its work: database, threads and upstreams take some forty before the first client."""

OWN_FILES = 256
"""Left for the database, upstreams and what else there is, where connections take all they may."""

SUPERVISOR_FILES = 32
FILES_OF_WORKERS = 4
"""What the supervisor takes for itself, and for each worker while all of them are replaced."""

MORE_FILES = "raise the limit (ulimit -n, LimitNOFILE of a systemd unit, --ulimit nofile of docker)"
"""What to do where open files do not suffice."""


def raise_open_files() -> None:
    """Use what the system allows: shells and services begin with a lower limit, for the sake of old programs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(ENOUGH_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a sandbox may forbid it; what there is has to do
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check_open_files(config: Config) -> None:
    """Raise `ConfigurationError` where ``server.workers`` cannot work with the open files that the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return
    workers = config.server.processes
    needed = max(WORKER_FILES, SUPERVISOR_FILES + FILES_OF_WORKERS * workers)
    if hard < needed:
        most = (hard - SUPERVISOR_FILES) // FILES_OF_WORKERS
        fewer = f", or take {most} workers at most" if hard >= WORKER_FILES else ""
        raise ConfigurationError(
            f"{_workers(workers)} cannot work: a process may have {hard} open files here, and {needed} are needed",
            key="server.workers",
            suggestion=f"{MORE_FILES}{fewer}",
        )


def possible_connections() -> int:
    """For how many connections of clients the open files of this process suffice, if each takes two: a file with it."""
    return _files_for(2)


def possible_transfers() -> int:
    """How many files and as many pages can come from one upstream at a time: a file takes three, a page one."""
    return _files_for(4)


def possible_put_off() -> int:
    """How many files that have come may wait to be put away: each has two open files, and others need some as well."""
    return _soft_limit() // 16


def connections_warning(wanted: int | None) -> str | None:
    """What is to be said of a ``server.max_connections`` that cannot be reached; ``None`` of others."""
    possible = possible_connections()
    if wanted is None or wanted <= possible:
        return None
    return (
        f"server.max_connections is {wanted}, but the open files of a process suffice for {possible}: {MORE_FILES}"
    )


def room_warning(storage: StorageConfig) -> str | None:
    """What is to be said of a ``storage.min_free`` that the disk can never have; ``None`` where it can.

    No mistake that ends the start: everything is served all the same.
    """
    directory = storage.directory.absolute()
    size = disk_size(directory)
    if size is None or storage.min_free <= size:
        return None
    return (
        f"storage.min_free is {format_size(storage.min_free)}, but the whole disk of {directory} has "
        f"{size / 10**6:,.0f} MB: nothing that is fetched is ever kept; set less"
    )


def disk_size(directory: Path) -> int | None:
    """Bytes of the whole disk on which a directory is, or would be made; ``None`` where it does not tell."""
    existing = next((place for place in (directory, *directory.parents) if place.exists()), directory)
    try:
        disk = os.statvfs(existing)
    except OSError:
        return None
    return disk.f_blocks * disk.f_frsize


def _files_for(each: int) -> int:
    """How many there can be that take ``each`` so many open files of this process."""
    return max(16, (_soft_limit() - OWN_FILES) // each)


def _soft_limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH_FILES if soft == resource.RLIM_INFINITY else soft


def _workers(count: int) -> str:
    return "one worker" if count == 1 else f"{count} workers"
