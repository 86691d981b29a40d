"""The real command, as in ``tests/app``."""

from tests.app.conftest import run_command, upstream

__all__ = ["run_command", "upstream"]
