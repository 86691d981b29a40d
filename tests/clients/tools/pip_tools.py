"""pip-tools: pip-compile and pip-sync."""

from __future__ import annotations

from .. import venvs
from ..runner import Run
from .tool import Tool


class PipTools(Tool):
    """pip-compile, with requirements in ``requirements.in``."""

    requirements = venvs.PIP_TOOLS
    program = "pip-compile"
    tracked = ("requirements.in", "requirements.txt")

    def compile(self, index_url: str, *wanted: str) -> Run:
        """``pip-compile --generate-hashes``; the result is ``requirements.txt``."""
        self.write("requirements.in", "".join(f"{line}\n" for line in wanted))
        arguments = ("--index-url", index_url, "--trusted-host", "127.0.0.1", "--strip-extras", "--no-header")
        return self.run("--generate-hashes", *arguments, "--cache-dir", str(self.home / "pip-tools"))
