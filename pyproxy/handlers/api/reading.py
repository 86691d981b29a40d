"""What a request brings, made into values: JSON bodies and queries, with every mistake by its key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

import msgspec

from pyproxy.errors import ConfigurationError, ConfigurationErrors
from pyproxy.handlers.api.problems import ApiProblem
from pyproxy.handlers.bodies import Body, BodyTooLarge
from pyproxy.handlers.statuses import Problem
from pyproxy.settings.kinds import closest

S = TypeVar("S", bound=msgspec.Struct)

_PLACE = re.compile(r" - at `\$(.*)`$")


def read_object(body: Body, content_type: str) -> Mapping[str, object]:
    """The object that a body holds, an empty one for no body at all. Raises `ApiProblem`."""
    try:
        content = body.content()
    except BodyTooLarge as error:
        raise ApiProblem(error.problem) from None
    if not content:
        return {}
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise _refused(415, "The body has to be JSON: Content-Type: application/json")
    try:
        value = msgspec.json.decode(content)
    except msgspec.MsgspecError as error:
        raise _refused(400, f"The body is no JSON: {_reason(content, error)}") from None
    except RecursionError:
        raise _refused(400, "The body is nested too deeply") from None
    if not isinstance(value, dict):
        raise _refused(422, "The body has to be a JSON object")
    return value


def read_values(values: Mapping[str, object], kind: type[S]) -> S:
    """A body's values. Raises `ConfigurationErrors` with all that is wrong with them."""
    return _read(values, kind, strict=True)


def read_query(arguments: Mapping[str, list[bytes]], kind: type[S]) -> S:
    """A query's values, which come as text. Raises `ConfigurationErrors`."""
    texts: dict[str, object] = {}
    mistakes: list[ConfigurationError] = []
    for name, given in arguments.items():
        try:
            texts[name] = given[-1].decode()
        except UnicodeDecodeError:
            mistakes.append(ConfigurationError("holds bytes that are not UTF-8", key=name))
        if len(given) > 1:
            mistakes.append(ConfigurationError("is given twice", key=name, suggestion="give it once"))
    if mistakes:
        raise ConfigurationErrors(mistakes)
    return _read(texts, kind, strict=False)


def _read(values: Mapping[str, object], kind: type[S], *, strict: bool) -> S:
    known = {each.encode_name: each for each in msgspec.structs.fields(kind)}
    mistakes = [_unknown(name, known) for name in values if name not in known]
    read: dict[str, Any] = {}
    for name, each in known.items():
        if name not in values:
            if each.required:
                mistakes.append(ConfigurationError("is missing", key=name))
            continue
        try:
            read[each.name] = _converted(values[name], each.type, strict=strict)
        except msgspec.ValidationError as error:
            mistakes.append(_mistake(name, str(error), each.type))
        else:
            mistakes.extend(_unwritable(name, values[name]))
    if mistakes:
        raise ConfigurationErrors(mistakes)
    return kind(**read)


def _converted(value: object, kind: object, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError:
        # To JSON, 5.0 is the same number as 5, and some programs write all of theirs so.
        if isinstance(value, float) and value.is_integer():
            return msgspec.convert(int(value), kind, strict=strict)
        raise


def _unknown(name: str, known: Mapping[str, object]) -> ConfigurationError:
    close = closest(name, known)
    suggestion = f"did you mean {close}?" if close else f"known here: {', '.join(known) or 'nothing'}"
    return ConfigurationError("is not known here", key=name[:100], suggestion=suggestion)


def _mistake(name: str, message: str, kind: object) -> ConfigurationError:
    """What msgspec says, in our form: ``Expected `int`, got `str` - at `$[0]``` is about ``name[0]``."""
    place = _PLACE.search(message)
    problem, suggestion = _PLACE.sub("", message).replace("`", ""), None
    if "matching regex" in problem:
        example = next(_examples(kind), None)
        problem, suggestion = "is not written as it should be", example and f"write it like {example}"
    return ConfigurationError(
        problem[:1].lower() + problem[1:], key=name + (place[1] if place else ""), suggestion=suggestion
    )


def _examples(kind: object) -> Iterator[str]:
    """Texts that are right, as the type says them."""
    for part in get_args(kind):
        if isinstance(part, msgspec.Meta):
            yield from (each for each in part.examples or () if isinstance(each, str))
        else:
            yield from _examples(part)


def _unwritable(name: str, value: object) -> Iterator[ConfigurationError]:
    """Texts with NUL, which no table, path or header can hold whole."""
    texts = value if isinstance(value, list) else [value]
    if any(isinstance(text, str) and "\0" in text for text in texts):
        yield ConfigurationError("holds a NUL character", key=name)


def _reason(content: bytes, error: msgspec.MsgspecError) -> str:
    """Where it stops being JSON, for people."""
    try:
        json.loads(content)
    except json.JSONDecodeError as found:
        return f"{found.msg} in line {found.lineno}, column {found.colno}"
    except (ValueError, RecursionError):
        pass
    return str(error).removeprefix("JSON is malformed: ")


def _refused(status: int, title: str) -> ApiProblem:
    return ApiProblem(Problem(status, title, "Nothing was changed."))
