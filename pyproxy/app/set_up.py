"""The first account: while there is none, the start prints the link by which it is made."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from pyproxy.config.model import Config
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.set_up_link import SetUpLink

log = logging.getLogger(__name__)


def offer_set_up(config: Config, environ: Mapping[str, str], addresses: Sequence[str]) -> None:
    """Print the link; nothing once there is an account. ``addresses`` are those of the server, with a final slash.

    On a connection of its own, closed again: none may be carried over the fork of the workers.
    """
    database = Database.open(config.storage.directory / DATABASE_NAME)
    try:
        token = SetUpLink(database, SecretBox.open(config.storage.directory, environ)).offer()
    finally:
        database.close()
    if token is not None:
        address = config.server.public_url or addresses[0]
        # As a warning, so that logging.level: warning does not hide it.
        log.warning(
            "no account yet: make the first one at %s/admin/set-up?token=%s (the link is good until it was used)",
            address.rstrip("/"),
            token,
        )
