"""One file in the legacy JSON API: an entry of ``urls`` and ``releases``.

The project page rules: its hashes, its mark of being yanked, its size. What an upstream's own document says beyond
that is passed on only where its hashes do not contradict the page's.
"""

from __future__ import annotations

import re
from typing import Any

from pyproxy.simple.model import File, NormalizedName
from pyproxy.simple.parse_fields import size_of, text_of, upload_time_of
from pyproxy.simple.render import file_link

_HEX = re.compile(r"[0-9a-f]{32,128}")
_DUMB = re.compile(r"\.(?:linux|macosx|win|darwin|freebsd)[a-z0-9._-]*\.(?:tar\.[a-z0-9]+|tgz|zip)$", re.IGNORECASE)
_PYTHON_TAG = re.compile(r"-py(\d(?:\.\d+)?)(?=[.-])")
_OURS = frozenset(
    {"comment_text", "digests", "downloads", "filename", "has_sig", "md5_digest", "packagetype", "python_version"}
    | {"requires_python", "size", "upload_time", "upload_time_iso_8601", "url", "yanked", "yanked_reason"}
)
_SUFFIX_TYPES = (
    (".whl", "bdist_wheel"),
    (".egg", "bdist_egg"),
    (".exe", "bdist_wininst"),
    (".msi", "bdist_msi"),
    (".rpm", "bdist_rpm"),
    (".dmg", "bdist_dmg"),
)
_SOURCE_SUFFIXES = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar.z", ".tar", ".tbz", ".txz")


def file_entry(
    file: File,
    listed: dict[str, Any] | None,
    *,
    project: NormalizedName,
    sha256: str | None,
    core_metadata: bool | dict[str, str],
    base: str,
) -> dict[str, Any]:
    """The entry of a file on the project page.

    ``listed`` is what the upstream's document says of it, ``sha256`` the listed or recorded one (lower-case hex),
    ``core_metadata`` the metadata file that the upstream lists or that is offered here (`File`).
    ``base`` is this server's address, without a slash at its end: clients of this API want absolute URLs.
    """
    ours = {**file.hashes, "sha256": sha256} if sha256 else dict(file.hashes)
    theirs = _digests(listed or {})
    common = ours.keys() & theirs.keys()
    if listed is None or any(ours[name] != theirs[name] for name in common):
        listed, theirs = {}, {}  # of another file by this name
    digests = {**theirs, **ours} if common else ours
    uploaded = file.upload_time or upload_time_of(listed.get("upload_time_iso_8601"))
    packagetype = text_of(listed.get("packagetype")) or packagetype_of(file.filename)
    return {
        **{key: value for key, value in listed.items() if key not in _OURS},
        **({"core-metadata": core_metadata} if core_metadata else {}),
        "comment_text": text_of(listed.get("comment_text")),
        "digests": digests,
        "downloads": -1,  # PyPI's own word for "not counted"
        "filename": file.filename,
        "has_sig": file.gpg_sig if file.gpg_sig is not None else listed.get("has_sig") is True,
        "md5_digest": digests.get("md5"),
        "packagetype": packagetype,
        "python_version": text_of(listed.get("python_version")) or python_version_of(file.filename, packagetype),
        "requires_python": file.requires_python or text_of(listed.get("requires_python")),
        "size": file.size if file.size is not None else size_of(listed.get("size")),
        "upload_time": uploaded[:19] if uploaded else None,
        "upload_time_iso_8601": uploaded,
        "url": f"{base}/{file_link(project, file.filename, sha256)}",
        "yanked": bool(file.yanked),
        "yanked_reason": file.yanked if isinstance(file.yanked, str) else None,
    }


def packagetype_of(filename: str) -> str | None:
    """What kind of distribution a filename names, in distutils' words; ``None`` for what it does not tell."""
    lowered = filename.lower()
    for suffix, packagetype in _SUFFIX_TYPES:
        if lowered.endswith(suffix):
            return packagetype
    if lowered.endswith(_SOURCE_SUFFIXES):
        return "bdist_dumb" if _DUMB.search(lowered) else "sdist"
    return None


def python_version_of(filename: str, packagetype: str | None) -> str | None:
    """For which Python a file is: a wheel's tag, ``source`` for source, ``3.8`` for an egg or installer."""
    if packagetype == "sdist":
        return "source"
    if packagetype == "bdist_wheel":
        parts = filename.split("-")
        return parts[-3] if len(parts) >= 5 else None
    found = _PYTHON_TAG.search(filename)
    return found[1] if found else None


def _digests(listed: dict[str, Any]) -> dict[str, str]:
    raw = listed.get("digests")
    found = dict(raw) if isinstance(raw, dict) else {}
    found.setdefault("md5", listed.get("md5_digest"))
    return {
        name.lower(): value.lower()
        for name, value in found.items()
        if isinstance(value, str) and _HEX.fullmatch(value.lower())
    }
