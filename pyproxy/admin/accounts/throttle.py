"""A growing pause after failed sign-ins, for the account and for the address: guessing takes for ever.

Names that no account has are counted like others, or the pause would tell which there are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from pyproxy.errors import SignInPaused
from pyproxy.storage.sign_in_failures import SignInFailures

FREE_FAILURES = 10
"""In a row, without a pause."""

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 900.0
"""Short enough that nobody is locked out for good by somebody else's guesses."""

FORGOTTEN_AFTER_SECONDS = 86400.0


class Throttle:
    """Counts failures; ``clock`` gives unix seconds. Synchronous: for the administration's thread."""

    def __init__(self, failures: SignInFailures, clock: Callable[[], float]) -> None:
        self._failures = failures
        self._clock = clock

    def admit(self, name: str, address: str) -> None:
        """Raise `SignInPaused` while the name or the address has to wait."""
        now = self._clock()
        until = self._failures.paused_until(_keys(name, address), now)
        if until > now:
            raise SignInPaused(until - now)

    def failed(self, name: str, address: str) -> None:
        """A sign-in failed."""
        now = self._clock()
        self._failures.count(
            _keys(name, address), now, forget_before=now - FORGOTTEN_AFTER_SECONDS, pause=pause_seconds
        )

    def succeeded(self, name: str) -> None:
        """A sign-in went well. The address stays counted: somebody with an account may guess at others."""
        self._failures.forget(_keys(name, "")[0])


def pause_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row.

    >>> [pause_seconds(failures) for failures in (9, 10, 11, 12, 40)]
    [0.0, 2.0, 4.0, 8.0, 900.0]
    """
    if failures < FREE_FAILURES:
        return 0.0
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - FREE_FAILURES, 30), LONGEST_PAUSE_SECONDS)


def _keys(name: str, address: str) -> tuple[str, str]:
    return f"account {name.lower()[:64]}", f"address {_place(address)}"


def _place(address: str) -> str:
    """An IPv6 client has a whole /64 to itself, so that counts as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
