"""The README tells the truth: its commands are those of CI, and no key of the configuration is left out."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from pyproxy.config.model import Config
from pyproxy.settings.fields import FIELDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
SAMPLE = (ROOT / "pyproxy.yaml").read_text(encoding="utf-8")

FIRST_SCREEN_LINES = 40


def configuration_keys(settings: Any, prefix: str = "") -> Iterator[str]:
    """The dotted keys of the configuration model, leaves only."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            yield from configuration_keys(value, f"{prefix}{field.name}.")
        elif field.name != "priorities":  # a key of the upstreams, kept beside them in the model
            yield f"{prefix}{field.name}"


@pytest.mark.parametrize("key", list(configuration_keys(Config())))
def test_each_key_of_the_configuration_is_explained(key: str) -> None:
    assert f"`{key}`" in README
    assert re.search(rf"^\s*{key.rpartition('.')[2]}:", SAMPLE, re.MULTILINE)


@pytest.mark.parametrize("field", [field.name for field in FIELDS])
def test_each_field_of_an_upstream_is_explained(field: str) -> None:
    assert f"`{field}`" in README.partition("## Upstreams")[2]
    assert re.search(rf"^\s*(- )?{field}:", SAMPLE, re.MULTILINE)


def test_the_readme_names_no_key_that_does_not_exist() -> None:
    keys = [key for key in configuration_keys(Config()) if "." in key]
    sections = {key.partition(".")[0] for key in keys}
    for named in set(re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_.]+)`", README)):
        assert any(f"{key}.".startswith(f"{named}.") for key in keys), named


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
