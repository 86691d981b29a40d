"""``pyproxy.yaml`` at the top of the project: every key, at its default, with a comment."""

from __future__ import annotations

import re
from pathlib import Path

from pyproxy.config import Config, load
from pyproxy.config.keys import KEYS, flatten
from pyproxy.settings import FIELDS

EXAMPLE = Path(__file__).parents[2] / "pyproxy.yaml"


def test_the_example_is_the_default_configuration() -> None:
    assert load(EXAMPLE, {}, {}).config == Config()


def test_the_table_of_keys_names_every_key_of_the_model() -> None:
    assert [key for key, _ in flatten(Config())] == list(KEYS)


def test_the_example_holds_every_key_of_the_model() -> None:
    sources = load(EXAMPLE, {}, {}).sources
    assert {key for key in sources if not key.startswith("upstreams.")} == {key for key, _ in flatten(Config())}


def test_the_example_holds_every_field_of_an_upstream() -> None:
    entry = EXAMPLE.read_text(encoding="utf-8").partition("\nupstreams:\n")[2]
    assert re.findall(r"^(?:  - |    )(\w+): ", entry, re.MULTILINE) == [field.name for field in FIELDS]


def test_every_key_of_the_example_has_a_comment() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    valued = [line for line in lines if re.match(r"\s*(?:- )?\w+: *[^\s#]", line)]
    uncommented = [line.split(":")[0].strip() for line in valued if "  # " not in line and " # " not in line]
    assert uncommented == ["certificate", "key"]  # explained by the line of their section
