"""A configuration file that starts an equal server: the keys as they hold, the upstreams as the database has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pyproxy.config.model import Config
from pyproxy.config.written import Variable, written_keys, written_upstreams
from pyproxy.settings import FIELDS, UpstreamSettings
from pyproxy.settings.masking import MASK

_SECRETS = tuple(field.name for field in FIELDS if field.secret)


def copied(config: Config, upstreams: Sequence[UpstreamSettings]) -> str:
    """The file's text. ``upstreams`` come in the order in which they are asked, with ``***`` for each secret.

    Each secret is a ``${NAME}`` of its own; the names stand at the top.
    """
    entries: list[Mapping[str, object]] = []
    variables: dict[str, str] = {}
    for upstream in upstreams:
        fields = asdict(upstream)
        for field in _SECRETS:
            if fields[field] == MASK:
                name = _variable(upstream.name, field, variables)
                variables[name] = f"{field} of upstream {upstream.name}"
                fields[field] = Variable(f"${{{name}}}")
        entries.append(fields)
    return "\n".join([*_heading(variables), *written_keys(config), *written_upstreams(entries)]) + "\n"


def _heading(variables: Mapping[str, str]) -> list[str]:
    lines = ["# A copy of a running server's configuration. Accounts, tokens and cached files are not in it."]
    if variables:
        lines.append("# Secrets are taken from these environment variables:")
        lines += [f"#   {name}: {meaning}" for name, meaning in variables.items()]
    return [*lines, ""]


def _variable(upstream: str, field: str, taken: Mapping[str, str]) -> str:
    """A variable's name that no other secret has: names of upstreams may differ in case or in - and _ alone."""
    name = re.sub(r"[^A-Z0-9]", "_", f"UPSTREAM_{upstream}_{field}".upper())
    number = 1
    while (unique := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    return unique
