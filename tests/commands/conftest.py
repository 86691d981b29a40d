"""Commands are run in the tests' own process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def current_loop_stays() -> Iterator[None]:
    """``asyncio.run`` leaves a thread without its current loop: pytest-tornado had made one, and would not close it."""
    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        loop = None
    yield
    asyncio.set_event_loop(loop)
