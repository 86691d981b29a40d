"""What checks credentials, opened for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.admin.accounts.checking import Checking, checking
from tests.http.proxy import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def here(tmp_path: Path, clock: Clock) -> Iterator[Checking]:
    with checking(tmp_path, clock) as opened:
        yield opened
