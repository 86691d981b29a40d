"""The dashboard and the alert rules ask for metrics that there are, in a language that Prometheus reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry

from pyproxy.monitoring.meters import Meters
from pyproxy.monitoring.state import State, StateCollector

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"

VARIABLES = {"$__rate_interval": "5m", "$__range": "6h"}
"""What Grafana puts in."""


def dashboard() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DEPLOY / "grafana" / "pyproxy.json").read_text(encoding="utf-8"))
    return document


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for variable, value in VARIABLES.items():
                expression = expression.replace(variable, value)
            yield expression
    yield from (rule["expr"] for rule in rules())


def names_there_are() -> set[str]:
    """Every name under which a series can be selected."""
    registry = CollectorRegistry()
    Meters(registry)
    state = State(
        version="1", active={"a": True}, cached_bytes=1, cached_files=1, known_pages=1, max_bytes=1, free_bytes=1,
        min_free_bytes=1,
    )  # fmt: skip
    names = set()
    for metric in (*registry.collect(), *StateCollector(state).collect()):
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",)}
        names |= {metric.name + suffix for suffix in suffixes.get(metric.type, ("",))}
    return names


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_is_right_and_asks_for_metrics_that_there_are(expression: str) -> None:
    promql_parser.parse(expression)
    asked = set(re.findall(r"\bpyproxy_\w+", expression))
    assert asked <= names_there_are()


def test_every_panel_says_what_it_shows_and_has_an_id_of_its_own() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] for panel in panels)


def test_every_alert_says_what_is_wrong_and_where_to_look() -> None:
    assert rules()
    for rule in rules():
        assert all(rule["annotations"].get(key) for key in ("summary", "description")), rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")
