"""Names of projects and files: which are allowed, and what a filename tells.

Required reading: PEP 503 and the name-normalization specification (project names), PEP 427 (wheels), PEP 625 (sdists)
and PEP 658 (``.metadata``). A filename need not be understood to be listed and served: ``project_of`` and
``version_of`` are best effort and never raise.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pyproxy.errors import InvalidFilename, InvalidProjectName
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.versions import read_version

METADATA_SUFFIX = ".metadata"
DISTRIBUTION_SUFFIXES = (
    *(".whl", ".tar.gz", ".zip", ".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg"),
    *(".tar.bz2", ".tar.xz", ".tar.Z", ".tgz", ".tbz", ".txz", ".tar", "-variants.json"),
)
"""How a distribution's filename ends: current formats, those of old listings, and PEP 825's index of variants."""

_MAX_PROJECT_NAME = 200
_MAX_FILENAME_BYTES = 255

# Spelt out in ASCII: with re.IGNORECASE, [a-z] would also match U+017F and the Kelvin sign.
_PROJECT_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SEPARATORS = re.compile(r"[-_.]+")
_CONTROL_OR_SEPARATOR = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")
_ORDINARY_FILENAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!~-]{0,199}")
_PLATFORM_TAIL = re.compile(
    r"(?:[.-](?:win32|win-[a-z0-9]+|linux-[a-z0-9_]+|macosx-[a-z0-9_.-]+))?(?:-py\d(?:\.\d+)?)?$|"
    r"-\d+\.(?:noarch|src|x86_64|i[3-6]86)$",
    re.IGNORECASE,
)
_BEFORE_A_DIGIT = re.compile(r"-(?=\d)")


def normalize(raw: str) -> NormalizedName:
    """Return the one normalised spelling of a project name (PEP 503).

    Raises ``InvalidProjectName`` for what is no name at all (PEP 508).

    >>> normalize("Foo_.Bar")
    'foo-bar'
    """
    if len(raw) > _MAX_PROJECT_NAME:
        limit = f"longer than {_MAX_PROJECT_NAME} characters, a fixed limit"
        raise InvalidProjectName(f"{raw[:40]!r}… is no project name: it is {limit}")
    if not _PROJECT_NAME.fullmatch(raw):
        raise InvalidProjectName(
            f"{raw!r} is no project name: only ASCII letters, digits, '-', '_' and '.', "
            "beginning and ending with a letter or digit"
        )
    return NormalizedName(_SEPARATORS.sub("-", raw).lower())


def check_filename(raw: str) -> str:
    """Return ``raw``, an already percent-decoded filename, if a file may have that name.

    Raises ``InvalidFilename`` for a name that could leave a directory or break a line.
    """
    if _ORDINARY_FILENAME.fullmatch(raw):
        return raw
    shown = repr(raw if len(raw) <= 40 else raw[:40] + "…")  # so that the reason has room in a reason phrase
    if raw in ("", ".", ".."):
        raise InvalidFilename(f"{shown} is no filename")
    if _CONTROL_OR_SEPARATOR.search(raw):
        raise InvalidFilename(f"{shown} is no filename: it contains a path separator or a control character")
    try:
        length = len(raw.encode())
    except UnicodeEncodeError as error:
        raise InvalidFilename(f"{shown} is no filename: it is not valid Unicode") from error
    if length > _MAX_FILENAME_BYTES:
        raise InvalidFilename(f"{shown} is no filename: it is longer than {_MAX_FILENAME_BYTES} bytes, a fixed limit")
    return raw


def is_metadata(filename: str) -> bool:
    """Whether the name is that of a metadata sidecar rather than of a file."""
    return filename.endswith(METADATA_SUFFIX) and len(filename) > len(METADATA_SUFFIX)


def wheel_of_metadata(filename: str) -> str:
    """The file whose metadata sidecar has this name; ``filename`` must be one (``is_metadata``)."""
    return filename.removesuffix(METADATA_SUFFIX)


def is_distribution(filename: str) -> bool:
    """Whether the name ends like a distribution's."""
    return filename.endswith(DISTRIBUTION_SUFFIXES) or filename.lower().endswith(DISTRIBUTION_SUFFIXES)


def project_of(filename: str) -> NormalizedName | None:
    """The project a filename names, as well as it can be told without knowing the project.

    >>> project_of("My.Tool-1.0-py3-none-any.whl")
    'my-tool'
    """
    stem, suffix = _split_suffix(filename)
    if suffix in (".whl", ".egg", "-variants.json"):
        name = stem.split("-")[0]
    elif suffix:
        name = _split_legacy(stem)[0]
    else:
        return None
    try:
        return normalize(name)
    except InvalidProjectName:
        return None


def version_of(filename: str, project: NormalizedName) -> str | None:
    """The version a filename of ``project`` names, normalised where PEP 440 knows it, else as it stands.

    >>> version_of("foo-bar-1.0.0b2.tar.gz", NormalizedName("foo-bar"))
    '1.0.0b2'
    """
    stem, suffix = _split_suffix(filename)
    if suffix in (".whl", ".egg", "-variants.json"):
        parts = stem.split("-")
        raw = parts[1] if len(parts) > 1 else ""
    elif suffix:
        raw = _after_project(stem, project)
    else:
        return None
    return _canonical_version(raw) if raw else None


def _split_suffix(filename: str) -> tuple[str, str]:
    lowered = filename.lower()
    for suffix in DISTRIBUTION_SUFFIXES:
        if lowered.endswith(suffix.lower()):
            return filename[: -len(suffix)], suffix
    return filename, ""


def _after_project(stem: str, project: NormalizedName) -> str:
    """What follows the project's name in ``stem``, however it is spelt; old sdists have hyphens in both parts."""
    stem = _PLATFORM_TAIL.sub("", stem, count=1)
    if stem[: len(project)].lower() == project and stem[len(project) : len(project) + 1] == "-":
        return stem[len(project) + 1 :]
    for index, character in enumerate(stem):
        if character == "-" and _SEPARATORS.sub("-", stem[:index]).lower() == project:
            return stem[index + 1 :]
    return ""


def _split_legacy(stem: str) -> tuple[str, str]:
    """Split ``name-version`` at the last hyphen before a valid version, else before the first digit."""
    stem = _PLATFORM_TAIL.sub("", stem, count=1)
    name, _, version = stem.rpartition("-")
    while name:
        if _is_version(version):
            return name, version
        name, _, last = name.rpartition("-")
        version = f"{last}-{version}"
    found = _BEFORE_A_DIGIT.search(stem)
    return (stem[: found.start()], stem[found.end() :]) if found else ("", "")


def _is_version(raw: str) -> bool:
    return read_version(raw) is not None


@lru_cache(maxsize=4096)
def _canonical_version(raw: str) -> str:
    version = read_version(raw)
    return raw if version is None else str(version)
