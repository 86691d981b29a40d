"""How operations may refuse or fail, by status: which of them do so, and what that means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyproxy.handlers.api.operation import Operation

RESPONSES: Mapping[int, tuple[str, str]] = {
    400: ("Unreadable", "The body is no JSON; the title says where."),
    401: ("WithoutCredentials", "Without credentials, or with wrong ones. `WWW-Authenticate` says which are taken."),
    403: ("NotAllowed", "With credentials that may not do this."),
    404: ("NothingThere", "There is nothing of this name, or nothing of this kind."),
    409: ("Conflict", "It does not go together with what there is, such as a name that is taken. Nothing was changed."),
    412: ("ChangedMeanwhile", "It is not what If-Match names any more. Nothing was changed."),
    413: ("TooLarge", "The body is larger than `server.max_body_size`."),
    415: ("NoJson", "The body is not sent as application/json."),
    422: ("WrongValues", "Some values are wrong; `errors` says which. Nothing was changed."),
    428: ("WithoutIfMatch", "If-Match is missing. Nothing was changed."),
    429: ("Paused", "Too many wrong passwords; `Retry-After` says how many seconds to wait."),
}
"""The name of each in the document, and what it means."""


def statuses_of(operation: Operation) -> Iterator[int]:
    """Those that an operation may answer with, beside its own."""
    changes, known = operation.method != "GET", operation.may != "anybody"
    applies = {
        400: changes,
        401: known,
        403: known,
        404: operation.missing,
        409: operation.conflict,
        412: operation.conditional,
        413: changes,
        415: changes,
        422: True,
        428: operation.conditional == "needed",
        429: known,
    }
    return (status for status, does in applies.items() if does)
