"""The README tells the truth: its commands are those of CI, and no dependency is left out."""

from __future__ import annotations

import re
import shlex
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

FIRST_SCREEN_LINES = 40


def test_the_two_commands_stand_on_the_first_screen_and_are_those_that_ci_runs() -> None:
    first_screen = README.splitlines()[:FIRST_SCREEN_LINES]
    commands = [line for line in first_screen if line.startswith("python3 -m venv")]
    variables = dict(re.findall(r"^(set_up_and_\w+)=(.*)$", CI, re.MULTILINE))
    in_ci = [shlex.split(variables[name])[0] for name in ("set_up_and_run", "set_up_and_test")]
    assert commands == in_ci


def test_each_dependency_has_its_line() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    required = setup["options"]["install_requires"].split("\n") + setup["options.extras_require"]["test"].split("\n")
    names = {re.split(r"[<>=!~\[ ]", line)[0] for line in required if line.strip()}
    section = README.partition("## Dependencies")[2].partition("\n## ")[0]
    assert not {name for name in names if name not in section and not name.startswith("types-")}
