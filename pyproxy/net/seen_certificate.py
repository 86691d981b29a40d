"""Until when the certificate is valid that an upstream showed last: for whoever should see to it in time."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_SECONDS = 3600.0
"""How often a new connection's certificate is looked at; a renewed one is noticed as soon."""


class SeenCertificate:
    """Of one upstream; ``ends`` is in unix seconds, ``None`` while none was seen. ``clock`` never runs backwards."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked_at: float | None = None
        self.ends: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether the next new connection should tell it."""
        return self._looked_at is None or self._clock() - self._looked_at >= LOOK_SECONDS

    def take(self, pem: str) -> None:
        """What a connection told; empty from one that stood already."""
        if not pem:
            return
        self._looked_at = self._clock()
        from cryptography import x509  # late: it takes 11 MB, and not every upstream is asked over https

        try:
            self.ends = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc.timestamp()
        except ValueError:  # OpenSSL takes more than cryptography can read
            self.ends = None
