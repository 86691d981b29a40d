"""What is said of a file that none of its sources gave."""

from __future__ import annotations

from collections.abc import Sequence

from pyproxy.errors import FileNotListed, ProjectNotFound, PyproxyError, UpstreamStatus

_GONE = (404, 410)


def verdict(filename: str, failures: Sequence[PyproxyError]) -> PyproxyError:
    """One error for all sources: "gone" only if every one of them says so, else the first other failure."""
    for error in failures:
        gone = isinstance(error, (FileNotListed, ProjectNotFound)) or (
            isinstance(error, UpstreamStatus) and error.status in _GONE
        )
        if not gone:
            return error
    return FileNotListed(f"no upstream has {filename} any more")
