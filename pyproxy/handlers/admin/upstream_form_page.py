"""The form of an upstream as its template gets it: what stands in it, what is wrong with it, who was faster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pyproxy.admin.administration import Administration
from pyproxy.admin.upstreams.changes import Entry
from pyproxy.admin.upstreams.given import KINDS, CertificateFolder, Kind, mistakes_of
from pyproxy.admin.upstreams.upstreams import subject
from pyproxy.errors import ConfigurationError
from pyproxy.handlers.admin.forms import Form
from pyproxy.handlers.admin.sign_in import sentence
from pyproxy.handlers.admin.typed_upstream import merged
from pyproxy.handlers.admin.upstream_fields import LABEL_OF, Group, groups, is_hidden, texts_of
from pyproxy.settings import UpstreamSettings

Way = Literal["add", "edit", "copy"]

_EMPTY = UpstreamSettings(name="", url="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Which state a form was made from: the upstream's version, its position as it was shown, and the newest line of
    the audit log."""

    version: str = ""
    priority: str = ""
    seen: int = 0

    @classmethod
    def of(cls, form: Form) -> Basis:
        """What a form says of itself."""
        seen = form.text("seen")
        known = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 18 else 0
        return cls(version=form.text("version"), priority=form.text("shown_priority"), seen=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What stands in the fields where that is not what is stored, and what is said beside them.

    ``basis`` is that of the form that was sent; ``meanwhile`` are the changes since, the newest first.
    """

    texts: Mapping[str, str] | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    basis: Basis | None = None
    meanwhile: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamForm:
    """The form of `templates/admin/upstream_form.html`.

    ``like`` is the upstream that it was made of, empty for a new one. ``trouble`` is what is wrong with no single
    field, ``problems`` are (field, label, sentence). ``meanwhile`` are the changes by which somebody was overtaken.
    """

    way: Way
    like: str
    groups: tuple[Group, ...]
    basis: Basis
    trouble: str
    problems: Sequence[tuple[str, str, str]]
    meanwhile: Sequence[Entry]
    now: float


def form_page(admin: Administration, way: Way, name: str, told: Told, now: float) -> UpstreamForm:
    """The form for a new upstream, or one that is or begins as ``name``. Raises `UnknownUpstream`, `StorageError`."""
    stored = admin.upstreams.get(name) if name else None
    settings, priority = (stored.settings, stored.priority) if stored else (_EMPTY, None)
    texts = _texts(settings, priority, admin.certificates)
    if way == "copy":
        texts |= {"name": "", "priority": ""}
    basis = told.basis or Basis(
        version=stored.version if stored else "", priority=texts["priority"], seen=_newest(admin)
    )
    return UpstreamForm(
        way=way,
        like=name,
        groups=groups(
            texts if told.texts is None else told.texts,
            there=_there(settings),
            problems=told.problems,
            notes=told.notes,
            defaults=admin.upstream_defaults,
            choices={kind: _choices(kind, settings, admin.certificates) for kind in KINDS},
            fixed=frozenset({"name"}) if way == "edit" else frozenset(),
        ),
        basis=basis,
        trouble=told.problems.get("", ""),
        problems=[(key, LABEL_OF[key], text) for key, text in told.problems.items() if key in LABEL_OF],
        meanwhile=told.meanwhile,
        now=now,
    )


def overtaken(admin: Administration, name: str, basis: Basis, told: Told) -> Told:
    """What to say to somebody whose form was made before another one's change."""
    stored, about = admin.upstreams.get(name), subject(name)
    entries = [
        entry for entry in admin.audit.entries(subject=about) if entry.id > basis.seen and entry.subject == about
    ]
    present = _texts(stored.settings, stored.priority, admin.certificates)
    texts, notes = merged(told.texts or present, present, entries[::-1])
    return Told(texts=texts, notes={**told.notes, **notes}, meanwhile=entries)


def problems_of(error: ConfigurationError) -> dict[str, str]:
    """A sentence for each field that is wrong; empty for what is about none."""
    return {key if (key := mistake.key or "") in LABEL_OF else "": sentence(mistake) for mistake in mistakes_of(error)}


def _newest(admin: Administration) -> int:
    entries = admin.audit.entries(limit=1)
    return entries[0].id if entries else 0


def _there(settings: UpstreamSettings) -> dict[str, str]:
    """The secrets that are stored: what is shown in their place."""
    there = {key: "stored" for key in ("password", "token") if getattr(settings, key) is not None}
    return there | ({"http_proxy": str(settings.http_proxy)} if is_hidden(settings.http_proxy) else {})


def _texts(settings: UpstreamSettings, priority: int | None, folder: CertificateFolder) -> dict[str, str]:
    return texts_of(settings, priority) | {kind: _file(kind, settings, folder) for kind in KINDS}


def _file(kind: Kind, settings: UpstreamSettings, folder: CertificateFolder) -> str:
    """The file that is set: its name, or its path where it is not in the folder."""
    path: str = getattr(settings, kind) or ""
    name = folder.name_of(path)
    return name if name is not None and any(name == file.name for file in folder.files()) else path


def _choices(kind: Kind, settings: UpstreamSettings, folder: CertificateFolder) -> list[tuple[str, str]]:
    """The files that can be chosen, and the one that is set, wherever it lies."""
    found = {file.name: file.name for file in folder.files() if kind in file.kinds}
    present = _file(kind, settings, folder)
    if present and present not in found:
        found = {present: f"{present} (not in the folder of certificates)", **found}
    return [("", "the public authorities" if kind == "ca_bundle" else "none"), *found.items()]
