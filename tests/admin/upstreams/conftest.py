"""The component as the server has it: a database, its audit log, a folder of certificates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.certificates import CertificateFolder
from pyproxy.storage.database import Database
from pyproxy.storage.directory import CERTIFICATES_NAME, DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / DATABASE_NAME)
    yield database
    database.close()


@pytest.fixture
def store(database: Database, tmp_path: Path) -> UpstreamStore:
    """What is stored, secrets and all."""
    return UpstreamStore(database, SecretBox.open(tmp_path, {}))


@pytest.fixture
def audit(database: Database) -> AuditLog:
    return AuditLog(database, lambda: 1_800_000_000.0)


@pytest.fixture
def folder(tmp_path: Path) -> CertificateFolder:
    return CertificateFolder(tmp_path / CERTIFICATES_NAME)


@pytest.fixture
def upstreams(store: UpstreamStore, audit: AuditLog, folder: CertificateFolder) -> Upstreams:
    return Upstreams(store, audit, folder)
