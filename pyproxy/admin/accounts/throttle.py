"""A growing pause after failed sign-ins, for the account and for the address: guessing takes for ever.

Names that no account has are counted like others, or the pause would tell which there are. A program that tries the
same password once more does not guess, and is not counted: a job with an old password locks nobody out. Nor does
somebody who guesses without end: where an account was signed in from lately, only the failures from there count for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from pyproxy.errors import SignInPaused
from pyproxy.storage.sign_in_failures import SignInFailures, account_key
from pyproxy.storage.sign_in_places import SignInPlaces

FREE_FAILURES = 10
"""In a row, without a pause."""

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 900.0
"""Short enough that nobody is locked out for good by somebody else's guesses."""

FORGIVEN_EVERY_SECONDS = 360.0
"""One failure is forgotten in so long: a whole office behind one address mistypes now and then, all day."""

FORGOTTEN_AFTER_SECONDS = 86400.0

LIMIT = (
    f"After {FREE_FAILURES} failures in a row each one makes the pause longer, up to {LONGEST_PAUSE_SECONDS / 60:g} "
    "minutes: fixed limits."
)


class Throttle:
    """Counts failures; ``clock`` gives unix seconds. Synchronous: for the thread that owns the stores."""

    def __init__(self, failures: SignInFailures, places: SignInPlaces, clock: Callable[[], float]) -> None:
        self._failures = failures
        self._places = places
        self._clock = clock

    def admit(self, name: str, address: str) -> None:
        """Raise `SignInPaused` while the name or the address has to wait."""
        now = self._clock()
        # A pause that ends later than any pause can was written before the clock was set back.
        until = min(self._failures.paused_until(self._keys(name, address, now), now), now + LONGEST_PAUSE_SECONDS)
        if until > now:
            raise SignInPaused(until - now, limit=LIMIT)

    def failed(self, name: str, address: str, password: str, *, again_counts: bool) -> None:
        """A sign-in failed; ``again_counts``: also where the one before was the same."""
        now = self._clock()
        self._failures.count(
            self._keys(name, address, now),
            now,
            tried=f"{name.lower()}\0{password}".encode("utf-8", "surrogatepass"),
            again_counts=again_counts,
            forget_before=now - FORGOTTEN_AFTER_SECONDS,
            left=failures_left,
            pause=pause_seconds,
        )

    def succeeded(self, name: str, address: str) -> None:
        """A sign-in went well. The address stays counted: somebody with an account may guess at others."""
        now = self._clock()
        self._failures.forget(self._keys(name, address, now)[0])
        self._places.remember(account_key(name), _place(address), now)

    def _keys(self, name: str, address: str, now: float) -> tuple[str, str]:
        """What a try is counted for: the account (from a place that it knows: the account there), and the address."""
        account, place = account_key(name), _place(address)
        known = self._places.knows(account, place, now)
        return f"{account} at {place}" if known else account, f"address {place}"


def failures_left(failures: int, seconds: float) -> int:
    """How many of the failures still count so long after the last one.

    >>> [failures_left(12, seconds) for seconds in (0, 360, 3600, 86400)]
    [12, 11, 2, 0]
    """
    return max(0, failures - int(max(seconds, 0.0) / FORGIVEN_EVERY_SECONDS))


def pause_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row.

    >>> [pause_seconds(failures) for failures in (9, 10, 11, 12, 40)]
    [0.0, 2.0, 4.0, 8.0, 900.0]
    """
    if failures < FREE_FAILURES:
        return 0.0
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - FREE_FAILURES, 30), LONGEST_PAUSE_SECONDS)


def _place(address: str) -> str:
    """An IPv6 client has a whole /64 to itself, so that counts as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
