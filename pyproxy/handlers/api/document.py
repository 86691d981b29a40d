"""The OpenAPI 3.1 document of a table of operations: made from their types, so it says what the server does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pyproxy import __version__
from pyproxy.handlers.api.operation import Operation
from pyproxy.handlers.api.paging import Listing
from pyproxy.handlers.api.responses import RESPONSES, statuses_of
from pyproxy.handlers.api.streams import NDJSON

Json = dict[str, Any]

SCHEMA_PLACE = "#/components/schemas/{name}"

DESCRIPTION = """\
What the administrator's pages do, for scripts.

**Credentials** come with every request: a token as `Authorization: Bearer pyproxy_…`, or an account's name and
password as HTTP Basic. Viewers may read, admins may change things; tokens that only read packages may do neither.

**Lists** come a page at a time: `next` of an answer is the `cursor` of the next request, and `Link` names its address.

**Changes of an upstream** need `If-Match` with the `ETag` of what was seen, so that nobody's changes are lost.

**Errors** are `application/problem+json` (RFC 9457); `errors` names each value that is wrong.

Times are ISO 8601 in UTC, sizes are bytes.
"""

TAGS: Mapping[str, str] = {
    "accounts": "People who may sign in.",
    "activity": "The recent requests, one by one.",
    "audit": "Who changed what.",
    "certificates": "Certificates and keys that upstreams may name.",
    "dashboard": "What happened, and what needs attention.",
    "openapi": "This document.",
    "projects": "What is known and cached, project by project.",
    "settings": "The configuration as it holds.",
    "storage": "What is kept as a whole: its size, and long work on it.",
    "tokens": "Credentials for scripts and installers.",
    "upstreams": "The indexes behind this server, in the order in which they are asked.",
    "version": "Which program answers.",
}
"""What each first part of a path is about."""


class ProblemField(msgspec.Struct, kw_only=True, frozen=True):
    """What is wrong with one value."""

    field: Annotated[str, Meta(description="The key, parameter or header under which it was sent.")]
    message: str


class Problem(msgspec.Struct, kw_only=True, frozen=True):
    """Why a request was refused, or failed (RFC 9457)."""

    type: str
    title: Annotated[str, Meta(description="One sentence.")]
    status: int
    detail: Annotated[str, Meta(description="What there is to say beyond it.")]
    errors: list[ProblemField] | msgspec.UnsetType = msgspec.UNSET


def document(operations: Sequence[Operation], server: str) -> Json:
    """The document for a server at this address."""
    return {**_document(tuple(operations)), "servers": [{"url": server}]}


@cache
def _document(operations: tuple[Operation, ...]) -> Json:
    schemas = _Schemas()
    problem = schemas.of(Problem)
    paths: dict[str, Json] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _Described(each, schemas).operation()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pyproxy",
            "version": __version__,
            "summary": "The administration of a package proxy",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": name, "description": TAGS[name]} for name in sorted({each.tag for each in operations})],
        "security": [{"token": []}, {"password": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {name: _problem(text, problem) for name, text in RESPONSES.values()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
                "password": {"type": "http", "scheme": "basic", "description": "An account, or a token as password."},
            },
        },
    }


class _Schemas:
    """The schemas of types; those that have names are collected."""

    def __init__(self) -> None:
        self.components: dict[str, Json] = {}

    def of(self, kind: Any) -> Json:
        """That of one type."""
        (schema,), components = msgspec.json.schema_components([kind], ref_template=SCHEMA_PLACE)
        for name, component in components.items():
            assert self.components.setdefault(name, component) == component, f"two types are called {name}"
        return schema


class _Described:
    """One operation as the document has it."""

    def __init__(self, operation: Operation, schemas: _Schemas) -> None:
        self._operation = operation
        self._schemas = schemas

    def operation(self) -> Json:
        """The object."""
        each = self._operation
        described: Json = {
            "operationId": each.name,
            "tags": [each.tag],
            "summary": each.summary,
            "description": each.description or each.summary + ".",
            "parameters": [*self._parameters()],
            "responses": {str(each.status): self._success()}
            | {str(status): {"$ref": f"#/components/responses/{RESPONSES[status][0]}"} for status in statuses_of(each)},
        }
        if each.may == "anybody":
            described["security"] = []
        if each.body is not None:
            media: Json = {"schema": self._schemas.of(each.body)}
            if each.example is not None:
                media["example"] = dict(each.example)
            described["requestBody"] = {"required": each.needs_body, "content": {"application/json": media}}
        return described

    def _parameters(self) -> Iterator[Json]:
        for name, kind in self._operation.arguments.items():
            yield _parameter(name, "path", self._schemas.of(kind), required=True)
        if self._operation.query is not None:
            for each in msgspec.structs.fields(self._operation.query):
                schema = self._schemas.of(each.type)
                if each.default not in (None, "", msgspec.NODEFAULT):
                    schema["default"] = each.default
                yield _parameter(each.encode_name, "query", schema, required=each.required)
        if self._operation.conditional:
            yield _IF_MATCH | {"required": self._operation.conditional == "needed"}

    def _success(self) -> Json:
        each = self._operation
        headers: Json = {}
        if each.tagged:
            headers["ETag"] = _header("Names what was answered; a change of it needs this as If-Match.")
        if each.status == 201:
            headers["Location"] = _header("The address of what was made.")
        if isinstance(each.answer, type) and issubclass(each.answer, Listing):
            headers["Link"] = _header('The address of the next page, as rel="next"; absent on the last one.')
        response: Json = {"description": _SUCCESS[each.status]}
        if headers:
            response["headers"] = headers
        if each.status != 204:
            response["content"] = self._content()
        return response

    def _content(self) -> Json:
        schema = self._schemas.of(self._operation.answer)
        if not self._operation.streams:
            return {"application/json": {"schema": schema}}
        line = {
            "type": "string",
            "description": "A JSON value on each line, as it comes; they are like the items below.",
        }
        return {NDJSON: {"schema": line}, "application/json": {"schema": {"type": "array", "items": schema}}}


def _parameter(name: str, place: str, schema: Json, *, required: bool) -> Json:
    described: Json = {"name": name, "in": place, "required": required, "schema": schema}
    if "description" in schema:
        described["schema"] = {key: value for key, value in schema.items() if key != "description"}
        described["description"] = schema["description"]
    return described


def _header(description: str) -> Json:
    return {"description": description, "schema": {"type": "string"}}


def _problem(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


_SUCCESS = {200: "The answer.", 201: "It is made.", 202: "It has begun.", 204: "It is done."}

_IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of what was seen; `*` for whatever there is.",
    "schema": {"type": "string", "examples": ["*"]},
}
