"""The server in the test's own loop, as in ``tests/http``."""

from __future__ import annotations

from tests.http.conftest import clock, start_proxy, upstream  # noqa: F401
