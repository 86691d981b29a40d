"""pyproxy: one index URL for a team, answered from local files, the cache and upstreams in priority order."""

from __future__ import annotations

__version__ = "0.1.0"
