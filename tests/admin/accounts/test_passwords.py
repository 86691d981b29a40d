"""What a password may be, and how it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from pyproxy.admin.accounts.names import check_name
from pyproxy.admin.accounts.passwords import LONGEST_BYTES, Passwords, check_password
from pyproxy.admin.desk import Desk
from pyproxy.errors import ConfigurationError


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    with closing(Desk("test")) as desk:
        yield Passwords(desk)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", "is too short"),
        ("nine char", "is too short"),
        ("x" * (LONGEST_BYTES + 1), "is too long"),
        ("\N{SNOWMAN}" * 400, "is too long"),
        ("aaaaaaaaaaaaaaaa", "is too simple"),
        ("abcabcabcabc", "is too simple"),
        ("administrator1", "is little more than the name"),
        ("pyproxy_is my favourite", "begins as tokens do"),
    ],
)
def test_a_password_that_helps_nobody_is_refused(password: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as refused:
        check_password(password, "administrator")
    assert refused.value.key == "password"
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    "password", ["ten chars.", "four words of it", "\N{SNOWMAN}" * 7 + "abc", "  leading blanks  "]
)
def test_length_alone_makes_a_password_good(password: str) -> None:
    assert check_password(password, "ada") == password


@pytest.mark.parametrize("name", ["ada", "a", "ci-deploy", "ada@example.org", "a" * 64, " ada "])
def test_names_that_people_have_are_taken(name: str) -> None:
    assert check_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", "  ", "a:b", "a b", "-a", "../a", "a" * 65, "ädä", "a\n", "a/b", "a%2e"])
def test_other_names_are_refused(name: str) -> None:
    if name == "a\n":
        assert check_name(name) == "a"
        return
    with pytest.raises(ConfigurationError):
        check_name(name)


async def test_a_password_fits_its_own_hash_only(passwords: Passwords) -> None:
    first, second = await passwords.hash("a long password"), await passwords.hash("a long password")
    assert first.startswith("$argon2id$")
    assert first != second
    assert passwords.fits_now("a long password", first)
    assert not passwords.fits_now("a long passwor", first)


def test_without_an_account_or_with_a_damaged_hash_nothing_fits(passwords: Passwords) -> None:
    for password_hash in (None, "", "nonsense", "$argon2id$v=19$m=65536,t=3,p=4$AAAA$BBBB"):
        assert not passwords.fits_now("a long password", password_hash)
    assert passwords._nobodys is not None
    assert not passwords.fits_now("a long password", passwords._nobodys)


def test_the_same_letter_written_in_two_ways_is_the_same_password(passwords: Passwords) -> None:
    password_hash = passwords.hash_now("pa\N{LATIN SMALL LETTER A WITH DIAERESIS}sswort")
    assert passwords.fits_now("paa\N{COMBINING DIAERESIS}sswort", password_hash)


def test_what_is_no_text_is_hashed_all_the_same(passwords: Passwords) -> None:
    assert not passwords.fits_now("a lone \ud800 surrogate", passwords.hash_now("something else"))
