"""What an administrator should know at the start: settings that are allowed but dangerous."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pyproxy.config.model import Config
from pyproxy.settings import warnings
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore

log = logging.getLogger(__name__)


def warn(config: Config, environ: Mapping[str, str]) -> None:
    """Log the upstreams in order, each with its warnings."""
    database = Database.open(config.storage.directory / DATABASE_NAME)
    try:
        stored = UpstreamStore(database, SecretBox.open(config.storage.directory, environ)).list()
    finally:
        database.close()
    for upstream in stored:
        switched = "" if upstream.settings.active else " (off)"
        log.info(
            "upstream %d: %s%s %s", upstream.priority, upstream.settings.name, switched, upstream.settings.index_url
        )
        for warning in warnings(upstream.settings):
            log.warning("upstream %s: %s", upstream.settings.name, warning)
    if not stored:
        log.warning("there is no upstream: only local and cached packages are served")
