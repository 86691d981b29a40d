"""axe-core, which finds what keeps people out of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe()


def found_by_axe(page: Page, *rules: str) -> list[str]:
    """What it calls serious or critical; all its rules, or these. It never ends in a window without JavaScript."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **only})["violations"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
