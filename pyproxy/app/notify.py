"""Telling whoever started the server how far it is: systemd's readiness protocol, ``sd_notify(3)``.

A unit of ``Type=notify`` counts as started when ``READY=1`` arrives, so that what is ordered after it finds a server
that answers. The messages are datagrams of ``KEY=value`` lines to the socket that ``NOTIFY_SOCKET`` names.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import MutableMapping

log = logging.getLogger(__name__)

VARIABLE = "NOTIFY_SOCKET"

SEND_SECONDS = 1.0
"""A service manager that does not read must not hold up the server."""


class ServiceManager:
    """The service manager at the address of its socket; ``None`` where there is none to tell.

    ``status`` is the line that ``systemctl status`` shows while the server serves. Nothing here ever raises: a
    server that serves is worth more than a message that arrives.
    """

    def __init__(self, address: str | None, status: str) -> None:
        self._address = address
        self._status = status

    @classmethod
    def of(cls, environ: MutableMapping[str, str], status: str) -> ServiceManager:
        """The one that the environment names; the variable is taken out, or children would speak for the server."""
        return cls(environ.pop(VARIABLE, None), status)

    def ready(self) -> None:
        """It answers requests from now on, with all its workers; a reload has ended."""
        self._send("READY=1", f"STATUS={self._status}")

    def reloading(self) -> None:
        """Its workers are replaced; it answers requests all the time, and is `ready` when that has ended."""
        # The time is what a unit of Type=notify-reload wants to see.
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}", "STATUS=reloading: the workers are replaced one by one")

    def stopping(self) -> None:
        """It takes no new connections any more; responses under way end."""
        self._send("STOPPING=1", "STATUS=stopping: the responses under way are finished")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # A name that begins with @ is in Linux's abstract namespace, which the kernel marks with a NUL.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(SEND_SECONDS)
                sender.sendto("\n".join(lines).encode(), address)
        except (OSError, ValueError) as error:  # ValueError: a NUL inside the name
            log.warning("the service manager at %s=%s cannot be told %s: %s", VARIABLE, self._address, lines[0], error)
