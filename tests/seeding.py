"""A storage directory as large as one wants it, for measurements and screenshots.

``python -m tests.seeding DIRECTORY --projects 100000 --files 1000000``; the same numbers make the same names, pages and
files, at times before now. Only ``--real`` files have bytes on the disk; the others are rows, which a server drops when
they are asked for. The first project has a page of 20,000 files, unless there are few projects. Below 2,000 projects
each has a page of its own; of more, the most used have, and the others share theirs.

The rows are put into the schema from before the totals, so that the migrations sum them up at once.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pyproxy.settings import UpstreamSettings
from pyproxy.simple import canonical
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME, FILES_NAME
from pyproxy.storage.manifests import FileName, Manifest, Places
from pyproxy.storage.schema import MIGRATIONS
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.distributions import make_wheel

DAY = 86400.0
MONSTER_FILES = 20_000
OWN_PAGES = 2_000
PYPI, PRIVATE, MIRROR = 1, 2, 3
UPSTREAMS = (
    UpstreamSettings(name="pypi", url="https://pypi.example.org/"),
    UpstreamSettings(name="private", url="https://pypi.mycompany.example/", projects=("mycompany-*",)),
    UpstreamSettings(name="mirror", url="https://mirror.example.net/", active=False),
)
_STEMS = ("data", "flow", "core", "graph", "async", "cloud", "http", "json", "auth", "cache", "text", "image", "model")
_HEADS = ("py", "django-", "flask-", "aws-", "google-cloud-", "types-", "pytest-", "sphinx-", "mycompany-", "")
_TAILS = ("", "-utils", "-client", "-sdk", "-plugin", "-tools", "-core", "lib", "kit", "-api")

DESCRIPTION = """# {name}

[![build](https://badges.example.org/{name}.svg)](https://ci.example.org/{name})
**{name}** does what its name says, and *nothing else*.

```python
from {module} import run

run(retries=3)  # as often as that
```

| option | default | meaning |
|---|---|---|
| `retries` | 3 | how often it is tried again |
| `timeout` | 5.0 | seconds |

1. Install it.
2. Run it.

See the [documentation](https://docs.example.org/{name}/) or write to <team@example.org>.
"""


@dataclass(frozen=True, slots=True)
class Seed:
    """How much there is to be; ``now`` in unix seconds."""

    projects: int
    files: int
    real: int
    now: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the store, or seems to."""

    project: str
    filename: str
    sha256: str
    size: int
    upstream: str
    kept_at: float
    last_used: float
    uses: int


def seed(directory: Path, wanted: Seed) -> None:
    """Fill an empty storage directory."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / DATABASE_NAME
    names = list(itertools.islice(project_names(), wanted.projects))
    chance = random.Random("pyproxy")
    files = list(_files(directory, names, wanted, chance))
    before = [migration.name for migration in MIGRATIONS].index("totals")
    Database.open(path, migrations=MIGRATIONS[:before]).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -600000; BEGIN"
        )
        _insert_files(connection, files, wanted.now)
        _insert_pages(connection, names, files, wanted, chance)
        connection.execute("COMMIT")
    with closing(Database.open(path)) as database:
        store = UpstreamStore(database, SecretBox.open(directory, {}))
        for upstream in UPSTREAMS:
            store.add(upstream)
        database.write_now(lambda connection: _insert_the_rest(connection, names, wanted))


def project_names() -> Iterator[str]:
    """Names as an index has them, each once, those first that are used most."""
    seen = set()
    for number in itertools.count():
        chance = random.Random(number)
        name = chance.choice(_HEADS) + chance.choice(_STEMS) + chance.choice(_TAILS)
        if name in seen:
            syllables = "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(3))
            name = f"{name}-{syllables}" if number % 3 else f"{syllables}-{name}"
        if name not in seen:
            seen.add(name)
            yield name


def filename_of(name: str, number: int) -> str:
    """The name of a project's file: wheels and source distributions of one release after the other."""
    version = f"{number // 40}.{number // 2 % 20}.0"
    if number % 2:
        return f"{name}-{version}.tar.gz"
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


def _files(directory: Path, names: list[str], wanted: Seed, chance: random.Random) -> Iterator[Kept]:
    """As many as wanted: some projects have thousands, many have one, some have none."""
    weights = [0.0 if rank % 7 == 6 else (rank + 10) ** -0.8 for rank in range(len(names))]
    total = sum(weights)
    counts = [int(wanted.files * weight / total) for weight in weights]
    having = itertools.cycle([rank for rank, weight in enumerate(weights) if weight])
    for rank in itertools.islice(having, wanted.files - sum(counts)):
        counts[rank] += 1
    real = itertools.count()
    for rank, (name, count) in enumerate(zip(names, counts, strict=True)):
        for number in range(count):
            filename = filename_of(name, number)
            kept_at = wanted.now - chance.random() * 700 * DAY
            last_used = kept_at + (wanted.now - kept_at) * chance.random() ** 0.3
            sha256, size = chance.randbytes(32).hex(), int(10 ** (3.5 + 3.5 * chance.random()))
            upstream = "private" if name.startswith("mycompany-") else "removed" if rank % 50 == 49 else "pypi"
            if filename.endswith(".whl") and number >= count - 8 and next(real) < wanted.real:
                kept_at = last_used = wanted.now - chance.random() * DAY  # the newest, so that it describes the project
                sha256, size = _put(directory, name, filename, upstream, kept_at)
            uses = int(chance.paretovariate(0.9) * 3000 / (rank + 3)) if chance.random() < 0.7 else 0
            yield Kept(name, filename, sha256, size, upstream, kept_at, last_used, uses)


def _put(directory: Path, name: str, filename: str, upstream: str, kept_at: float) -> tuple[str, int]:
    """Bytes on the disk with their manifest; their sha256 and size."""
    text = DESCRIPTION.format(name=name, module=name.replace("-", "_"))
    header = f"Summary: What {name} is for\nDescription-Content-Type: text/markdown\n\n{text}"
    _, content, _ = make_wheel(name, filename.split("-")[1], metadata_extra=header, size=2000)
    sha256, places = hashlib.sha256(content).hexdigest(), Places(directory / FILES_NAME)
    known = FileName(project=name, filename=filename, upstream=upstream, hashes={"sha256": sha256}, time=kept_at)
    place = places.content(sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    manifest = Manifest(sha256=sha256, size=len(content), names=(known,))
    places.manifest(sha256).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return sha256, len(content)


def _insert_files(connection: sqlite3.Connection, files: list[Kept], now: float) -> None:
    connection.executemany(
        "INSERT INTO contents (sha256, size, stored_at, last_used, uses) VALUES (?, ?, ?, ?, ?)",
        [
            (each.sha256, each.size, each.kept_at, each.last_used, each.uses)
            for each in sorted(files, key=lambda each: each.sha256)
        ],
    )
    connection.executemany(
        "INSERT INTO files (project, filename, sha256, upstream, hashes, kept_at) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (each.project, each.filename, each.sha256, each.upstream, json.dumps({"sha256": each.sha256}), each.kept_at)
            for each in files
        ],
    )
    connection.execute("INSERT INTO file_index (only, complete_since) VALUES (1, ?)", (now,))


def _insert_pages(
    connection: sqlite3.Connection, names: list[str], files: list[Kept], wanted: Seed, chance: random.Random
) -> None:
    own = names if len(names) <= OWN_PAGES else names[: OWN_PAGES // 10]
    kept = {name: list(group) for name, group in itertools.groupby(files, key=lambda each: each.project)}
    tags = []
    for rank, name in enumerate(own):
        count = MONSTER_FILES if rank == 0 and len(names) > OWN_PAGES else len(kept.get(name, ())) + 6
        body = canonical.encode(_page(name, kept.get(name, []), count, wanted.now))
        tags.append(hashlib.sha256(body).hexdigest())
        connection.execute("INSERT INTO page_bodies (tag, body_z) VALUES (?, ?)", (tags[-1], zlib.compress(body, 1)))
    rows = []
    for rank, name in enumerate(names):
        tag = tags[rank] if rank < len(own) else tags[1 + rank % (len(tags) - 1)]
        owner = PRIVATE if name.startswith("mycompany-") else PYPI
        checked_at = wanted.now - min(chance.expovariate(1 / (5 * DAY)), 60 * DAY)
        rows.append((name, owner, tag, checked_at))
        if rank % 10 == 9:
            rows.append((name, MIRROR, tag if rank % 20 == 9 else None, checked_at - DAY))
    connection.executemany(
        """
        INSERT INTO pages (project, upstream_id, generation, tag, etag, url, checked_at, changed_at)
        VALUES (?1, ?2, 1, ?3, '"' || substr(?3, 1, 8) || '"', 'https://pypi.example.org/simple/' || ?1 || '/', ?4, ?4)
        """,
        sorted(rows),
    )


def _page(name: str, kept: list[Kept], count: int, now: float) -> ProjectDetail:
    """A page that lists the kept files, and others."""
    listed = []
    for number in range(count):
        filename = filename_of(name, number)
        of_store = kept[number] if number < len(kept) else None
        sha256 = of_store.sha256 if of_store else hashlib.sha256(filename.encode()).hexdigest()
        uploaded = time.gmtime(now - (count - number) * DAY * 700 / count)
        listed.append(
            File(
                filename=filename,
                url=f"https://files.example.org/{sha256[:2]}/{filename}",
                hashes={"sha256": sha256},
                requires_python=">=3.9" if number % 40 else ">=3.8, <4",
                yanked="broken on 32 bits" if number % 90 == 88 else False,
                size=of_store.size if of_store else 1000 + number,
                upload_time=time.strftime("%Y-%m-%dT%H:%M:%SZ", uploaded),
                core_metadata={"sha256": "0" * 64} if filename.endswith(".whl") else False,
            )
        )
    versions = tuple(dict.fromkeys(f"{number // 40}.{number // 2 % 20}.0" for number in range(count)))
    return ProjectDetail(name=NormalizedName(name), files=tuple(listed), versions=versions)


def _insert_the_rest(connection: sqlite3.Connection, names: list[str], wanted: Seed) -> None:
    """Some hashes learned here, some failures."""
    connection.executemany(
        "INSERT INTO recorded_hashes (project, upstream_id, filename, sha256, recorded_at) VALUES (?, ?, ?, ?, ?)",
        [(name, PRIVATE, filename_of(name, 0), hashlib.sha256(name.encode()).hexdigest(), wanted.now)
         for name in names if name.startswith("mycompany-")][:1000],
    )  # fmt: skip
    connection.executemany(
        """
        INSERT INTO upstream_failures (upstream_id, route, project, filename, kind, reason, first_at, last_at, times)
        VALUES (?, 'page', ?, '', 'timeout', 'did not answer within 5 s', ?, ?, 3)
        """,
        [(PYPI, name, wanted.now - DAY, wanted.now - 600) for name in names[5:400:20]],
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.seeding", description="Make a large storage directory.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--projects", type=int, default=200)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--real", type=int, default=200, help="so many files have bytes on the disk")
    given = parser.parse_args()
    began = time.monotonic()
    seed(given.directory, Seed(given.projects, given.files, given.real, time.time()))
    print(f"{given.projects:,} projects, {given.files:,} files in {given.directory}: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
