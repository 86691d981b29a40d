"""`Upstreams`: what an administrator may do to them. Each change and its line in the audit log are one transaction.

::

    pages = Upstreams(store, audit, CertificateFolder(directory / CERTIFICATES_NAME))
    shown = pages.get("pypi")
    pages.change("pypi", {"index_ttl": "5m"}, actor, version=shown.version)

``version`` is the one that the person or program has seen; ``None`` changes whatever is there. No secret comes out,
but by `draft`, for a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pyproxy.admin.upstreams.changes import changes_between
from pyproxy.admin.upstreams.given import settled
from pyproxy.errors import ConfigurationError, StorageError, VersionConflict
from pyproxy.settings import UpstreamSettings, gives_secret, priority_of, veiled
from pyproxy.settings.masking import MASK
from pyproxy.storage.audit import Actor, AuditLog, Change, Witness
from pyproxy.storage.certificates import CertificateFolder
from pyproxy.storage.upstreams import StoredUpstream as StoredUpstream  # the type, for handlers
from pyproxy.storage.upstreams import UpstreamStore, order_version


@dataclass(frozen=True, slots=True)
class Listed:
    """All upstreams in the order in which they are asked, and the version of that order."""

    upstreams: tuple[StoredUpstream, ...]
    order: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of a change: the upstream as it is now, and what is different (nothing: it was so already).

    ``forgot_pages``: its index is at another address now, so that its pages are gone.
    """

    upstream: StoredUpstream
    changes: tuple[Change, ...]
    forgot_pages: bool


class Upstreams:
    """The upstreams of a storage directory; belongs to one thread.

    Values are a field's typed values or `Text`; with a ``folder``, files are named in it, and ``***`` leaves a secret
    as it is. Raises `ConfigurationError` with its field as ``key`` (`ConfigurationErrors` for several),
    `UnknownUpstream`, `SecretAskedAgain`, `VersionConflict` and `StorageError`; then nothing was changed.
    """

    def __init__(self, store: UpstreamStore, audit: AuditLog, folder: CertificateFolder | None = None) -> None:
        self._store = store
        self._audit = audit
        self._folder = folder

    def list(self) -> Listed:
        """All of them; without the key too, so that of a proxy with a password only ``***`` is known."""
        upstreams = tuple(self._store.list(reveal=False))
        return Listed(upstreams, order_version(each.settings.name for each in upstreams))

    def get(self, name: str) -> StoredUpstream:
        """One of them; ``***`` stands for its secrets."""
        try:
            stored = self._store.get(name)
        except StorageError:  # another key encrypted them
            return self._store.get(name, reveal=False)
        return replace(stored, settings=veiled(stored.settings))

    def add(self, values: Mapping[str, object], actor: Actor, *, like: str | None = None) -> StoredUpstream:
        """A new one, at the position ``priority`` or last; what is left out is as in the upstream ``like``."""
        if "name" not in values:
            raise ConfigurationError("is missing", key="name", suggestion="every upstream needs a name")
        new = self.draft(values, like=like)
        witness = self._witness(actor, "added", new.name, changes_between(None, new))
        self._store.add(new, priority_of(values), witness=witness)
        return self.get(new.name)

    def change(
        self, name: str, values: Mapping[str, object], actor: Actor, *, version: str | None = None
    ) -> Changed:
        """Change the fields that are given; ``priority`` among them moves it. What is the same already is no change."""
        old, new = self._old_and_new(name, values, version)
        changes = changes_between(old.settings, new)
        position = priority_of(values)
        changes += self._moved(old, position)
        if changes:
            witness = self._witness(actor, _action(changes), name, changes)
            self._store.change(name, new, position=position, expected=old.version, witness=witness)
        return Changed(self.get(name), changes, old.settings.index_url != new.index_url)

    def move(self, name: str, position: int, actor: Actor, *, order: str | None = None) -> StoredUpstream:
        """Give it a place in the order, counted from 1; ``order`` is the version that the person has seen."""
        old = self._store.get(name, reveal=False)
        moved = self._moved(old, position)
        if moved or order is not None:
            witness = self._witness(actor, "moved", name, moved) if moved else None
            self._store.move(name, position, expected=order, witness=witness)
        return self._store.get(name, reveal=False)

    def switch(self, name: str, actor: Actor, *, active: bool, version: str | None = None) -> StoredUpstream:
        """Switch it on or off."""
        return self.change(name, {"active": active}, actor, version=version).upstream

    def remove(self, name: str, actor: Actor, *, version: str | None = None) -> None:
        """Remove it with its pages; verified files stay."""
        old = self._store.get(name, reveal=False)
        witness = self._witness(actor, "removed", name, changes_between(old.settings, None))
        self._store.remove(name, expected=version, witness=witness)

    def lose_pages(self, name: str, values: Mapping[str, object] | None, *, version: str | None = None) -> bool:
        """Drop some of the pages that `change` to these values, or `remove` (``None``), drops; whether more may go.

        Raises what they do, and drops none then.
        """
        if values is not None:
            old, new = self._old_and_new(name, values, version)
            if new.index_url == old.settings.index_url:
                return False
        return self._store.drop_pages(name, version)

    def draft(self, values: Mapping[str, object], *, like: str | None = None) -> UpstreamSettings:
        """The settings that would be stored, with their secrets: those of ``like`` with the values given.

        The same checks as for storing them, so that nobody learns a secret by a test that could not learn it by a
        change.
        """
        old = None if like is None else self._readable(like, values).settings
        return settled(values, old, self._folder)

    def _old_and_new(
        self, name: str, values: Mapping[str, object], version: str | None
    ) -> tuple[StoredUpstream, UpstreamSettings]:
        old = self._readable(name, values)
        if version is not None and version != old.version:
            raise VersionConflict(subject(name))
        return old, settled(values, old.settings, self._folder)

    def _readable(self, name: str, values: Mapping[str, object]) -> StoredUpstream:
        """The present one; without its secrets where the key was lost and the secret is being given again."""
        try:
            return self._store.get(name)
        except StorageError:
            if not gives_secret(values):
                raise
        stored = self._store.get(name, reveal=False)
        settings = replace(stored.settings, password=None, token=None)
        if settings.http_proxy == MASK and "http_proxy" not in values:
            raise ConfigurationError(
                "was encrypted with another key, too", key="http_proxy", suggestion="give it again with the same change"
            )
        return replace(stored, settings=settings)

    def _moved(self, old: StoredUpstream, position: int | None) -> tuple[Change, ...]:
        if position is None:
            return ()
        place = min(max(position, 1), len(self._store.list(reveal=False)))
        return (Change("priority", str(old.priority), str(place)),) if place != old.priority else ()

    def _witness(self, actor: Actor, action: str, name: str, changes: tuple[Change, ...]) -> Witness:
        return self._audit.witness(actor, action, subject(name), changes)


def subject(name: str) -> str:
    """What the audit log calls an upstream."""
    return f"upstream {name}"


def _action(changes: tuple[Change, ...]) -> str:
    """What the audit log says that was done."""
    match [change.field for change in changes]:
        case ["priority"]:
            return "moved"
        case ["active"]:
            return "switched on" if changes[0].new == "true" else "switched off"
    return "changed"
