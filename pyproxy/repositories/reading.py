"""What the database knows, as far as it can be read.

A database that is damaged, or on a disk that fails, is no reason to answer nobody: what it does not tell counts as not
known, so the upstreams are asked. Only what decides whether bytes are right must not be passed over so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pyproxy.errors import StorageDamaged, StorageError

log = logging.getLogger(__name__)

T = TypeVar("T")


def readable(look: Callable[[], T]) -> T | None:
    """What is found; ``None`` where it cannot be read."""
    try:
        return look()
    except StorageDamaged:
        return None  # told by the database, once
    except StorageError as error:
        log.warning("what is known cannot be read, and counts as not known: %s", error)
        return None
