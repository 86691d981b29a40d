"""How much a request may say before its body: ``server.max_header_size``, and numbers of things that are fixed.

Whoever meets one of these limits is told which it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from tornado.httputil import HTTPHeaders

from pyproxy.handlers.statuses import Problem

MOST_HEADERS = 1000
"""Headers of a request at most: to take apart the hundred thousand that have room in a head stops everybody else."""


MOST_PARAMETERS = 1000
"""Of an address, behind its question mark; Tornado ends a connection at that many without saying why."""

_TOO_MANY_HEADERS = Problem(
    431,
    f"the request has more than {MOST_HEADERS} headers, which is a fixed limit",
    "No client has a use for so many: see what adds them, here or in a front between.",
)
_TOO_MANY_PARAMETERS = Problem(
    400,
    f"the address has more than {MOST_PARAMETERS} parameters, which is a fixed limit",
    "No address here takes so many.",
)


class RefusedHeaders(HTTPHeaders):
    """Headers of a request that is refused for ``problem``, whatever it asks for; its connection ends."""

    problem: Problem


def without_excess(line: str, headers: HTTPHeaders) -> tuple[str, HTTPHeaders]:
    """A request's first line and headers; where its address has too many parameters, without any, and refused."""
    if len(line) < MOST_PARAMETERS or line.count("&") < MOST_PARAMETERS:
        return line, headers
    method, _, rest = line.partition(" ")
    address, _, version = rest.rpartition(" ")
    return f"{method} {address.partition('?')[0]} {version}", refused(headers, _TOO_MANY_PARAMETERS)


def read_headers(block: bytes) -> HTTPHeaders:
    """The headers in a block with its empty line; of too many only the first, to know who asks.

    Raises `HTTPInputError` for what is none.
    """
    if block.count(b"\n") <= MOST_HEADERS + 1:  # the last one is that of the empty line
        return HTTPHeaders.parse(block.decode("latin-1"))
    first = b"\n".join([*block.split(b"\n", MOST_HEADERS)[:MOST_HEADERS], b""])
    return refused(HTTPHeaders.parse(first.decode("latin-1")), _TOO_MANY_HEADERS)


def refused(headers: HTTPHeaders, problem: Problem) -> RefusedHeaders:
    """The same headers, with which a request is refused.

    How long its body is may stand in what was not read: nothing that comes after it may be taken for a request.
    """
    copy = RefusedHeaders()
    for name, value in headers.get_all():
        copy.add(name, value)
    copy["Connection"] = "close"
    copy.setdefault("Host", "unknown")  # without one, Tornado ends the connection
    copy.problem = problem
    return copy


def head_size(address: str, names: Iterable[str], values: Iterable[str]) -> int:
    """The bytes of a request's address and headers, without what separates them."""
    return len(address) + len("".join(names)) + len("".join(values))


def head_problem(address: str, headers: HTTPHeaders, most_bytes: int) -> Problem | None:
    """Why a request with this head is refused; ``None`` for all but a few."""
    if isinstance(headers, RefusedHeaders):
        return headers.problem
    names, values = zip(*headers.get_all(), strict=True) if headers else ((), ())
    if head_size(address, names, values) <= most_bytes:
        return None
    return too_long(most_bytes)


def too_long(most_bytes: int) -> Problem:
    """What is said where the address and headers of a request have more bytes."""
    return Problem(
        431,
        f"the address and headers of the request are longer than {most_bytes} bytes (server.max_header_size)",
        "Often it is cookies of another site of the same domain.",
    )
