"""The tests of this folder can fail: what no page may do is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import running_chromium
from tests.browser.site import Site, Window

MISDEEDS = {
    "console: ": "console.error('oh')",
    "script: ": "setTimeout(() => { throw new Error('oh'); })",
    "asks another server: ": "fetch('http://127.0.0.1:9/').catch(() => {})",
    "404: ": "fetch('/nowhere')",
}


STEPS, STEP_MS = 1200, 25


def noticed(window: Window, script: str, complaint: str) -> bool:
    """Whether there is such a complaint of a page that runs the script; the test itself shall not end with it."""
    window.open("admin/sign-in")
    window.page.evaluate(f"() => {{ {script} }}")
    for _ in range(STEPS):
        if any(complaint in each for each in window.watch.complaints):
            break
        window.page.wait_for_timeout(STEP_MS)
    window.page.context.close()
    found, window.watch.complaints[:] = list(window.watch.complaints), []
    return any(complaint in each for each in found)


def test_a_missing_browser_skips_the_tests_but_not_in_ci(tmp_path: Path) -> None:
    for environ, outcome in (({}, pytest.skip.Exception), ({"CI": "true"}, pytest.fail.Exception)):
        with pytest.raises(outcome, match="apt-get install chromium"), running_chromium(tmp_path / "none", environ):
            pass


@pytest.mark.parametrize("complaint", MISDEEDS)
def test_a_page_that_misbehaves_is_noticed(complaint: str, shared: Site) -> None:
    assert noticed(shared.window("", bypass_csp=True), MISDEEDS[complaint], complaint)


@pytest.mark.parametrize(
    "script",
    [
        "document.body.setAttribute('style', 'color: red')",
        "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
        "document.body.append(Object.assign(document.createElement('img'), {src: 'http://127.0.0.1:9/x.png'}))",
    ],
    ids=["inline style", "inline script", "another server"],
)
def test_what_the_content_security_policy_refuses_is_noticed(script: str, shared: Site) -> None:
    assert noticed(shared.window(""), script, "Content Security Policy")
