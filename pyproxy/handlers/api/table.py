"""All operations, and which one answers a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyproxy.handlers.api.operation import Operation


@dataclass(frozen=True, slots=True)
class Found:
    """An operation, and what stands in the path for its arguments, percent-encoded."""

    operation: Operation
    arguments: Mapping[str, str]


class Table:
    """Operations in order: where two paths fit, the one without arguments in that place has to come first."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = tuple(operations)
        self._patterns: tuple[tuple[re.Pattern[str], Operation], ...] = tuple(
            (each.pattern, each) for each in operations
        )

    def find(self, method: str, path: str) -> Found | None:
        """What answers; HEAD is answered by GET."""
        method = "GET" if method == "HEAD" else method
        return next((found for found in self._at(path) if found.operation.method == method), None)

    def methods(self, path: str) -> list[str]:
        """What may be asked at a path; nothing where there is none."""
        methods = {found.operation.method for found in self._at(path)}
        return sorted(methods | {"HEAD"} if "GET" in methods else methods)

    def _at(self, path: str) -> Iterator[Found]:
        for pattern, operation in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                yield Found(operation, match.groupdict())
