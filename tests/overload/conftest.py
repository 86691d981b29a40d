"""The fixtures of ``tests/http``: the server in the test's own loop, and scripted upstreams."""

from tests.http.conftest import clock, other, start_proxy, upstream

__all__ = ["clock", "other", "start_proxy", "upstream"]
