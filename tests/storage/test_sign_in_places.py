"""From where people have signed in: remembered for a while, and not without end."""

from __future__ import annotations

from pyproxy.storage.database import Database
from pyproxy.storage.sign_in_places import PLACES_LIMIT, REMEMBERED_SECONDS, SignInPlaces


def test_a_place_is_known_for_its_account_and_for_a_while(database: Database) -> None:
    places = SignInPlaces(database)
    places.remember("ada", "here", 100.0)
    assert places.knows("ada", "here", 100.0 + REMEMBERED_SECONDS - 1)
    assert not places.knows("ada", "here", 100.0 + REMEMBERED_SECONDS)
    assert not places.knows("ada", "there", 100.0)
    assert not places.knows("grace", "here", 100.0)


def test_of_many_places_the_latest_are_kept(database: Database) -> None:
    places = SignInPlaces(database)
    places.remember("grace", "here", 0.0)
    for number in range(PLACES_LIMIT + 1):
        places.remember("ada", str(number), float(number))
    assert [places.knows("ada", str(number), 50.0) for number in (0, 1, PLACES_LIMIT)] == [False, True, True]
    assert places.knows("grace", "here", 50.0)


def test_what_is_forgotten_leaves_the_disk(database: Database) -> None:
    places = SignInPlaces(database)
    places.remember("ada", "here", 0.0)
    places.remember("grace", "there", REMEMBERED_SECONDS + 1)
    assert [row["account"] for row in database.all("SELECT account FROM sign_in_places", {})] == ["grace"]
