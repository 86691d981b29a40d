"""The documents of the Simple Repository API as immutable values.

Required reading, in this order: PEP 503 (HTML index), PEP 592 (yanked), PEP 658/714 (core metadata), PEP 691
(JSON), PEP 700 (versions, size, upload-time), PEP 708 (tracks), PEP 740 (provenance), PEP 792 (project status).
Values are kept verbatim where a client may compare them (``upload_time``, ``yanked``, ``requires_python``).

Encoded (``canonical``), fields take the PEPs' spelling (``requires-python``) and defaults are left out. The structs
hold trees of plain JSON values, which cannot form cycles, so the garbage collector need not walk 20,000 of them.
"""

from __future__ import annotations

from typing import Any, NewType

import msgspec

NormalizedName = NewType("NormalizedName", str)
"""A project name in its one normalised spelling (PEP 503): lower case, runs of ``-_.`` as one ``-``."""


class File(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True, gc=False):
    """One entry of a project page.

    ``url`` is absolute (the upstream's own, verbatim but resolved); ``hashes`` maps hashlib names to lower-case
    hex; ``yanked`` is ``False``, ``True`` or the non-empty reason; ``core_metadata`` is ``False`` (none), ``True``
    (present, hash unknown) or a hash mapping like ``hashes``; ``size`` is in bytes; ``upload_time`` verbatim
    (ISO 8601, ends in ``Z``); ``extra`` holds unknown public keys, passed through.
    """

    filename: str
    url: str
    hashes: dict[str, str] = {}
    requires_python: str | None = None
    yanked: bool | str = False
    size: int | None = None
    upload_time: str | None = None
    core_metadata: bool | dict[str, str] = False
    provenance: str | None = None
    gpg_sig: bool | None = None
    extra: dict[str, Any] = {}

    @property
    def sha256(self) -> str | None:
        """The listed sha256 in lower-case hex, if there is one."""
        return self.hashes.get("sha256")


class ProjectDetail(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True, gc=False):
    """A project page.

    ``versions`` is ``None`` where the upstream gave none (then API version 1.0 is announced, PEP 700);
    ``status`` and ``status_reason`` are PEP 792's; ``extra`` holds unknown public top-level keys, and
    under ``meta`` and ``project-status`` those of these two objects.
    """

    name: NormalizedName
    files: tuple[File, ...] = ()
    versions: tuple[str, ...] | None = None
    status: str | None = None
    status_reason: str | None = None
    tracks: tuple[str, ...] = ()
    alternate_locations: tuple[str, ...] = ()
    extra: dict[str, Any] = {}
