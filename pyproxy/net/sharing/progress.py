"""What a process that fetches a file tells those that follow it: one message each time, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

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


_Bytes = Annotated[int, msgspec.Meta(ge=0)]


class _Failure(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    sentence: str
    fields: dict[str, str | bool | int | float | None]


class _Message(msgspec.Struct, forbid_unknown_fields=True):
    """A `Progress` as it is written."""

    began: bool
    size: _Bytes | None
    upstream: str | None
    released: _Bytes
    sha256: str | None
    error: _Failure | None
    again: bool
    apart: bool


def encode(progress: Progress) -> bytes:
    """The message."""
    fields = {name: getattr(progress, name) for name in Progress.__slots__}
    if progress.error is not None:
        fields["error"] = _described(progress.error)
    return msgspec.json.encode(fields)


def decode(message: bytes) -> Progress:
    """The progress; raises ValueError for anything else."""
    try:
        told = msgspec.json.decode(message, type=_Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no progress of a transfer") from error
    fields = msgspec.structs.asdict(told)
    return Progress(**{**fields, "error": None if told.error is None else _restored(told.error)})


def _described(error: Exception) -> dict[str, Any]:
    """Its class and what its constructor made of the arguments: enough for the same status and sentence."""
    if isinstance(error, ProjectUnavailable):
        error = error.failures[0]
    texts = {name: value[:SENTENCE_LENGTH] for name, value in vars(error).items() if isinstance(value, str)}
    numbers = {name: value for name, value in vars(error).items() if isinstance(value, (int, float, type(None)))}
    return {"kind": type(error).__name__, "sentence": str(error)[:SENTENCE_LENGTH], "fields": {**texts, **numbers}}


def _restored(failure: _Failure) -> PyproxyError:
    kind = getattr(errors, failure.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, PyproxyError)):
        # A defect: the process where it happened has logged it.
        return StorageError(f"the process that fetches the file failed: {failure.sentence}")
    error: PyproxyError = kind.__new__(kind, failure.sentence)
    vars(error).update(failure.fields)
    return error
