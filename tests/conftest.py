"""What every test may use. Coroutine tests run on a loop of their own, through pytest-tornado's ``gen_test``."""

from __future__ import annotations

import inspect
import os

import pytest

ASYNC_TEST_LIMIT_SECONDS = 240
"""Ends a test that hangs; never a measurement, and longer than any wait within a test (``tests/waiting.py``)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        function = getattr(item, "function", None)
        if inspect.iscoroutinefunction(function) and item.get_closest_marker("gen_test") is None:
            item.add_marker(pytest.mark.gen_test(timeout=ASYNC_TEST_LIMIT_SECONDS))
            if "io_loop" not in item.fixturenames:  # type: ignore[attr-defined]
                item.fixturenames.append("io_loop")  # type: ignore[attr-defined]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For the whole suite one process more than there are cores, since clients mostly wait; chosen tests need none."""
    whole = config.args == config.getini("testpaths")
    return (os.cpu_count() or 1) + 1 if whole else 0
