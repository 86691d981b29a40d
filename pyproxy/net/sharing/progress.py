"""What a process that fetches a file tells those that follow it: one message each time, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from pyproxy import errors
from pyproxy.errors import ProjectUnavailable, PyproxyError, StorageError

MESSAGE_BYTES = 64 << 10
"""No message is longer."""

SENTENCE_LENGTH = 4000
"""So much of each text in an error is told."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the file is.

    ``began``: the upstream has answered, and ``size`` (bytes) is known if it will be. ``released`` bytes may be given
    away. ``sha256``: it is whole and verified. ``again``: its first bytes are about to be overwritten by another
    upstream's, so that they do not tell any more what was given. ``apart``: it is not on the disk, each process has to
    fetch its own.
    """

    began: bool = False
    size: int | None = None
    upstream: str | None = None
    released: int = 0
    sha256: str | None = None
    error: Exception | None = None
    again: bool = False
    apart: bool = False

    @property
    def final(self) -> bool:
        """Whether nothing more will be told."""
        return self.sha256 is not None or self.error is not None or self.apart


def encode(progress: Progress) -> bytes:
    """The message."""
    fields = {name: getattr(progress, name) for name in Progress.__slots__}
    if progress.error is not None:
        fields["error"] = _described(progress.error)
    return msgspec.json.encode(fields)


def decode(message: bytes) -> Progress:
    """The progress; raises ValueError for anything else."""
    try:
        fields = msgspec.json.decode(message)
        if fields["error"] is not None:
            fields["error"] = _restored(fields["error"])
        return Progress(**fields)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError) as error:
        raise ValueError("no progress of a transfer") from error


def _described(error: Exception) -> dict[str, Any]:
    """Its class and what its constructor made of the arguments: enough for the same status and sentence."""
    if isinstance(error, ProjectUnavailable):
        error = error.failures[0]
    texts = {name: value[:SENTENCE_LENGTH] for name, value in vars(error).items() if isinstance(value, str)}
    numbers = {name: value for name, value in vars(error).items() if isinstance(value, (int, float, type(None)))}
    return {"kind": type(error).__name__, "sentence": str(error)[:SENTENCE_LENGTH], "fields": {**texts, **numbers}}


def _restored(described: dict[str, Any]) -> PyproxyError:
    kind = getattr(errors, described["kind"], None)
    if not (isinstance(kind, type) and issubclass(kind, PyproxyError)):
        # A defect: the process where it happened has logged it.
        return StorageError(f"the process that fetches the file failed: {described['sentence']}")
    error: PyproxyError = kind.__new__(kind, described["sentence"])
    vars(error).update(described["fields"])
    return error
