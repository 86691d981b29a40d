"""Signing in: how many at once, and that no flood of tries slips past the count."""

from __future__ import annotations

import asyncio
import logging

import pytest

from pyproxy.admin.accounts.sign_in import WAITING_LIMIT
from pyproxy.admin.accounts.throttle import FREE_FAILURES
from pyproxy.errors import PyproxyError, SignInPaused, WrongCredentials
from tests.admin.accounts.checking import ADDRESS, PASSWORD, Checking


async def tried(here: Checking, name: str, password: str) -> str:
    try:
        await here.sign_in.check(name, password, ADDRESS)
    except PyproxyError as error:
        return type(error).__name__
    return "signed in"


async def test_of_tries_that_come_at_once_none_slips_past_the_count(here: Checking) -> None:
    here.add()
    answers = await asyncio.gather(*(tried(here, "ada", f"guess {number}") for number in range(WAITING_LIMIT)))
    assert answers.count("WrongCredentials") == FREE_FAILURES == here.passwords.compared
    assert answers.count("SignInPaused") == WAITING_LIMIT - FREE_FAILURES


async def test_with_too_many_waiting_more_are_told_to_come_again(here: Checking) -> None:
    here.add()
    waiting = [asyncio.create_task(tried(here, f"name-{number}", "x")) for number in range(WAITING_LIMIT)]
    await asyncio.sleep(0)
    with pytest.raises(SignInPaused, match="too many sign-ins at once"):
        await here.sign_in.check("ada", PASSWORD, ADDRESS)
    for task in waiting:
        await task
    # Whoever is let in afterwards is told of the pause of the address, no more of the crowd.
    assert await tried(here, "ada", PASSWORD) in ("signed in", "SignInPaused")


async def test_a_try_that_is_given_up_counts_and_frees_its_place(here: Checking) -> None:
    for number in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await here.sign_in.check("ada", f"guess {number}", ADDRESS)
    with pytest.raises(WrongCredentials):
        await here.sign_in.check("ada", "the last guess", ADDRESS)
    assert here.sign_in._waiting == 0


async def test_names_that_nobody_has_take_as_much_work(here: Checking) -> None:
    here.add()
    for name in ("ada", "nobody", "", "x" * 5000, "\0"):
        assert await tried(here, name, "a wrong one") == "WrongCredentials"
    assert here.passwords.compared == 5
    assert set(here.pauses().values()) == {1, 5}


async def test_blanks_around_a_name_and_its_case_do_not_matter(here: Checking) -> None:
    here.add("Ada")
    assert (await here.sign_in.check("  aDA ", PASSWORD, ADDRESS)).name == "Ada"


async def test_the_log_names_accounts_and_never_what_was_typed(
    here: Checking, caplog: pytest.LogCaptureFixture
) -> None:
    """People type their passwords where the name belongs."""
    here.add()
    with caplog.at_level(logging.WARNING):
        await tried(here, "ada", "s3cret-password")
        await tried(here, "s3cret-password", "")
    assert f"a sign-in as ada from {ADDRESS} failed" in caplog.text
    assert f"a sign-in as somebody unknown from {ADDRESS} failed" in caplog.text
    assert "s3cret" not in caplog.text
