"""One operation of the API, told by its function: the signature says what it takes and answers, the docstring what for.

::

    async def get_account(call: Call, name: AccountName) -> Account:
        \"""One account.\"""

    operation("GET", "/accounts/{name}", get_account)

Arguments named in the path come from there; ``query`` and ``body`` are structs of `msgspec`. So what is documented,
what is checked and what the function works with are the same. Functions that answer ``None`` answer 204, those that are
generators a stream.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from pyproxy.admin.accounts.principal import Actor, Change, Principal
from pyproxy.admin.administration import Administration

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

May = Literal["anybody", "see", "change"]
"""Who may: everybody, without credentials; viewers and admins; admins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an operation works with besides its arguments. ``headers`` are those of its answer, to be filled.

    ``operations`` are those of the whole API, ``server`` is its own address as the client reached it, ``now`` the time
    (unix seconds). ``if_match``: the versions that the client knows (`None`: it says nothing of them).
    """

    admin: Administration
    operations: tuple[Operation, ...]
    principal: Principal | None
    address: str
    server: str
    now: float
    if_match: frozenset[str] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Who does it, for the audit log; only where credentials are needed."""
        assert self.principal is not None
        return self.principal.actor("api", self.address)

    async def note(self, action: str, subject: str, changes: tuple[Change, ...] = ()) -> None:
        """Write into the audit log what was done, where no store does it along with the change."""
        await self.admin.desk.run(self.admin.audit.write, self.actor, action, subject, changes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One method at one path, relative to ``/api/v1``, such as ``/accounts/{name}``.

    ``arguments`` are the types of what stands in the path, ``answer`` that of what comes back (of one element for a
    stream). ``tagged``: its answer has an ETag; ``conditional``: it changes what has one, and wants or needs
    ``If-Match``. ``conflict``: it may collide with what there is (409); ``missing``: there may be nothing of the kind
    (404). ``example`` is a body that is right.
    """

    method: Method
    path: str
    run: Callable[..., Any]
    may: May
    status: int
    conflict: bool
    missing: bool
    conditional: Literal["", "wanted", "needed"]
    tagged: bool
    example: Mapping[str, object] | None
    arguments: Mapping[str, Any]
    query: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None
    answer: Any
    streams: bool

    @property
    def name(self) -> str:
        """Unique, for programs."""
        return self.run.__name__

    @property
    def tag(self) -> str:
        """The first part of the path, under which operations are shown together."""
        return self.path.split("/")[1].partition(".")[0]

    @property
    def summary(self) -> str:
        """One line for people."""
        return _documentation(self.run).partition("\n")[0].removesuffix(".")

    @property
    def description(self) -> str:
        """What there is to say beyond it."""
        return _documentation(self.run).partition("\n")[2].strip()

    @property
    def needs_body(self) -> bool:
        """Whether an empty body is a mistake: where something in it has no default."""
        return self.body is not None and any(each.required for each in msgspec.structs.fields(self.body))

    @property
    def pattern(self) -> re.Pattern[str]:
        """What paths look like, percent-encoded as they come."""
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path)))


def operation(
    method: Method,
    path: str,
    run: Callable[..., Any],
    *,
    may: May | None = None,
    status: int = 200,
    conflict: bool = False,
    missing: bool = False,
    conditional: Literal["", "wanted", "needed"] = "",
    tagged: bool = False,
    example: Mapping[str, object] | None = None,
) -> Operation:
    """The operation that a function is; without ``may``, viewers may GET and admins do the rest."""
    hints = get_type_hints(run, include_extras=True)
    answer = hints.pop("return")
    hints.pop("call")
    query, body = hints.pop("query", None), hints.pop("body", None)
    assert set(hints) == set(re.findall(r"\{(\w+)\}", path)), f"{run.__name__} takes other arguments than {path} has"
    streams = inspect.isasyncgenfunction(run)
    if streams:
        assert get_origin(answer) is AsyncGenerator
        answer = get_args(answer)[0]
    return Operation(
        method=method,
        path=path,
        run=run,
        may=may or ("see" if method == "GET" else "change"),
        status=204 if answer is type(None) else status,
        conflict=conflict,
        missing=missing or bool(hints),
        conditional=conditional,
        tagged=tagged,
        example=example,
        arguments=hints,
        query=query,
        body=body,
        answer=answer,
        streams=streams,
    )


def _documentation(run: Callable[..., Any]) -> str:
    return inspect.getdoc(run) or ""
