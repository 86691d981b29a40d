"""Overrides by environment variables: ``PYPROXY_SERVER__PORT=9000`` is ``server.port``.

``PYPROXY_UPSTREAMS`` holds the list of upstreams as YAML. A variable with a double underscore that names no key is
a mistake. Others that begin with ``PYPROXY_`` are left alone: orchestrators set such variables for every service
of that name (``PYPROXY_PORT=tcp://…``), unless one is a key with a single underscore, which is a slip.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyproxy.config.document import Document, read_upstreams
from pyproxy.config.given import Given
from pyproxy.config.keys import KEYS, meant_key
from pyproxy.errors import ConfigurationError
from pyproxy.settings.kinds import Text

PREFIX = "PYPROXY_"
UPSTREAMS_VARIABLE = "PYPROXY_UPSTREAMS"
NO_OVERRIDES = frozenset({"PYPROXY_CONFIG", "PYPROXY_SECRET_KEY", UPSTREAMS_VARIABLE})

_VARIABLES = {PREFIX + key.upper().replace(".", "__"): key for key in KEYS}
_SLIPS = {variable.replace("__", "_"): variable for variable in _VARIABLES if "__" in variable}
_SERVICE_VALUES = ("tcp://", "udp://", "sctp://")


def read_environment(environ: Mapping[str, str]) -> Document:
    """What the environment gives, in the order of the variables' names."""
    text = environ.get(UPSTREAMS_VARIABLE, "")
    found = read_upstreams(text, f"environment variable {UPSTREAMS_VARIABLE}", environ)
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in NO_OVERRIDES:
            continue
        where = f"environment variable {variable}"
        if variable in _VARIABLES:
            found.given.append(Given(_VARIABLES[variable], Text(environ[variable]), where))
        elif "__" in variable:
            problem, suggestion = "names no setting of pyproxy", _suggestion(variable)
            found.mistakes.append(ConfigurationError(problem, where=where, suggestion=suggestion))
        elif variable in _SLIPS and not environ[variable].startswith(_SERVICE_VALUES):
            suggestion = f"did you mean {_SLIPS[variable]}?"
            found.mistakes.append(ConfigurationError("is no override", where=where, suggestion=suggestion))
    return found


def _suggestion(variable: str) -> str:
    key = variable.removeprefix(PREFIX).lower().replace("__", ".")
    if key.startswith("upstreams."):
        return f"set {UPSTREAMS_VARIABLE} to a YAML list, or use ${{NAME}} in the file"
    meant = meant_key(key) or key.replace(".", "_")
    by_key = {known: name for name, known in _VARIABLES.items()}
    name = by_key.get(meant) or _SLIPS.get(variable.replace("__", "_"))
    if name:
        return f"did you mean {name}?"
    return "unset it, or write it like PYPROXY_SERVER__PORT"
