"""What was typed into the form of an upstream: as values for the component, and as texts to be shown again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyproxy.admin.upstreams.changes import Entry
from pyproxy.errors import ConfigurationError
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.upstream_fields import KIND_OF, is_hidden
from pyproxy.settings import Text, UpstreamSettings
from pyproxy.settings.addresses import check_base_url

LONGEST_LINE = 2000
"""Characters of a field of one line; no honest value is as long."""

_BREAKS = re.compile(r"[\r\n,]+")


@dataclass(frozen=True, slots=True)
class Typed:
    """``texts`` by field, without secrets; ``problems`` are those that the form itself has."""

    texts: dict[str, str]
    problems: dict[str, str]


def typed(form: Form) -> Typed:
    """What to show again. A user name and password are taken out of the URL, as they will be when it is stored."""
    texts, problems = {}, {}
    for name, kind in KIND_OF.items():
        if kind == "tick":
            texts[name] = "true" if form.has(name) else "false"
        elif kind != "secret":
            texts[name] = form.text(name)
        if kind != "lines" and len(form.secret(name)) > LONGEST_LINE:
            problems[name] = f"This is longer than {LONGEST_LINE:,} characters."
            texts[name] = ""
    texts["url"], username = _split(texts["url"])
    texts["username"] = texts["username"] or username
    if "@" in texts["http_proxy"]:
        texts["http_proxy"] = ""
    return Typed(texts, problems)


def values_of(form: Form, old: UpstreamSettings | None, files: Mapping[str, str]) -> dict[str, object]:
    """The values for `Upstreams`. ``old`` is what the form was made of, with masked secrets; ``files`` are the names
    of those that were uploaded. Secrets of which nothing was typed stay as they are."""
    values: dict[str, object] = {}
    for name, kind in KIND_OF.items():
        text = form.text(name)
        if kind == "tick":
            values[name] = Text("true" if form.has(name) else "false")
        elif kind == "lines":
            values[name] = Text(",".join(entries(text)))
        elif kind == "file":
            values[name] = Text(files.get(name, text))
        elif kind == "secret" or (kind == "proxy" and is_hidden(old and old.http_proxy)):
            if given := form.secret(name) if kind == "secret" else text:
                values[name] = Text(given)
            elif form.has(f"{name}_remove"):
                values[name] = Text("")
        elif form.has(name):
            values[name] = Text(text)
    if form.text("priority") == form.text("shown_priority"):
        values.pop("priority", None)  # not touched: somebody else may have moved it meanwhile
    return values


def entries(text: str) -> list[str]:
    """Those of a list, which stand on lines of their own or are separated by commas."""
    return [entry for part in _BREAKS.split(text) if (entry := part.strip())]


def notes_of(form: Form) -> dict[str, str]:
    """Beside secrets that were typed: they are not sent back."""
    given = [name for name, kind in KIND_OF.items() if kind == "secret" and form.secret(name)]
    if "@" in form.text("http_proxy"):
        given.append("http_proxy")
    if _has_password(form.text("url")):
        given.append("password")
    return dict.fromkeys(given, "Type it once more: what was typed here is not sent back to the browser.")


def merged(
    texts: Mapping[str, str], present: Mapping[str, str], meanwhile: Iterable[Entry]
) -> tuple[dict[str, str], dict[str, str]]:
    """What to show to somebody who was overtaken, and a note for each field that both have touched.

    What was not touched takes the ``present`` value. ``meanwhile`` are the lines of the audit log since the form was
    made, the oldest first.
    """
    shown, notes, before = dict(texts), dict[str, str](), dict[str, str]()
    for entry in meanwhile:
        for change in entry.changes:
            name, new = change.field, change.new or ""
            before.setdefault(name, change.old or "")
            if name not in texts or _same(name, texts[name], before[name]):
                continue
            if not _same(name, texts[name], new):
                notes[name] = f"{entry.actor.name} has set this to {new or 'nothing'} meanwhile."
    for name in before.keys() & texts.keys() - notes.keys():
        shown[name] = present[name]
    return shown, notes


def _same(name: str, one: str, other: str) -> bool:
    """Whether two texts stand for the same value; files are known by their names in the form, by paths in the log."""
    if KIND_OF[name] == "file":
        return one.rpartition("/")[2] == other.rpartition("/")[2]
    return entries(one) == entries(other) or (not one and is_hidden(other))


def _split(url: str) -> tuple[str, str]:
    """A URL without the user name and password that stand in it, and the user name; as it is where it is no URL."""
    try:
        base = check_base_url(url)
    except ConfigurationError:
        return url, ""
    return (base.url, base.username or "") if base.username or base.password else (url, "")


def _has_password(url: str) -> bool:
    try:
        return check_base_url(url).password is not None
    except ConfigurationError:
        return False
