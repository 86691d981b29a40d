"""What was seen not long ago, without keeping it: under a key of this process alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable

LIMIT = 5000
"""Things that are remembered; the least recently seen go first. Some 200 bytes each."""


class Recollection:
    """Remembers combinations of texts for ``seconds`` after they were last seen; ``steady`` is a monotonic clock."""

    def __init__(self, steady: Callable[[], float], seconds: float, limit: int = LIMIT) -> None:
        self._steady = steady
        self._seconds = seconds
        self._limit = limit
        self._key = secrets.token_bytes(32)
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def has(self, *texts: str) -> bool:
        """Whether these were seen; then they are remembered for longer."""
        mark = self._mark(texts)
        until = self._until.get(mark)
        if until is None:
            return False
        if until <= self._steady():
            del self._until[mark]
            return False
        self._see(mark)
        return True

    def add(self, *texts: str) -> None:
        """These were seen."""
        self._see(self._mark(texts))
        while len(self._until) > self._limit:
            self._until.popitem(last=False)

    def _see(self, mark: bytes) -> None:
        self._until[mark] = self._steady() + self._seconds
        self._until.move_to_end(mark)

    def _mark(self, texts: tuple[str, ...]) -> bytes:
        # With their lengths, or ("ab", "c") would be ("a", "bc").
        parts = (text.encode("utf-8", "surrogatepass") for text in texts)
        return hmac.digest(self._key, b"".join(b"%d:%s" % (len(part), part) for part in parts), hashlib.sha256)
