"""How much a request may say before its body: ``server.max_header_size``, and a number of headers that is fixed.

Whoever meets one of these limits is told which it is, with 431 (RFC 6585).
"""

from __future__ import annotations

from collections.abc import Iterable

from tornado.httputil import HTTPHeaders

from pyproxy.handlers.statuses import Problem

MOST_HEADERS = 1000
"""Headers of a request at most: to take apart the hundred thousand that have room in a head stops everybody else."""


class CutHeaders(HTTPHeaders):
    """The first `MOST_HEADERS` of more: enough to know who asks. The request is refused, and its connection ends."""


def head_size(address: str, names: Iterable[str], values: Iterable[str]) -> int:
    """The bytes of a request's address and headers, without what separates them."""
    return len(address) + len("".join(names)) + len("".join(values))


def head_problem(address: str, headers: HTTPHeaders, most_bytes: int) -> Problem | None:
    """Why a request with this head is refused; ``None`` for all but a few."""
    if isinstance(headers, CutHeaders):
        return Problem(
            431,
            f"the request has more than {MOST_HEADERS} headers, which is a fixed limit",
            "No client has a use for so many: see what adds them, here or in a front between.",
        )
    names, values = zip(*headers.get_all(), strict=True) if headers else ((), ())
    if head_size(address, names, values) <= most_bytes:
        return None
    return Problem(
        431,
        f"the address and headers of the request are longer than {most_bytes} bytes (server.max_header_size)",
        "Often it is cookies of another site of the same domain.",
    )
