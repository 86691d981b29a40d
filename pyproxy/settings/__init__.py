"""An upstream's settings: every field, its default, its meaning and its validation, in one place.

The same fields stand in YAML, in SQLite, in the commands, in the admin form and in the JSON API.
Only the standard library is imported here, so that every layer may use the values.

- ``upstream``    the immutable value itself
- ``fields``      the table of all keys: kind, secret or not, meaning
- ``reading``     from YAML mappings or KEY=VALUE text to the value, with messages
- ``cautions``    what deserves a warning, and which changes ask for the secret again
- ``masking``     how settings are shown: without secrets
- ``addresses``, ``kinds``, ``quantities``   the checks of single values
"""

from __future__ import annotations

from pyproxy.settings.cautions import check_secret_is_given, secret_scope_changed, warnings
from pyproxy.settings.fields import FIELDS, Field
from pyproxy.settings.kinds import Text
from pyproxy.settings.masking import masked, masked_url, veiled
from pyproxy.settings.reading import gives_secret, mistakes_in, priority_of, upstream_from_mapping, upstream_from_pairs
from pyproxy.settings.upstream import OnFailure, UpstreamSettings

__all__ = [
    "FIELDS",
    "Field",
    "OnFailure",
    "Text",
    "UpstreamSettings",
    "check_secret_is_given",
    "gives_secret",
    "masked",
    "masked_url",
    "mistakes_in",
    "priority_of",
    "secret_scope_changed",
    "upstream_from_mapping",
    "upstream_from_pairs",
    "veiled",
    "warnings",
]
