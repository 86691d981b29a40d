"""The storage's own fixtures: an open database, an upstream in it, a clock that only tests move."""

from __future__ import annotations

from tests.storage.conftest import clock, database, open_store, projects, upstream, upstreams

__all__ = ["clock", "database", "open_store", "projects", "upstream", "upstreams"]
