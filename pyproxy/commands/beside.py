"""Commands on the cache: run on the opened storage directory, beside a server that may be running on it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from pyproxy.admin.amounts import count
from pyproxy.commands import interrupts
from pyproxy.commands.invocation import Invocation
from pyproxy.config.model import Config
from pyproxy.errors import ConfigurationError, InvalidFilename, InvalidProjectName
from pyproxy.settings.quantities import parse_duration, parse_size
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import check_filename, normalize

if TYPE_CHECKING:
    from pyproxy.app.opened import Opened

T = TypeVar("T")

NEW_DATABASE = "note: a new database was made in {directory}; a server elsewhere does not see it"


def run_beside(
    invocation: Invocation,
    work: Callable[[Opened, Config], Awaitable[T]],
    *,
    create: bool = False,
    rebuild: bool = False,
) -> T:
    """What ``work`` makes of the opened storage directory; raises `ConfigurationError` and `StorageError`.

    ``create``: it is made where there is none yet, and that is said; ``rebuild`` as `opened` says.
    """
    config = invocation.load().config

    # Imported late: the other commands start without the web server's modules.
    from pyproxy.app.opened import opened
    from pyproxy.storage.directory import has_database

    directory = config.storage.directory.absolute()
    new = create and not has_database(directory)

    async def run() -> T:
        async with opened(config, invocation.environ, create=create, rebuild=rebuild) as here:
            if new:
                # Else whoever is in the wrong directory fills a cache that no server looks at, and wonders.
                click.echo(NEW_DATABASE.format(directory=directory), err=True)
            return await work(here, config)

    with _quiet_logs():
        return interrupts.run(run())


def run_removal(
    invocation: Invocation, work: Callable[[Opened, Config], Awaitable[T]], project: NormalizedName | None = None
) -> T:
    """The same for ``work`` that removes files, of one project or of all: it goes on a full disk as well."""
    from pyproxy.storage.headroom import forget_gone, make_headroom

    directory = invocation.load().config.storage.directory.absolute()
    gone = make_headroom(directory, project)
    if gone:
        click.echo(f"note: the disk is full; {count(len(gone), 'file')} went first to make room", err=True)

    async def remove(here: Opened, config: Config) -> T:
        done = await work(here, config)
        forget_gone(here.resources.files, gone)
        return done

    return run_beside(invocation, remove)


def project_named(text: str) -> NormalizedName:
    """A project's name as it was given; raises `ConfigurationError`."""
    try:
        return normalize(text)
    except InvalidProjectName as error:
        raise ConfigurationError(str(error), key="PROJECT") from None


def file_named(text: str) -> str:
    """A filename as it was given; raises `ConfigurationError`."""
    try:
        return check_filename(text)
    except InvalidFilename as error:
        raise ConfigurationError(str(error), key="FILENAME") from None


def size_given(option: str, text: str | None) -> int | None:
    """Bytes; raises `ConfigurationError` that names the option."""
    try:
        return None if text is None else parse_size(text)
    except ValueError as error:
        raise ConfigurationError(str(error), key=option, suggestion="write it like 50GB or 500MiB") from None


def duration_given(option: str, text: str | None) -> float | None:
    """Seconds; raises `ConfigurationError` that names the option."""
    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise ConfigurationError(str(error), key=option, suggestion="write it like 30d, 12h or 90m") from None


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """What a server would log, the command says in its own words; without a handler Python prints it as well."""
    logger, silence = logging.getLogger("pyproxy"), logging.NullHandler()
    logger.addHandler(silence)
    try:
        yield
    finally:
        logger.removeHandler(silence)
