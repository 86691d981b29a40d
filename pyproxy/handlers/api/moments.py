"""Times in answers: ISO 8601 in UTC, made from unix seconds where a read model is converted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

Moment = Annotated[datetime, Meta(tz=True)]

T = TypeVar("T", bound=msgspec.Struct)


def moment(then: float) -> datetime:
    """A time of unix seconds, to the millisecond."""
    return datetime.fromtimestamp(round(then, 3), UTC)


def answer_of(kind: type[T], read_model: object) -> T:
    """A read model's attributes as an answer, which has some or all of them by the same names."""
    return msgspec.convert(read_model, kind, strict=False, from_attributes=True)
