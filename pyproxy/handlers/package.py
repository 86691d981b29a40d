"""What the addresses for installers share: who may read there, where not everybody may (``access.anonymous_read``)."""

from __future__ import annotations

from collections.abc import Awaitable

from pyproxy.errors import AccessError
from pyproxy.handlers.base import BaseHandler
from pyproxy.handlers.rendered_head import may_keep


class PackageHandler(BaseHandler):
    """Answers installers: with credentials where they are wanted, and never with a page to sign in on.

    A redirect to such a page would be read as a package (uv) or as an empty index (pip).
    """

    def prepare(self) -> Awaitable[None] | None:
        super().prepare()
        # Nothing is read by other methods. Their 405 waits for the end of the body, so that a publisher sees it.
        if self.services.readers is None or self.request.method not in ("GET", "HEAD"):
            return None
        return self._authenticate()

    async def _authenticate(self) -> None:
        assert self.services.readers is not None
        try:
            await self.services.readers.principal(self.request.headers.get("Authorization"), self.client)
        except AccessError as error:
            self.refuse_with(error)

    @property
    def is_public(self) -> bool:
        """Whether everybody may read packages."""
        return self.services.readers is None

    def allow_keeping(self, lifetime: str) -> None:
        """How long an answer may be kept, by everybody; by its client alone where not everybody may read."""
        self.set_header("Cache-Control", may_keep(lifetime, public=self.is_public))
