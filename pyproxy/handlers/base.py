"""What every handler shares: errors that explain themselves, headers, the access log's fields."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn

import jinja2
import tornado.web
from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError

from pyproxy.admin.accounts.credentials import Credentials
from pyproxy.errors import ProjectUnavailable, PyproxyError, RequestLoop, UpstreamError
from pyproxy.handlers.forwarded import Network, client_of
from pyproxy.handlers.pages import PAGE_HEADERS, root_of
from pyproxy.handlers.rendered_head import is_known
from pyproxy.handlers.request_heads import head_problem
from pyproxy.handlers.running import RunningRequests
from pyproxy.handlers.statuses import Problem, problem_of, reason_phrase
from pyproxy.repositories.base import Repository
from pyproxy.repositories.rendering import RenderedPages
from pyproxy.repositories.workshop import Workshop

log = logging.getLogger(__name__)

COMMON_HEADERS = {"Server": "pyproxy", "X-Content-Type-Options": "nosniff"}
"""Every answer has these."""

ANY_BODY = 1 << 16384
"""Bytes of a body that Tornado reads: more than a ``Content-Length`` can say, for who is cut off while sending never
sees the answer. What nobody wants is thrown away, and has to come in time all the same (``server.idle_timeout``)."""


_BODY_HEADERS = frozenset({"Content-Length", "Transfer-Encoding"})

FIRST_BYTE_SECONDS = 10.0
"""What a client waits for the first byte of a file at most; pip gives up on a silence of 15 seconds."""


@dataclass(slots=True)
class Services:
    """What handlers work with; ``repository`` is replaced when settings change (requests keep the one they took).

    ``admit`` is given every request's ``CDN-Loop`` and raises `RequestLoop` for one that has been here before.
    ``readers`` tells who may read packages; ``None``: everybody may. ``accel_redirect`` is the address below which
    nginx finds the kept files. The body of a request has to come within ``body_seconds``.
    """

    repository: Repository
    rendered: RenderedPages
    workshop: Workshop
    templates: jinja2.Environment
    clock: Callable[[], float]
    admit: Callable[[str | None], None]
    readers: Credentials | None = None
    public_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    accel_redirect: str | None = None
    first_byte_seconds: float = FIRST_BYTE_SECONDS
    max_header_size: int = 256 * 1024
    max_body_size: int = 1024 * 1024
    body_seconds: float = 600.0
    requests: RunningRequests = field(default_factory=RunningRequests)


@tornado.web.stream_request_body
class BaseHandler(tornado.web.RequestHandler):
    """A read-only address. Bodies of requests are thrown away as they come, so that a 405 can be read."""

    route = "other"
    """What monitoring calls requests of this kind."""

    challenges: tuple[str, ...] = ('Basic realm="pyproxy", charset="UTF-8"',)
    """What a 401 asks for (RFC 7617): one of these."""

    # What the access log and the history say of this request; set on the way.
    subject: str = "-"
    project: str = ""
    filename: str = ""
    outcome: str = "-"
    upstream: str = "-"
    bytes_sent: int = 0

    _counted = False
    _has_bad_head = False
    _sent: asyncio.Future[None] | None = None
    _late: asyncio.TimerHandle | None = None

    def initialize(self, services: Services) -> None:
        self.services = services
        self.repository = services.repository

    def prepare(self) -> Awaitable[None] | None:
        self._counted = True
        self.services.requests.began()
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        connection.set_max_body_size(ANY_BODY)
        if not _BODY_HEADERS.isdisjoint(self.request.headers):
            self._late = asyncio.get_running_loop().call_later(self.services.body_seconds, self._body_is_late)
        problem = head_problem(self.request.uri or "", self.request.headers, self.services.max_header_size)
        if problem is not None:
            self._refuse_head(problem)
            return None
        try:
            self.services.admit(self.request.headers.get("CDN-Loop"))
        except RequestLoop as error:
            self.refuse_with(error)
        return None

    def _body_is_late(self) -> None:
        if self.request._body_future.done() or self._finished:
            return
        within = f"{self.services.body_seconds:g} s (twice server.idle_timeout)"
        title = f"the body of the request did not come within {within}"
        self.send_problem(Problem(408, title, "Nothing was changed. Over a slow line it takes a longer time-out."))

    def _refuse_head(self, problem: Problem) -> None:
        self._has_bad_head = True
        setattr(self, str(self.request.method).lower(), lambda *args, **kwargs: self.send_problem(problem))

    def refuse_with(self, error: PyproxyError) -> None:
        """Answer a GET or HEAD with this error, once the request was read."""
        self.answer_instead(partial(_fail, error))

    def answer_instead(self, answer: Callable[[], Awaitable[None] | None]) -> None:
        """In ``prepare``: let this answer a GET or HEAD.

        Whatever is answered in ``prepare`` itself makes Tornado close the connection, which slows every client down
        that goes on with credentials, and ends one that has sent its next request already.
        """
        if not self._has_bad_head:
            self.get = self.head = lambda *args, **kwargs: answer()

    def flush(self, include_footers: bool = False) -> asyncio.Future[None]:
        self._sent = super().flush(include_footers)
        return self._sent

    def on_finish(self) -> None:
        # The handler is done, but a slow client may still be taking the end of it.
        if self._sent is None or self._sent.done():
            self._end()
        else:
            self._sent.add_done_callback(lambda _: self._end())

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._end()

    def _end(self) -> None:
        if self._counted:
            self._counted = False
            if self._late is not None:
                self._late.cancel()
            self.services.requests.ended()

    def decode_argument(self, value: bytes | None, name: str | None = None) -> str:
        # What is no UTF-8 goes on as what no name may contain, and is refused as such. ``None``: an optional part of
        # the address is not there.
        return None if value is None else value.decode("utf-8", "surrogateescape")  # type: ignore[return-value]

    def data_received(self, chunk: bytes) -> None:
        """Nobody wants a body here."""

    def set_default_headers(self) -> None:
        for name, value in COMMON_HEADERS.items():
            self.set_header(name, value)

    def compute_etag(self) -> None:
        """ETags are set where the content is known, not computed over each response."""

    def check_etag_header(self) -> bool:
        """Tornado's: whether the client has what the response's ETag names."""
        etag = self._headers.get("Etag")
        return etag is not None and is_known(etag, self.request.headers.get("If-None-Match", ""))

    def write(self, chunk: str | bytes | dict[Any, Any]) -> None:
        if isinstance(chunk, bytes) and self.request.method != "HEAD":
            self.bytes_sent += len(chunk)
        super().write(chunk)

    # -- methods that make no sense here -------------------------------------------------------------------------

    def _refuse(self, *args: str, **kwargs: str) -> None:
        self.set_header("Allow", "GET, HEAD")
        # twine prints the title alone, so a publisher's title has to say it all.
        why = "only GET and HEAD are"
        if self.request.method == "POST":
            why = "pyproxy takes no uploads; publish to the private index behind it"
        self.send_problem(
            Problem(
                405,
                f"{self.request.method} is not possible at this address: {why}",
                "This is the address to install from. Uploads to pyproxy are not supported by this version; "
                "publish to the private index behind it.",
            )
        )

    post = put = patch = delete = options = _refuse

    # -- errors --------------------------------------------------------------------------------------------------

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if status_code == 405:  # a method that Tornado does not know at all
            self._refuse()
            return
        if isinstance(error, PyproxyError):
            problem = problem_of(error)
            self._note_failure(error)
        elif isinstance(error, tornado.web.HTTPError):
            title = error.reason or HTTPStatus(status_code).phrase
            problem = Problem(status_code, title, error.log_message or "The request could not be understood.")
        else:
            problem = Problem(status_code, "An unexpected error", "This is a defect; the server's log says more.")
        self.send_problem(problem)

    def _note_failure(self, error: PyproxyError) -> None:
        failure = error.failures[0] if isinstance(error, ProjectUnavailable) else error
        if isinstance(failure, UpstreamError):
            self.outcome, self.upstream = "failed", failure.upstream

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if isinstance(value, PyproxyError):
            status = problem_of(value).status
            log.log(logging.WARNING if status >= 500 else logging.DEBUG, "%s: %s", self.request.path, value)
        elif not isinstance(value, StreamClosedError):
            super().log_exception(typ, value, tb)

    def send_problem(self, problem: Problem) -> None:
        """End the response with the problem: JSON for clients, a page for browsers."""
        self.set_status(problem.status, reason_phrase(problem.title))
        self.announce_close()
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        if problem.retry_after is not None:
            self.set_header("Retry-After", str(problem.retry_after))
        if problem.status == HTTPStatus.UNAUTHORIZED:
            for challenge in self.challenges:
                self.add_header("WWW-Authenticate", challenge)
        if self.is_browser():
            self.send_page("error.html", "no-store", status=problem.status, title=problem.title, detail=problem.detail)
            return
        # Exactly this type, without parameters: uv reads the body of no other.
        self.set_header("Content-Type", "application/problem+json")
        body: dict[str, object] = {"type": "about:blank", "title": problem.title}
        body |= {"status": problem.status, "detail": problem.detail}
        if problem.errors:
            body["errors"] = [{"field": each.field, "message": each.message} for each in problem.errors]
        self.finish(json.dumps(body).encode())

    def announce_close(self) -> None:
        """Say that the connection ends with this response, where Tornado ends it: who answers in ``prepare`` does so
        before the body was read, if only an empty one. Without a word of it, uv fails on its next request."""
        if not self.request._body_future.done():
            self.set_header("Connection", "close")

    def send_page(self, template: str, cache_control: str, **context: Any) -> None:
        """End the response with a page for people; its template gets ``root`` and the context."""
        self.set_page_headers(cache_control)
        page = self.services.templates.get_template(template).render(root=root_of(self.request.path), **context)
        self.finish(page.encode())

    def set_page_headers(self, cache_control: str) -> None:
        """The headers of a page for people."""
        for name, value in PAGE_HEADERS.items():
            self.set_header(name, value)
        self.set_header("Cache-Control", cache_control)

    def is_browser(self) -> bool:
        """Whether a person is looking: a page helps more than JSON does."""
        accept = self.request.headers.get("Accept", "")
        return "text/html" in accept and "application/xhtml+xml" in accept

    # -- the client ----------------------------------------------------------------------------------------------

    @property
    def client(self) -> str:
        """The client's address; behind a trusted proxy the one that it forwards for."""
        return client_of(self.request.remote_ip or "-", self.request.headers, self.services.trusted_proxies)


def _fail(error: PyproxyError) -> NoReturn:
    raise error
