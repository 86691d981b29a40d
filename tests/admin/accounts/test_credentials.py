"""Credentials that come with every request: whose they are, how often that costs anything, and what is remembered."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from pyproxy.admin.accounts.credentials import HEADER_LIMIT, RIGHT_SECONDS, USED_EVERY_SECONDS, WRONG_SECONDS
from pyproxy.admin.accounts.principal import Principal
from pyproxy.admin.accounts.throttle import FREE_FAILURES
from pyproxy.errors import NotSignedIn, PyproxyError, SignInPaused, WrongCredentials
from tests.admin.accounts.checking import ACTOR, ADDRESS, PASSWORD, Checking, basic, checking
from tests.http.proxy import Clock

ADA = Principal(name="ada", role="viewer", kind="account")


async def asked(here: Checking, header: str | None, address: str = ADDRESS) -> Principal | str:
    """Who it is, or the name of the error."""
    try:
        return await here.credentials.principal(header, address)
    except PyproxyError as error:
        return type(error).__name__


async def test_an_account_comes_with_basic(here: Checking) -> None:
    here.add()
    assert await asked(here, basic("ada", PASSWORD)) == ADA
    assert await asked(here, basic(" ADA ", PASSWORD)) == ADA
    assert await asked(here, basic("ada", "a wrong one")) == "WrongCredentials"


async def test_a_token_comes_as_bearer_or_as_the_password_of_any_name(here: Checking) -> None:
    text = here.tokens.make("ci", "read", None, ACTOR).text
    ci = Principal(name="ci", role="read", kind="token")
    for header in (f"Bearer {text}", f"bearer   {text}", basic("__token__", text), basic("", text), basic("ada", text)):
        assert await asked(here, header) == ci
    for header in (f"Bearer {text[:-1]}", f"Bearer {text}x", basic(text, ""), "Bearer pyproxy_", f"Token {text}"):
        assert await asked(here, header) in ("WrongCredentials", "NotSignedIn")
    assert here.passwords.compared <= 1, "tokens are no passwords"


async def test_a_token_ends_with_its_time_and_when_it_is_revoked(here: Checking, clock: Clock) -> None:
    short, long = (here.tokens.make(name, "read", seconds, ACTOR).text for name, seconds in (("a", 60.0), ("b", None)))
    clock.advance(59)
    assert isinstance(await asked(here, f"Bearer {short}"), Principal)
    clock.advance(1)
    assert await asked(here, f"Bearer {short}") == "WrongCredentials"
    clock.advance(10**9)
    assert isinstance(await asked(here, f"Bearer {long}"), Principal)
    here.tokens.revoke("b", ACTOR)
    assert await asked(here, f"Bearer {long}") == "WrongCredentials"


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (None, NotSignedIn),
        ("", NotSignedIn),
        ("   ", NotSignedIn),
        ("Basic", NotSignedIn),
        ("Bearer ", NotSignedIn),
        ("Negotiate abc", NotSignedIn),
        ("Basic " + "A" * HEADER_LIMIT, WrongCredentials),
        ("Basic not!base64", WrongCredentials),
        ("Basic \xe9\xe9\xe9\xe9", WrongCredentials),
        ("Basic YWRh", WrongCredentials),  # no colon
        ("Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(), WrongCredentials),
        ("Bearer \xe9 \0", WrongCredentials),
        (basic("\0", "\0"), WrongCredentials),
        (basic("ada", ""), WrongCredentials),
        ("Basic YTpi,Basic YTpi", WrongCredentials),
    ],
)
async def test_what_is_no_credentials_is_refused_in_words(
    header: str | None, error: type[PyproxyError], here: Checking
) -> None:
    with pytest.raises(error):
        await here.credentials.principal(header, ADDRESS)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_a_password_beyond_ascii_comes_as_browsers_or_as_pip_writes_it(encoding: str, here: Checking) -> None:
    password = "schöne grüße aus köln"
    here.add(password=password)
    assert await asked(here, basic("ada", password, encoding)) == ADA


async def test_a_right_password_is_compared_once_for_a_whole_install(here: Checking, clock: Clock) -> None:
    here.add()
    header = basic("ada", PASSWORD)
    assert set(await asyncio.gather(*(asked(here, header) for _ in range(50)))) == {ADA}
    for _ in range(50):
        clock.advance(RIGHT_SECONDS - 1)
        assert await asked(here, header) == ADA
    assert here.passwords.compared == 1
    clock.advance(RIGHT_SECONDS)
    assert await asked(here, header) == ADA
    assert here.passwords.compared == 2


async def test_a_changed_password_and_a_removed_account_are_noticed_at_once(here: Checking) -> None:
    here.add()
    assert await asked(here, basic("ada", PASSWORD)) == ADA
    here.changes.set_password("ada", here.passwords.hash_now("another password"), ACTOR)
    assert await asked(here, basic("ada", PASSWORD)) == "WrongCredentials"
    assert await asked(here, basic("ada", "another password")) == ADA
    here.changes.remove("ada", ACTOR, keep_an_admin=False)
    assert await asked(here, basic("ada", "another password")) == "WrongCredentials"


async def test_a_password_that_was_wrong_may_become_right(here: Checking) -> None:
    header = basic("ada", PASSWORD)
    assert await asked(here, header) == "WrongCredentials"
    here.add()
    assert await asked(here, header) == ADA


async def test_a_job_with_an_old_password_locks_nobody_out(here: Checking, clock: Clock) -> None:
    """Over many connections at once, for days."""
    here.add()
    old = basic("ada", "the old password")
    for _ in range(5):
        answers = await asyncio.gather(*(asked(here, old) for _ in range(50)))
        assert set(answers) == {"WrongCredentials"}
        clock.advance(WRONG_SECONDS + 1)
    assert max(here.pauses().values()) == 1
    assert await asked(here, basic("ada", PASSWORD)) == ADA


async def test_nor_does_it_with_many_processes_each_with_a_memory_of_its_own(tmp_path: Path, clock: Clock) -> None:
    old = basic("ada", "the old password")
    for number in range(FREE_FAILURES + 2):
        with checking(tmp_path, clock) as process:
            if number == 0:
                process.add()
            assert await asked(process, old) == "WrongCredentials"
            assert set(process.pauses().values()) == {1}


async def test_many_wrong_passwords_are_paused_and_the_right_one_goes_on_where_it_is_known(here: Checking) -> None:
    """So nobody's guesses stop a build that is under way."""
    here.add()
    assert await asked(here, basic("ada", PASSWORD)) == ADA
    answers = [await asked(here, basic("ada", f"guess {number}"), f"198.51.100.{number}") for number in range(20)]
    assert answers.count("SignInPaused") >= 20 - FREE_FAILURES - 3  # of 256 guesses one is taken for the one before
    assert await asked(here, basic("ada", PASSWORD)) == ADA
    assert await asked(here, basic("ada", "a wrong one"), "198.51.100.99") == "SignInPaused"
    assert await asked(here, basic("ada", "a wrong one")) == "WrongCredentials"


async def test_a_pause_is_not_remembered_as_a_wrong_password(here: Checking, clock: Clock) -> None:
    here.add()
    while await asked(here, basic("ada", f"guess {here.passwords.compared}")) != "SignInPaused":
        pass
    with pytest.raises(SignInPaused) as paused:
        await here.credentials.principal(basic("ada", PASSWORD), ADDRESS)
    clock.advance(paused.value.seconds)
    assert await asked(here, basic("ada", PASSWORD)) == ADA


async def test_tokens_are_never_paused(here: Checking) -> None:
    text = here.tokens.make("ci", "read", None, ACTOR).text
    for number in range(30):
        await asked(here, f"Bearer pyproxy_guess{number}")
        await asked(here, basic("ada", f"guess {number}"))
    assert isinstance(await asked(here, f"Bearer {text}"), Principal)


async def test_the_last_use_of_a_token_is_written_now_and_then(here: Checking, clock: Clock) -> None:
    text = here.tokens.make("ci", "read", None, ACTOR).text
    began = clock.now
    for _ in range(10):
        await asked(here, f"Bearer {text}")
        clock.advance(USED_EVERY_SECONDS / 4)
    here.database.write_now(lambda _: None)  # the writer has come to the end of its queue
    (token,) = here.token_store.list()
    assert token.used_at == began + 2 * USED_EVERY_SECONDS
