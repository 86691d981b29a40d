"""Small programs that use a client library as its documentation says, each run with the library's own Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import venvs
from ..runner import run_alone


def results(venv: venvs.Venv, home: Path, code: str, *arguments: str, environ: Mapping[str, str]) -> Any:
    """What ``code`` printed as JSON; its arguments are in ``sys.argv[1:]``. Any warning in it is an error."""
    # -I: the checkout, in whose folder tests run, is none of its modules.
    command = (str(venv.python), "-I", "-W", "error", "-c", code, *arguments)
    return json.loads(run_alone(command, home, environ).succeeded().out)
