"""What a step may say aloud."""

from __future__ import annotations

import base64

import pytest

from pyproxy.admin.upstream_test.discretion import LONGEST_TEXT, Discretion
from pyproxy.admin.upstream_test.steps import Step
from pyproxy.settings import UpstreamSettings

PASSWORD = "pass/wörd+1"
PAIR = base64.b64encode(f"me:{PASSWORD}".encode()).decode()


def discretion(environ: dict[str, str] | None = None, **settings: str) -> Discretion:
    return Discretion(UpstreamSettings(name="acme", url="https://index.example.org/", **settings), environ or {})  # type: ignore[arg-type]


@pytest.mark.parametrize("form", [PASSWORD, "pass%2Fw%C3%B6rd%2B1", "pass/w%C3%B6rd%2B1", PAIR])
def test_a_password_is_taken_out_in_every_form_it_may_come_back_in(form: str) -> None:
    assert discretion(username="me", password=PASSWORD).text(f"a {form} b") == "a *** b"


def test_a_token_is_taken_out() -> None:
    assert discretion(token="t0ken-1").text("Bearer t0ken-1, and t0ken-1") == "Bearer ***, and ***"


def test_the_credentials_of_proxies_are_taken_out() -> None:
    environ = {"HTTPS_PROXY": "user:s%40crEt@proxy.example.org:3128"}
    about = discretion(environ, http_proxy="http://other:h1dden@proxy.example.org")
    assert about.text("user:s@crEt user:s%40crEt s@crEt other:h1dden h1dden") == "*** *** *** *** ***"


def test_found_and_advice_are_both_looked_through() -> None:
    step = Step("TLS", "failed", 0.5, "found t0ken-1", "advice t0ken-1")
    assert discretion(token="t0ken-1").about(step) == Step("TLS", "failed", 0.5, "found ***", "advice ***")


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    assert discretion().text("a\x1b[31mb\n\tc\u202ed") == "a?[31mb c?d"


def test_long_texts_are_cut() -> None:
    assert len(discretion().text("x" * 10_000)) == LONGEST_TEXT
