"""A storage directory with something in every table, and the look at whether all of it is there still.

What is kept goes in and comes out through the stores' own interfaces: that is what an upgrade must not break. What a
later version keeps besides gets its part in `fill`, and a check that the dumps of earlier versions go without.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

from pyproxy.settings import UpstreamSettings
from pyproxy.simple import canonical
from pyproxy.simple.model import File, NormalizedName, ProjectDetail
from pyproxy.storage.damage import Damage, damage_since, remember
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME, FILES_NAME
from pyproxy.storage.extracted import Extracted, ExtractedMetadata, WheelName
from pyproxy.storage.files import FileStore
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.jobs import JobStore, Told
from pyproxy.storage.manifests import FileName, Manifest, Places
from pyproxy.storage.pages import KnownPage, PageStore
from pyproxy.storage.projects import ProjectIndex, ProjectTotals
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from pyproxy.storage.use_days import Amount, UseDays
from tests.storage import sample_accounts, sample_history

ENVIRON = {"PYPROXY_SECRET_KEY": "the key of the sample database"}
WHEN = 1_700_000_000.0

PRIVATE = UpstreamSettings(
    name="private",
    url="https://pypi.mycompany.example/repository/pypi-private/",
    username="ci",
    password="the password of the sample",
    credential_hosts=("https://files.mycompany.example:8443",),
    ca_bundle="/etc/ssl/mycompany.pem",
    client_certificate="/etc/ssl/client.pem",
    client_key="/etc/ssl/client.key",
    connect_timeout_ms=2500,
    stall_timeout_ms=15000,
    http_proxy="http://user:secret@proxy.mycompany.example:3128",
    index_ttl=60.0,
    missing_ttl=5.0,
    on_failure="stop",
    redirect_hosts=("cdn.mycompany.example",),
    projects=("mycompany-*", "internal"),
)
MIRROR = UpstreamSettings(
    name="mirror",
    url="https://mirror.example.org/whl/",
    index_path="",
    active=False,
    token="the token of the sample",
    verify_ssl=False,
    http_proxy="none",
    excluded_projects=("internal-*",),
)

DEMO, INTERNAL = NormalizedName("demo"), NormalizedName("internal")
FILENAME = "demo-1.0-py3-none-any.whl"
CONTENT = b"the bytes of a wheel of the sample"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
UNHASHED = "demo-0.9.tar.gz"
RECORDED = "5" * 64
EXTRACTED = Extracted(SHA256, b"Metadata-Version: 2.1\nName: demo\n", verified=True)
VERIFIED = Told(total_files=1, total_bytes=len(CONTENT), files=1, bytes=len(CONTENT), report="[]")
HARMED = Manifest(
    sha256="7" * 64,
    size=1,
    names=(FileName(project="demo", filename="demo-0.1.tar.gz", upstream="mirror", hashes={}, time=WHEN),),
)
PAGE = ProjectDetail(
    name=DEMO,
    files=(
        File(
            filename=FILENAME,
            url=f"https://mirror.example.org/packages/{FILENAME}",
            hashes={"sha256": SHA256},
            requires_python=">=3.8",
            yanked="a reason",
            size=len(CONTENT),
            upload_time="2023-01-01T00:00:00Z",
            core_metadata={"sha256": "6" * 64},
        ),
        File(filename=UNHASHED, url=f"https://mirror.example.org/packages/{UNHASHED}"),
    ),
    versions=("0.9", "1.0"),
)


def box(directory: Path) -> SecretBox:
    """What its secrets are encrypted with."""
    return SecretBox.open(directory, ENVIRON)


async def fill(directory: Path, database: Database) -> None:
    """Put the sample into an empty storage directory."""
    upstreams = UpstreamStore(database, SecretBox.open(directory, ENVIRON))
    upstreams.seed([(PRIVATE, None), (MIRROR, None)])
    body = canonical.encode(PAGE)
    pages, recorded = PageStore(database), RecordedHashes(database, lambda: WHEN)
    private, mirror = upstreams.list()
    assert await pages.put_page(
        mirror.key, DEMO, tag=hashlib.sha256(body).hexdigest(), body_z=zlib.compress(body), etag='"an etag"',
        last_modified="Tue, 14 Nov 2023 22:13:20 GMT", url=f"{MIRROR.url}demo/", checked_at=WHEN, serial="42",
    )  # fmt: skip
    assert await pages.put_missing(mirror.key, INTERNAL, WHEN + 1)
    assert await pages.put_missing(private.key, INTERNAL, WHEN + 2)
    await recorded.record(mirror.id, DEMO, UNHASHED, RECORDED)
    with closing(FileStore(directory, database, clock=lambda: WHEN)) as files:
        temporary = files.temporary()
        os.write(temporary.fd, CONTENT)
        await files.keep(
            temporary, sha256=SHA256, size=len(CONTENT), project=DEMO, filename=FILENAME, upstream="mirror",
            hashes={"sha256": SHA256},
        )  # fmt: skip
        temporary.discard()
        files.note_use(SHA256, WHEN + 3)
        await files.flush_uses()
    await ExtractedMetadata(database, lambda: WHEN).put(WheelName(mirror.id, DEMO, FILENAME), EXTRACTED)
    await database.write(lambda connection: remember(connection, HARMED, "is gone from the disk", WHEN))
    await sample_history.fill(database, mirror.id)
    jobs = JobStore(database, directory, clock=lambda: WHEN)
    job_id = await jobs.begin("verify", "4711-dead", "", VERIFIED)
    assert job_id is not None
    await jobs.end(job_id, "done", VERIFIED)
    sample_accounts.fill(directory, database, box)


def restore(directory: Path, dump: str) -> None:
    """Make the storage directory that a dump was taken of, with the file's bytes."""
    with closing(sqlite3.connect(directory / DATABASE_NAME)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(dump)
    place = Places(directory / FILES_NAME).content(SHA256)
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)


def check(directory: Path, database: Database) -> None:
    """Find everything of the sample again; AssertionError for what is missing or has become something else."""
    upstreams = UpstreamStore(database, SecretBox.open(directory, ENVIRON))
    private, mirror = upstreams.list()
    assert (private.priority, private.settings) == (1, PRIVATE)
    assert (mirror.priority, mirror.settings) == (2, MIRROR)
    assert upstreams.seed([(PRIVATE, None), (MIRROR, None)]) == [], "they were seen before"

    pages, missing = PageStore(database), KnownPage(None, None, None, WHEN + 1, WHEN + 1, None, None)
    page = pages.get(mirror.key, DEMO)
    assert page is not None
    assert page.tag is not None
    assert (page.etag, page.last_modified) == ('"an etag"', "Tue, 14 Nov 2023 22:13:20 GMT")
    assert (page.checked_at, page.page_url, page.serial) == (WHEN, f"{MIRROR.url}demo/", "42")
    body_z = pages.body(page.tag)
    assert body_z is not None
    body = zlib.decompress(body_z)
    assert canonical.decode(body) == PAGE
    assert hashlib.sha256(body).hexdigest() == page.tag
    assert pages.get(mirror.key, INTERNAL) == missing
    assert pages.get(private.key, DEMO) is None

    assert ProjectIndex(database).of([DEMO, INTERNAL]) == [
        ProjectTotals(
            project=DEMO, files=1, bytes=len(CONTENT), uses=1, last_used=WHEN + 3, pages=1, checked_at=WHEN
        )
    ]
    assert UseDays(database).everything() == Amount(1, len(CONTENT))
    totals = Inventory(database).totals()
    assert (totals.pages, totals.missing) == (1, 2)

    assert RecordedHashes(database).for_project(mirror.id, DEMO) == {UNHASHED: RECORDED}
    extracted = ExtractedMetadata(database).get(WheelName(mirror.id, DEMO, FILENAME))
    assert extracted in (None, EXTRACTED)  # not in the first versions
    assert damage_since(database, WHEN) in (Damage(), Damage(1, "demo-0.1.tar.gz", "is gone from the disk"))
    verified = JobStore(database, directory, clock=lambda: WHEN).newest("verify")  # not in the first versions
    assert verified is None or (verified.outcome, verified.files, verified.report) == ("done", 1, VERIFIED.report)
    with closing(FileStore(directory, database)) as files:
        found = files.find(DEMO, FILENAME, SHA256)
        assert found is not None
        assert (found.size, found.stored_at, found.upstream) == (len(CONTENT), WHEN, "mirror")
        with found.open() as stream:
            assert stream.read() == CONTENT
