"""The scripted upstream on a loop of its own, for tests whose clients are other processes.

``UpstreamServer`` belongs to one asyncio loop; here that loop runs in a thread, and every touch of the server is
carried over to it, so that a test stays plain synchronous code.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.distributions import make_wheel
from tests.upstream_server import Recorded, UpstreamServer

from .sdists import make_self_building_sdist

T = TypeVar("T")

CALL_LIMIT_SECONDS = 120
LONG_AGO = "2020-01-01T00:00:00.000000Z"


class UpstreamThread:
    """One upstream; a context manager. ``server`` is for reading only, changes go through ``apply``."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted upstream", daemon=True)
        self.server: UpstreamServer

    def __enter__(self) -> Self:
        self._thread.start()
        self.server = self._run(UpstreamServer.start(self._tls))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_LIMIT_SECONDS)
        self._loop.close()

    @property
    def url(self) -> str:
        """Its base URL, as an upstream's ``url`` in the configuration."""
        return self.server.url

    @property
    def requests(self) -> Sequence[Recorded]:
        """What it was asked so far."""
        return self.apply(lambda server: list(server.requests))

    def count(self, path_prefix: str, method: str | None = None) -> int:
        """How many requests came for paths that begin so."""
        return self.apply(lambda server: server.count(path_prefix, method))

    def apply(self, change: Callable[[UpstreamServer], T]) -> T:
        """Run ``change(server)`` on the server's own loop; its result."""

        async def carried() -> T:
            return change(self.server)

        return self._run(carried())

    def switch(self, **switches: object) -> None:
        """Set the server's switches: ``switch(html_only=True)``, ``switch(username=…, password=…)``."""

        def change(server: UpstreamServer) -> None:
            for name, value in switches.items():
                assert hasattr(server, name), f"the scripted upstream has no switch {name}"
                setattr(server, name, value)

        self.apply(change)

    def stop(self) -> None:
        """Nobody listens on its port any more; open connections end."""
        self._run(self.server.stop())

    def restart(self) -> None:
        """Listen again, on the same port."""
        self._run(self.server.restart())

    def publish_wheel(self, name: str, version: str, *, requires: Sequence[str] = (), **options: Any) -> bytes:
        """Add a wheel with its metadata file and an upload time, as the public PyPI has them; its bytes.

        ``requires`` are its ``Requires-Dist``; ``padding`` adds so many bytes; other options go to ``add_file``
        (``yanked=…``, ``metadata=None`` for a wheel without a metadata file).
        """
        extra = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        if "requires_python" in options:
            extra += f"Requires-Python: {options['requires_python']}\n"
        padding = options.pop("padding", 0)
        filename, content, metadata = make_wheel(name, version, metadata_extra=extra, size=padding)
        shown = {"metadata": metadata, "upload_time": LONG_AGO, **options}
        self.apply(lambda server: server.add_file(name, filename, content, **shown))
        return content

    def publish_sdist(self, name: str, version: str, **options: Any) -> bytes:
        """Add a source distribution that needs no build requirement; its bytes."""
        filename, content = make_self_building_sdist(name, version)
        shown = {"upload_time": LONG_AGO, **options}
        self.apply(lambda server: server.add_file(name, filename, content, **shown))
        return content

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CALL_LIMIT_SECONDS)
