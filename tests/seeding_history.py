"""A year of what happened, in a storage directory as large as one wants it: for measurements and screenshots.

``python -m tests.seeding_history DIRECTORY`` adds it to one that `tests.seeding` made, or to a new one. Working days
are busier than nights and Sundays, a night some weeks ago had an outage, and one upstream rests.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pyproxy.storage.activity import ROWS, ActivityStore, Batch, ClientRequest, UpstreamRequest
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.latencies import bucket_of
from pyproxy.storage.periods import DAY, HOUR, KEPT, start_of
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.seeding import UPSTREAMS

PROJECTS = (
    *("boto3", "urllib3", "requests", "botocore", "typing-extensions", "certifi", "idna", "numpy", "packaging"),
    *("charset-normalizer", "setuptools", "s3fs", "pydantic", "cryptography", "pandas", "pytest", "click", "jinja2"),
    *("attrs", "pluggy", "mycompany-auth", "mycompany-core", "rich", "httpx", "orjson", "sqlalchemy", "fastapi"),
    *("uvicorn", "pillow", "scipy", "pyarrow", "aiohttp", "tqdm", "grpcio", "protobuf", "pyyaml", "lxml", "tornado"),
)
AGENTS = ("pip/24.3.1", "pip/24.0", "uv/0.5.4", "uv/0.5.11", "poetry/1.8.4", "pdm/2.20.1", "twine/5.1.1")
SERVED = (
    ("page", "hit", 0.46, 21_000), ("file", "hit", 0.24, 900_000), ("metadata", "hit", 0.13, 9_000),
    ("page", "miss", 0.06, 24_000), ("file", "miss", 0.03, 1_400_000), ("file", "collapsed", 0.01, 2_500_000),
    ("page", "stale", 0.02, 21_000), ("page", "missing", 0.03, 300), ("page", "redirected", 0.015, 0),
    ("page", "failed", 0.002, 400), ("json", "hit", 0.003, 60_000),
)  # fmt: skip
"""Route, outcome, share of all requests, bytes of each."""

SAVING = ("hit", "stale", "collapsed")


def seed(directory: Path, now: float, *, busy: float = 900.0, days: int = 400) -> None:
    """Add it; ``busy`` is how many requests there are in the busiest hours."""
    directory.mkdir(parents=True, exist_ok=True)
    with closing(Database.open(directory / DATABASE_NAME)) as database:
        store = UpstreamStore(database, SecretBox.open(directory, {}))
        if not store.list():
            for upstream in UPSTREAMS:
                store.add(upstream)
        ids = {each.settings.name: each.id for each in store.list(reveal=False)}
        database.write_now(lambda connection: _insert(connection, ids, now, busy, days))
        asyncio.run(_add_recent(ActivityStore(database), now))


def load(at: float) -> float:
    """How busy it is then, 0 to 1."""
    moment = time.gmtime(at)
    day = 0.25 + max(0.0, math.sin((moment.tm_hour - 6) / 14 * math.pi)) if 6 <= moment.tm_hour <= 20 else 0.2
    return day / 1.25 * (0.25 if moment.tm_wday >= 5 else 1.0)


def _insert(connection: sqlite3.Connection, ids: dict[str, int], now: float, busy: float, days: int) -> None:
    chance = random.Random("history")
    for length, hours in ((HOUR, 1), (DAY, 24)):
        kept = min(KEPT[length], days * DAY)
        for start in range(start_of(now - kept, length) + length, int(now) + 1, length):
            middles = [start + HOUR * hour for hour in range(hours) if start + HOUR * hour <= now]
            growth = 0.35 + 0.65 * (1 - (now - start) / (400 * DAY))
            number = sum(load(each) for each in middles) * busy * growth * chance.uniform(0.8, 1.1)
            _insert_requests(connection, chance, length, start, number)
            _insert_calls(connection, chance, length, start, number, is_outage=31 * DAY < now - start < 31.6 * DAY)
    for length, since in ((HOUR, DAY), (DAY, 31 * DAY)):
        for start in range(start_of(now - since, length) + length, int(now) + 1, length):
            for rank, project in enumerate(PROJECTS):
                asked = int(busy * length / HOUR * load(start + length / 2) / (rank + 4) * chance.uniform(0.7, 1.3))
                row = (length, start, project, asked, int(asked * chance.uniform(0.4, 0.9)))
                connection.execute("INSERT OR REPLACE INTO project_counts VALUES (?, ?, ?, ?, ?)", row)
    hour = start_of(now, HOUR)
    connection.execute("INSERT OR REPLACE INTO upstream_counts VALUES (3600, ?, 'private', 12, 1, 90000)", (hour,))
    connection.execute(
        "INSERT OR REPLACE INTO upstream_failure_counts VALUES (3600, ?, 'private', 'unreachable', 5)", (hour,)
    )
    _insert_standing(connection, ids, now)


def _insert_requests(
    connection: sqlite3.Connection, chance: random.Random, length: int, start: int, number: float
) -> None:
    for route, outcome, share, size in SERVED:
        requests = int(number * share * chance.uniform(0.7, 1.3) + chance.random())
        sent = int(requests * size * chance.uniform(0.7, 1.3))
        row = (length, start, route, outcome, requests, sent, sent if outcome in SAVING else 0)
        connection.execute(
            "INSERT OR REPLACE INTO client_counts (length, start, route, outcome, requests, sent, saved) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )


def _insert_calls(
    connection: sqlite3.Connection, chance: random.Random, length: int, start: int, number: float, *, is_outage: bool
) -> None:
    for upstream, share, median in (("pypi", 0.11, 0.045), ("private", 0.012, 0.22)):
        calls = int(number * share * chance.uniform(0.7, 1.3))
        failures = int(calls * (0.4 if is_outage else 0.004 if upstream == "pypi" else 0.06) + chance.random() * 0.8)
        key = (length, start, upstream)
        connection.execute(
            "INSERT OR REPLACE INTO upstream_counts VALUES (?, ?, ?, ?, ?, ?)",
            (*key, calls, calls // 9, calls * 260_000),
        )
        if failures:
            kind = chance.choice(("timeout", "unreachable", "status"))
            connection.execute(
                "INSERT OR REPLACE INTO upstream_failure_counts VALUES (?, ?, ?, ?, ?)", (*key, kind, failures)
            )
        middle = median * chance.uniform(0.8, 1.5) * (6 if is_outage else 1)
        counted: dict[int, int] = {}
        for _ in range(min(calls, 60)):
            bucket = bucket_of(middle * math.exp(chance.gauss(0, 0.7)))
            counted[bucket] = counted.get(bucket, 0) + max(1, calls // 60)
        connection.executemany(
            "INSERT OR REPLACE INTO upstream_latency_counts VALUES (?, ?, ?, ?, ?)",
            [(*key, bucket, answers) for bucket, answers in counted.items()],
        )


def _insert_standing(connection: sqlite3.Connection, ids: dict[str, int], now: float) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO upstream_latest VALUES (?, ?, ?, ?, ?, ?)",
        [
            (ids["pypi"], now - 4, now - 5000, 0, now + 71 * DAY, now - 4),
            (ids["private"], now - 3600, now - 40, 5, now + 12 * DAY, now - 3600),
        ],
    )
    connection.executemany(
        """
        INSERT OR REPLACE INTO upstream_failures
            (upstream_id, route, project, filename, kind, reason, first_at, last_at, times, over_at)
        VALUES (?, 'page', ?, '', ?, ?, ?, ?, ?, ?)
        """,
        [
            (ids["pypi"], "numpy", "timeout", "did not answer within 5 s", now - 5400, now - 5000, 2, now - 4900),
            (ids["private"], "mycompany-auth", "unreachable", "refused the connection", now - 900, now - 40, 5, None),
        ],
    )
    connection.execute(
        "INSERT OR REPLACE INTO upstream_rests (upstream_id, since, kind, reason, probe_at) VALUES (?, ?, ?, ?, ?)",
        (ids["private"], now - 40, "unreachable", "refused the connection", now + 20),
    )


async def _add_recent(store: ActivityStore, now: float) -> None:
    """As many rows as are kept."""
    chance = random.Random("recent")
    clients, upstreams = list(_client_requests(chance, now)), list(_upstream_requests(chance, now))
    for first in range(0, ROWS, 200):
        await store.add(Batch(clients[first : first + 200], first % 3, upstreams[first : first + 200], 0))


def _client_requests(chance: random.Random, now: float) -> Iterator[ClientRequest]:
    routes = [(route, outcome) for route, outcome, *_ in SERVED]
    shares = [share for _, _, share, _ in SERVED]
    for number in range(ROWS):
        route, outcome = chance.choices(routes, shares)[0]
        project = PROJECTS[min(int(chance.expovariate(0.09)), len(PROJECTS) - 1)]
        filename = f"{project.replace('-', '_')}-{chance.randrange(1, 9)}.{chance.randrange(20)}.0-py3-none-any.whl"
        size = next(size for *key, _, size in SERVED if key == [route, outcome])
        yield ClientRequest(
            at=now - (ROWS - number) * 0.9,
            client=f"10.20.{chance.randrange(4)}.{chance.randrange(2, 60)}",
            agent=chance.choice(AGENTS),
            method="GET",
            route=route,
            project=project,
            filename=filename if route in ("file", "metadata") else "",
            address="",
            status={"missing": 404, "redirected": 301, "failed": 502}.get(outcome, 200),
            outcome=outcome,
            upstream="" if outcome in ("missing", "redirected") else _owner(project),
            sent=int(size * chance.uniform(0.3, 2)),
            seconds=chance.expovariate(250) if outcome in ("hit", "redirected") else chance.expovariate(8),
        )


def _upstream_requests(chance: random.Random, now: float) -> Iterator[UpstreamRequest]:
    for number in range(ROWS):
        project = chance.choice(PROJECTS)
        failed, missing = chance.random() < 0.02, chance.random() < 0.1
        yield UpstreamRequest(
            at=now - (ROWS - number) * 7,
            upstream=_owner(project),
            route="page" if missing or chance.random() < 0.7 else "file",
            project=project,
            filename="",
            result="failed" if failed else "missing" if missing else "found",
            kind="timeout" if failed else "",
            reason="did not answer within 5 s" if failed else "",
            seconds=5.0 if failed else chance.lognormvariate(-3, 0.7),
            received=None if failed else int(chance.expovariate(1 / 30_000)),
        )


def _owner(project: str) -> str:
    return "private" if project.startswith("mycompany-") else "pypi"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.seeding_history", description="Add a year of history.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--busy", type=float, default=900.0, help="requests in the busiest hours")
    given = parser.parse_args()
    seed(given.directory, time.time(), busy=given.busy)


if __name__ == "__main__":
    main()
