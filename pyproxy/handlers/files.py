"""Files and their metadata: ``/files/<project>/<sha256>/<filename>``, and without the sha256.

A client gets all the right bytes or a broken response. What fails before the first byte still gets a status that
explains it; what fails later ends the connection abruptly, never with a clean end.
"""

from __future__ import annotations

from pyproxy.handlers.accel_redirect import takes_redirects
from pyproxy.handlers.rendered_head import may_keep, must_ask
from pyproxy.handlers.statuses import Problem
from pyproxy.handlers.streaming import StreamingHandler
from pyproxy.repositories.base import FileContent, FileRequest
from pyproxy.repositories.ranges import Unsatisfiable, WantedRange, parse_range
from pyproxy.simple.names import check_filename, is_metadata, normalize

IMMUTABLE = "max-age=365000000, immutable"
"""The public PyPI's own header: the sha256 in the address makes it true."""


_OUTCOMES = {"hit": "hit", "fwd=miss; collapsed": "collapsed"}
"""What the log calls an answer, by its cache status: a *collapsed* one shares a transfer that was under way."""


class FileHandler(StreamingHandler):
    """One file; ``sha256`` is empty for the address without a promise."""

    route = "file"

    async def get(self, raw_project: str, sha256: str | None, raw_filename: str) -> None:
        project, filename = normalize(raw_project), check_filename(raw_filename)
        self.project, self.subject, self.filename = project, filename, filename
        self.route = route_of(filename)
        self.set_header("Cache-Control", keeping_of(sha256, public=self.is_public))
        if sha256 and not is_metadata(filename) and self._has(sha256):
            # The client has the very bytes that the address names: nothing need be looked up.
            self.outcome = "hit"
            self.set_header("Etag", f'"{sha256}"')
            self.set_header("Cache-Status", "pyproxy; hit")
            self.set_status(304)
            self.finish()
            return
        head = self.request.method == "HEAD"
        wanted = None if head else parse_range(self.request.headers.get("Range"))
        if_range = self.request.headers.get("If-Range")
        # The repository may answer a range without having the file; only where no If-Range can still refuse it.
        certain = wanted if if_range is None or (sha256 and if_range == f'"{sha256}"') else None
        self.wait_from_now()
        async with self.in_time():
            content = await self.repository.get_file(
                FileRequest(project=project, filename=filename, sha256=sha256 or None, range=certain, head=head)
            )
        try:
            if content.size is None and (head or self.request.version == "HTTP/1.0"):
                await content.settle()  # neither can be answered without the size
                self.wait_from_now()
            if if_range is not None and (content.sha256 is None or if_range != f'"{content.sha256}"'):
                wanted = None
            await self._answer(content, wanted, head)
        finally:
            content.close()

    head = get

    async def _answer(self, content: FileContent, wanted: WantedRange | None, head: bool) -> None:
        self._describe(content)
        if content.sha256 is not None and self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        start, stop = 0, content.size
        if wanted is not None and content.size is not None:
            try:
                start, stop = wanted.resolve(content.size)
            except Unsatisfiable:
                self._send_unsatisfiable(content.size)
                return
        if content.kept_as is not None and stop is not None and not head and self._leaves_sending():
            self._let_nginx_send(content.kept_as, stop - start)
            return
        if wanted is not None and stop is not None:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{content.size}")
        if stop is not None:
            self.set_header("Content-Length", str(stop - start))
        if head:
            self.finish()
            return
        await self.stream(content.pieces(start, stop), None if stop is None else stop - start)

    def _describe(self, content: FileContent) -> None:
        self.outcome, self.upstream = outcome_of(content), content.upstream
        for name, value in headers_of(content).items():
            self.set_header(name, value)

    def _leaves_sending(self) -> bool:
        """Whether whoever asks sends kept files by itself."""
        services = self.services
        return services.accel_redirect is not None and takes_redirects(self.request, services.trusted_proxies)

    def _let_nginx_send(self, kept_as: str, size: int) -> None:
        """Ranges included, which nginx reads in the request itself; only nginx will know how many bytes have left."""
        self.set_header("X-Accel-Redirect", f"{self.services.accel_redirect}{kept_as}")
        self.bytes_sent = size
        self.finish()

    def _send_unsatisfiable(self, size: int) -> None:
        for header in ("Etag", "Cache-Control", "Content-Length"):
            self.clear_header(header)
        self.set_header("Content-Range", f"bytes */{size}")
        self.send_problem(
            Problem(416, f"The range lies outside the file of {size} bytes", "Ask for bytes that the file has.")
        )

    def _has(self, sha256: str) -> bool:
        return f'"{sha256}"' in self.request.headers.get("If-None-Match", "")


def route_of(filename: str) -> str:
    """What the log and the figures call it."""
    return "metadata" if is_metadata(filename) else FileHandler.route


def keeping_of(sha256: str | None, *, public: bool) -> str:
    """The ``Cache-Control`` at the address with this sha256; at the one without, a file may be another one tomorrow."""
    return may_keep(IMMUTABLE, public=public) if sha256 else must_ask("no-cache", public=public)


def headers_of(content: FileContent) -> dict[str, str]:
    """What the head says of a file, whichever way it is sent, besides for how long it may be kept."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "Cache-Status": f"pyproxy; {content.cache_status}",
        "X-Pyproxy-Upstream": content.upstream,
    }
    if content.sha256 is not None:
        headers["Etag"] = f'"{content.sha256}"'
    return headers


def outcome_of(content: FileContent) -> str:
    """What the log calls the answer."""
    return _OUTCOMES.get(content.cache_status, "miss")
