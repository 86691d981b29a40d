"""An operation of the API from the request to the response.

Who asks has to send credentials with each request: a session's cookie counts for nothing here, so no page of another
site can use one. There is no CORS.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import msgspec

from pyproxy.admin.accounts.principal import Principal
from pyproxy.admin.administration import Administration
from pyproxy.errors import NotAllowed
from pyproxy.handlers.api.operation import Call, Operation
from pyproxy.handlers.api.paging import Listing
from pyproxy.handlers.api.preconditions import read_if_match
from pyproxy.handlers.api.problems import (
    FOR_ANOTHER_SITE,
    NO_OPERATION,
    PACKAGES_ONLY,
    WITHOUT_CREDENTIALS,
    ApiProblem,
)
from pyproxy.handlers.api.reading import read_object, read_query, read_values
from pyproxy.handlers.api.streams import NDJSON, wants_array
from pyproxy.handlers.api.table import Found, Table
from pyproxy.handlers.base import BaseHandler, Services
from pyproxy.handlers.bodies import CollectingHandler
from pyproxy.handlers.statuses import Problem
from pyproxy.handlers.visited import is_of_another_site, visited_address

PREFIX = "/api/v1"


class ApiHandler(CollectingHandler):
    """Any address below ``/api/v1``."""

    route = "api"

    challenges = ('Bearer realm="pyproxy"', *BaseHandler.challenges)

    _streaming: asyncio.Future[None] | None = None

    def initialize(self, services: Services, admin: Administration, table: Table) -> None:  # type: ignore[override]
        super().initialize(services)
        self.admin = admin
        self._table = table

    async def _answer(self, *args: str, **kwargs: str) -> None:
        """Find the operation, see that it may be done, read what it needs, do it."""
        path = self.request.path.removeprefix(PREFIX)
        found = self._table.find(self.request.method or "", path)
        if found is None:
            self._refuse()
            return
        self.subject = found.operation.name
        call = Call(
            admin=self.admin,
            operations=self._table.operations,
            principal=await self._principal(found.operation),
            address=self.client,
            server=f"{visited_address(self)}{PREFIX}",
            now=self.services.clock(),
            if_match=read_if_match(self.request.headers.get("If-Match"), found.operation),
        )
        done = found.operation.run(call, **self._arguments(found))
        if found.operation.streams:
            await self._stream(done)
        else:
            self._send(found.operation, call, await done)

    get = head = post = put = patch = delete = options = _answer  # type: ignore[assignment]

    # -- who asks, and for what --------------------------------------------------------------------------------------

    async def _principal(self, operation: Operation) -> Principal | None:
        if operation.may == "anybody":
            return None
        principal = await self.admin.credentials.principal(self.request.headers.get("Authorization"), self.client)
        if not principal.may_see:
            raise ApiProblem(PACKAGES_ONLY)
        if operation.may == "change":
            if not principal.may_change:
                raise NotAllowed("only an admin may do this")
            # A browser sends the password that it was once asked for along with whatever any page makes it send.
            if is_of_another_site(self):
                raise ApiProblem(FOR_ANOTHER_SITE)
        return principal

    def _arguments(self, found: Found) -> dict[str, Any]:
        """What the operation's function takes. Raises `ApiProblem` and `ConfigurationErrors`."""
        operation = found.operation
        arguments: dict[str, Any] = {name: _decoded(text) for name, text in found.arguments.items()}
        query = read_query(self.request.query_arguments, operation.query or Nothing)
        if operation.query is not None:
            arguments["query"] = query
        if operation.method != "GET":
            values = read_object(self.body, self.request.headers.get("Content-Type", ""))
            body = read_values(values, operation.body or Nothing)
            if operation.body is not None:
                arguments["body"] = body
        return arguments

    # -- answers -----------------------------------------------------------------------------------------------------

    def _send(self, operation: Operation, call: Call, answer: object) -> None:
        self.set_status(operation.status)
        self.set_header("Cache-Control", "no-store")
        for name, value in call.headers.items():
            self.set_header(name, value)
        if answer is None:
            self.finish()
            return
        if isinstance(answer, Listing) and answer.next is not None:
            self.set_header("Link", f'<?{self._query_with(answer.next)}>; rel="next"')
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(answer))

    def _query_with(self, cursor: str) -> str:
        """This request's query for the next page; relative, so that it is right behind any prefix."""
        given = [(name, values[-1]) for name, values in self.request.query_arguments.items() if name != "cursor"]
        return urlencode([*given, ("cursor", cursor)])

    async def _stream(self, elements: AsyncGenerator[object]) -> None:
        """Each element as it comes on a line of its own, or all of them as one array where that is asked for."""
        self.set_header("Cache-Control", "no-store")
        self._streaming = asyncio.ensure_future(self._send_elements(elements))
        with contextlib.suppress(asyncio.CancelledError):
            await self._streaming

    async def _send_elements(self, elements: AsyncGenerator[object]) -> None:
        async with aclosing(elements):
            if wants_array(self.request.headers.get("Accept", "")):
                self.set_header("Content-Type", "application/json")
                self.finish(msgspec.json.encode([element async for element in elements]))
                return
            self.set_header("Content-Type", NDJSON)
            async for element in elements:
                self.write(msgspec.json.encode(element) + b"\n")
                await self.flush()
        self.finish()

    def on_connection_close(self) -> None:
        """Whoever has gone waits for no more."""
        super().on_connection_close()
        if self._streaming is not None:
            self._streaming.cancel()

    # -- refusals ----------------------------------------------------------------------------------------------------

    def _refuse(self, *args: str, **kwargs: str) -> None:
        """There is no such operation, or none with this method."""
        methods = self._table.methods(self.request.path.removeprefix(PREFIX))
        if not methods:
            self.send_problem(NO_OPERATION)
            return
        self.set_header("Allow", ", ".join(methods))
        title = f"{(self.request.method or '')[:20]} is not possible at this address"
        self.send_problem(Problem(405, title, f"Possible: {', '.join(methods)}."))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ApiProblem):
            self.send_problem(error.problem)
        else:
            super().write_error(status_code, **kwargs)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if not isinstance(value, ApiProblem):
            super().log_exception(typ, value, tb)

    def send_problem(self, problem: Problem) -> None:
        if problem.status == 401:
            problem = Problem(401, problem.title, WITHOUT_CREDENTIALS)
        super().send_problem(problem)

    def is_browser(self) -> bool:
        return False  # programs ask here, and a person who does wants to see what they get


class Nothing(msgspec.Struct):
    """The query or body of an operation that takes none: whatever is in it was meant for another one."""


def _decoded(text: str) -> str:
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise ApiProblem(NO_OPERATION) from None
    if "\0" in decoded:
        raise ApiProblem(NO_OPERATION)
    return decoded
