"""Which projects an upstream is asked for in a test: one that it has, and one that nobody has.

Only names that its own patterns admit, and none that belongs to another upstream: a private name must not be sent to
somebody else, not even to try whether he answers.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from pyproxy.errors import ConfigurationError, InvalidProjectName, NameReserved, NoActiveUpstream, ProjectNotAdmitted
from pyproxy.repositories.admission import HasSettings, admitted
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import normalize
from pyproxy.simple.patterns import admits, normalize_pattern

if TYPE_CHECKING:  # commands that only read a name start without curl
    from pyproxy.admin.upstream_test.asking import Answer

LIST_BYTES = 64 << 10
"""How much of a list of projects is read; the longest are of 30 MB and more."""

_WILDCARD = re.compile(r"[*?\[]")
_BRACKETS = re.compile(r"\[(!?)([^\]]*)\]")
_JSON_NAME = re.compile(r'"name"\s*:\s*"([^"\\]{1,200})"')
_EMPTY_LIST = re.compile(r"pypi:repository-version|<title>\s*simple", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']?([^\"'<>\s]+)[^<>]*>([^<>]{1,200})</a", re.IGNORECASE)


def project_to_ask(text: str, settings: UpstreamSettings, others: Sequence[HasSettings]) -> NormalizedName:
    """A name that a person gave. Raises `ConfigurationError` where this upstream is never asked for it."""
    try:
        project = normalize(text)
    except InvalidProjectName as error:
        raise ConfigurationError(str(error), key="--project", suggestion="give the name of a project") from None
    if not admits(settings.projects, settings.excluded_projects, project):
        raise ConfigurationError(
            f"{project} is never asked of this upstream: its project patterns leave it out",
            key="--project",
            suggestion="give a name that they admit",
        )
    if _belongs_to_others(project, settings, others):
        raise ConfigurationError(
            f"{project} is never asked of this upstream: it is in the projects of another one",
            key="--project",
            suggestion="give another name",
        )
    return project


def _belongs_to_others(project: NormalizedName, settings: UpstreamSettings, others: Sequence[HasSettings]) -> bool:
    tested = _Tested(replace(settings, active=True))
    try:
        return tested not in admitted([*others, tested], project)
    except NameReserved:
        return True
    except (NoActiveUpstream, ProjectNotAdmitted):
        return False


class _Tested:
    """The upstream under test among the others."""

    def __init__(self, settings: UpstreamSettings) -> None:
        self.settings = settings


def askable(names: Iterable[str], settings: UpstreamSettings) -> Iterator[NormalizedName]:
    """Those that are names of projects and admitted, each once."""
    seen = set()
    for name in names:
        try:
            project = normalize(name)
        except InvalidProjectName:
            continue
        if project not in seen and admits(settings.projects, settings.excluded_projects, project):
            seen.add(project)
            yield project


def listed(answer: Answer) -> list[str] | None:
    """The names at the beginning of a list of projects (PEP 691 or 503); ``None`` where it is no such list.

    A link counts if it leads below the list, to what its text says: others are a web page's navigation.
    """
    text = answer.text
    if text.lstrip()[:1] == "{":
        return _JSON_NAME.findall(text) if '"projects"' in text else None
    page = urlsplit(answer.url)
    base = page.path.rstrip("/") + "/"
    found = []
    for href, label in _ANCHOR.findall(text):
        target = urlsplit(urljoin(answer.url, html.unescape(href)))
        path = unquote(target.path)
        last = path.rstrip("/").rpartition("/")[2]
        name = html.unescape(label).strip().rstrip("/")
        if target.netloc == page.netloc and path.startswith(base) and _same_name(last, name):
            found.append(name)
    return found if found or _EMPTY_LIST.search(text) else None


def exact_names(settings: UpstreamSettings) -> list[str]:
    """The patterns that are names already."""
    return [pattern for pattern in settings.projects if not _WILDCARD.search(pattern)]


def unknown_name(settings: UpstreamSettings) -> NormalizedName | None:
    """A name that nobody has and the patterns admit; ``None`` where they name every project exactly."""
    nonsense = f"pyproxy-probe-{secrets.token_hex(6)}"
    if not settings.projects:
        return next(askable([nonsense], settings), None)
    patterns = [normalize_pattern(pattern) for pattern in settings.projects if "*" in pattern]
    filled = [_BRACKETS.sub(_one_of, pattern).replace("?", "x").replace("*", nonsense, 1) for pattern in patterns]
    return next(askable((name.replace("*", "x") for name in filled), settings), None)


def _one_of(brackets: re.Match[str]) -> str:
    """A character that ``[abc]`` or ``[!abc]`` admits."""
    if not brackets[1]:
        return brackets[2][:1]
    return next((character for character in "xyz0123456789" if character not in brackets[2]), "x")


def _same_name(one: str, other: str) -> bool:
    try:
        return normalize(one) == normalize(other)
    except InvalidProjectName:
        return False
