"""Write the schema of this version with the sample in it, for the upgrade tests of all later ones."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from pyproxy import __version__
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from tests.storage import sample

SCHEMAS = Path(__file__).parent


def dump(directory: Path) -> str:
    """The database of a storage directory as SQL."""
    with closing(sqlite3.connect(directory / DATABASE_NAME)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


async def dump_sample(directory: Path) -> str:
    """Fill an empty storage directory with the sample, and its database as SQL."""
    with closing(Database.open(directory / DATABASE_NAME)) as database:
        await sample.fill(directory, database)
    return dump(directory)


def main() -> None:
    """Write ``<version>.sql``; a dump that is there already is never changed."""
    path = SCHEMAS / f"{__version__}.sql"
    with tempfile.TemporaryDirectory() as directory, path.open("x", encoding="utf-8") as file:
        file.write(asyncio.run(dump_sample(Path(directory))))
    print(path)


if __name__ == "__main__":
    main()
