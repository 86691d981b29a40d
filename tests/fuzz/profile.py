"""How many examples are generated: few and always the same ones, unless somebody searches.

``PYPROXY_FUZZ=20`` generates twenty times as many, and others in each run.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_TIMES = int(os.environ.get("PYPROXY_FUZZ", "0"))

settings.register_profile(
    "fuzz",
    derandomize=not _TIMES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def examples(count: int) -> settings:
    """A decorator for tests with ``@given``."""
    return settings(settings.get_profile("fuzz"), max_examples=count * (_TIMES or 1))
