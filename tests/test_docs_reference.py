"""The tables in ``docs`` are whole and true: keys and their defaults, fields, metrics, alerts, messages."""

from __future__ import annotations

import ast
import re
from dataclasses import MISSING, fields
from functools import cache

import pytest
import yaml
from prometheus_client import CollectorRegistry

from pyproxy.config.environment import PREFIX
from pyproxy.config.keys import KEYS, flatten
from pyproxy.monitoring.meters import Meters
from pyproxy.monitoring.state import State, StateCollector
from pyproxy.repositories.failure_kinds import KINDS
from pyproxy.settings.fields import FIELDS
from pyproxy.settings.upstream import UpstreamSettings
from tests.documents import ROOT, document, documents

CONFIGURATION = document("docs/configuration.md")
OPERATIONS = document("docs/operations.md")
TROUBLESHOOTING = document("docs/troubleshooting.md")
SAMPLE = (ROOT / "pyproxy.yaml").read_text(encoding="utf-8")

NOT_GIVEN = "–"
WITHOUT_DEFAULT = {"name": "required", "url": "required", "priority": "last"}


def cell(value: object) -> str:
    """A default as the tables write it."""
    if value is None:
        return NOT_GIVEN
    if isinstance(value, (list, tuple)):
        return "`[]`" if not value else str(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_each_key_has_a_row_with_its_default() -> None:
    rows = {row[0]: row[2] for row in CONFIGURATION.rows("key") if len(row) == 4}
    expected = {f"`{key}`": cell(KEYS[key].show(value)) for key, value in flatten()}
    assert rows == {**expected, "`upstreams`": "PyPI"}


def test_each_key_has_its_environment_variable() -> None:
    rows = {row[0]: row[1] for row in CONFIGURATION.rows("key") if len(row) == 2}
    assert rows == {f"`{key}`": f"`{PREFIX}{key.upper().replace('.', '__')}`" for key in (*KEYS, "upstreams")}


def test_each_field_of_an_upstream_has_a_row_with_its_default() -> None:
    rows = {row[0]: row[2] for row in CONFIGURATION.rows("field")}
    defaults = {field.name: field.default for field in fields(UpstreamSettings) if field.default is not MISSING}
    assert rows == {
        f"`{field.name}`": WITHOUT_DEFAULT.get(field.name) or cell(defaults[field.name]) for field in FIELDS
    }


@pytest.mark.parametrize("name", [*(key.rpartition(".")[2] for key in KEYS), *(field.name for field in FIELDS)])
def test_the_sample_shows_each_key_and_field(name: str) -> None:
    assert re.search(rf"^\s*(- )?{name}:", SAMPLE, re.MULTILINE)


def test_no_page_names_a_key_that_does_not_exist() -> None:
    sections = {key.partition(".")[0] for key in KEYS if "." in key}
    for page in documents():
        for named in re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_.]+)`", page.text):
            assert any(f"{key}.".startswith(f"{named}.") for key in KEYS), f"{page.path}: {named}"


def metrics() -> set[str]:
    """The names of our metrics as Prometheus sees them, histograms without their suffixes."""
    registry = CollectorRegistry()
    Meters(registry)
    state = State(
        version="", active={"a": True}, cached_bytes=0, cached_files=0, known_pages=0, max_bytes=0, free_bytes=0,
        min_free_bytes=0,
    )  # fmt: skip
    registry.register(StateCollector(state))
    suffixes = {"counter": "_total", "info": "_info"}
    return {metric.name + suffixes.get(metric.type, "") for metric in registry.collect()}


def test_the_metrics_are_all_told_of_and_no_others() -> None:
    named = set(re.findall(r"`(pyproxy_\w+)`", "".join(" ".join(row) for row in OPERATIONS.rows("metric"))))
    assert named == metrics()
    for page in documents():
        assert set(re.findall(r"\bpyproxy_[a-z_]+\b", page.text)) <= metrics(), page.path


def test_each_kind_of_failure_is_told_of() -> None:
    for word in (*(word for _, word in KINDS), "credentials refused", "rate limit", "other"):
        assert f"`{word}`" in OPERATIONS.section("Monitoring")


def test_each_alert_is_told_of_with_what_to_do() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert {row[0].strip("`") for row in OPERATIONS.rows("alert")} == alerts


@cache
def said_by_the_program() -> str:
    """Every text of the source but docstrings, a line for each; what is put in at run time reads as ``\\0``."""
    texts = []
    for path in sorted((ROOT / "pyproxy").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                texts.append("".join(str(part) for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                texts.append(node.value)
    return "\n".join(texts).replace("%s", "\0")


MESSAGES = [row[0] for row in TROUBLESHOOTING.rows("message")]


@pytest.mark.parametrize("message", MESSAGES)
def test_each_message_is_one_that_the_program_says(message: str) -> None:
    said = said_by_the_program()
    # The words of an HTTP status are the standard library's.
    pieces = [piece.strip(" :.()") for piece in re.split(r"…|(?<=answered) \d+ [A-Z][A-Za-z ]+", message)]
    assert max(len(piece) for piece in pieces) >= 8
    for piece in pieces:
        assert piece in said, piece
