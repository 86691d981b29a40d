"""Documents of an upstream's legacy JSON API: where they would be, and the conditional question."""

from __future__ import annotations

from urllib.parse import quote

from pyproxy.net.fetcher import FetchedPage, Missing, NotModified, PageFetcher

ACCEPT_JSON = "application/json"


class JsonFetcher:
    """Asks below ``json_url`` (ending in ``/``) for documents, as ``pages`` asks for pages, with the same limits."""

    def __init__(self, pages: PageFetcher, json_url: str) -> None:
        self._pages = pages
        self._json_url = json_url

    async def fetch(
        self, project: str, version: str | None, *, etag: str | None, last_modified: str | None, page_timeout: float
    ) -> FetchedPage | NotModified | Missing:
        """The document of a project, or of one ``version`` of it; raises as `PageFetcher.fetch` does."""
        release = "" if version is None else f"{quote(version, safe='+!')}/"
        return await self._pages.fetch_url(
            f"{self._json_url}{quote(project)}/{release}json",
            ACCEPT_JSON,
            etag=etag,
            last_modified=last_modified,
            page_timeout=page_timeout,
        )
