"""A script that uses the JSON API: sends a token, JSON, and looks at what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyproxy.admin.accounts.random_tokens import API_PREFIX, new_token, token_hash
from pyproxy.storage.tokens import TokenRole, TokenStore
from tests.http.administration import database_of
from tests.http.proxy import Answer, Proxy

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Script:
    """Sends requests with these headers to paths below ``/api/v1``."""

    proxy: Proxy
    headers: Mapping[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Answer:
        """GET; keywords are headers, with ``_`` for ``-``."""
        return await self.send("GET", path, **headers)

    async def post(self, path: str, body: object = None, **headers: str) -> Answer:
        """POST a JSON value, or nothing."""
        return await self.send("POST", path, body, **headers)

    async def patch(self, path: str, body: object, **headers: str) -> Answer:
        """PATCH with a JSON value."""
        return await self.send("PATCH", path, body, **headers)

    async def delete(self, path: str, **headers: str) -> Answer:
        """DELETE."""
        return await self.send("DELETE", path, **headers)

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """One request; a body that is no bytes goes as JSON."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        run = asyncio.get_running_loop().run_in_executor
        return await run(None, _request, self.proxy.port, method, BASE + path, body, sent)

    async def items(self, path: str) -> list[Any]:
        """What is on the first page of a list."""
        answer = await self.get(path)
        assert answer.status == 200, answer.body
        items: list[Any] = answer.json()["items"]
        return items


def script(proxy: Proxy, role: TokenRole = "admin", *, expires_at: float | None = None) -> Script:
    """A script with a new token of this role, made beside the server."""
    text = new_token(API_PREFIX)
    with database_of(proxy) as database:
        store = TokenStore(database)
        store.add(
            f"{role}-{len(store.list())}",
            role,
            token_hash(text),
            now=proxy.clock(),
            created_by="ada",
            expires_at=expires_at,
            witness=lambda _: None,
        )
    return Script(proxy, {"Authorization": f"Bearer {text}"})


def basic(proxy: Proxy, name: str, password: str) -> Script:
    """A script that sends a name and a password."""
    return Script(proxy, {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"})


def errors_of(answer: Answer) -> dict[str, str]:
    """What a refusal says about each value."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.headers
    return {each["field"]: each["message"] for each in answer.json()["errors"]}


def _request(port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.reason, response.headers, response.read())
