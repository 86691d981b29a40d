"""What the words of the activity pages mean, and how they look: what can be chosen there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "hit": "answered from what is kept",
        "stale": "the same, past its freshness",
        "collapsed": "from a transfer under way",
        "miss": "an upstream was asked",
        "missing": "there is no such thing",
        "refused": "the request was wrong",
        "redirected": "led to another address",
        "failed": "could not be answered",
        "broken": "the answer broke off",
        "answered": "anything else",
    }
)
"""How clients' requests end (`admin.history.client_requests`), and what that means."""

RESULTS: Mapping[str, str] = MappingProxyType(
    {"found": "it has it", "missing": "it says that it has not", "failed": "it did not answer rightly"}
)
"""The same for requests to upstreams (`storage.activity.Result`)."""

ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "page": "project page",
        "file": "file",
        "metadata": "metadata file",
        "json": "JSON of a project",
        "list": "list of projects",
        "redirect": "other address, led on",
        "other": "other address",
    }
)
"""What is asked for."""

KINDS = (
    *("timeout", "broken connection", "unreachable", "status", "hash mismatch", "wrong length", "invalid answer"),
    *("not followed", "credentials refused", "rate limit", "other"),
)
"""Kinds of failures (`repositories.failure_kinds`)."""

LOOKS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("hit", "collapsed", "found"), "good"),
        **dict.fromkeys(("stale", "refused"), "warn"),
        **dict.fromkeys(("failed", "broken"), "bad"),
    }
)
"""The badge of an outcome or result, where it is not the plain one."""

Choices = tuple[tuple[str, str], ...]


def explained(words: Mapping[str, str]) -> Choices:
    """Each word with what it means; at first, none is chosen."""
    return (("", "any"), *((word, f"{word}: {meaning}") for word, meaning in words.items()))


def named(words: Mapping[str, str]) -> Choices:
    """The same with names instead of the words."""
    return (("", "any"), *words.items())


def plain(words: Iterable[str], chosen: str) -> Choices:
    """Words as they are; the chosen one among them, though it is none of them any more."""
    return (("", "any"), *((word, word) for word in dict.fromkeys((*words, *([chosen] if chosen else ())))))
