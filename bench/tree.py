"""The static index that nginx serves, and that pyproxy has as its only upstream.

``simple/<project>/index.json`` (PEP 691, with its ``.gz`` beside it) and ``files/<filename>``. The contents are made
from fixed seeds, so every run measures the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

from wheels import Wheel, make_wheel

MEGABYTE = 1_000_000
BLOCK = 1 << 20

SMALL_WHEEL_BYTES = 50_000
LARGE_BYTES = 100 * MEGABYTE
BIG_PAGES = (5_000, 20_000)
SEVERAL = 8
INSTALLED_PROJECTS = 100
NEEDED_WHEEL_BYTES = (50_000, 4 * MEGABYTE)
"""Evenly spread over the magnitudes: most wheels that people install are small, most bytes are in a few large ones."""

# The projects, by what they are for.
SMALL, LARGE, SLOW, HUGE = "small", "large", "slow", "huge"
READY = "ready"
"""Asked for to learn that a server works, and never measured."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the tree. ``path`` is its URL below the root of nginx; ``size`` in bytes."""

    project: str
    path: str
    sha256: str
    size: int
    metadata_sha256: str | None = None

    @property
    def filename(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Tree:
    """Where the tree lies and what is in it.

    ``installed`` are the names for ``uv pip install``; ``several`` are projects with a file of the largest size each;
    ``needing`` need each other, so that who asks for the first gets them all.
    """

    root: Path
    files: dict[str, File]
    installed: tuple[str, ...]
    several: tuple[str, ...]
    needing: tuple[str, ...]


def big_page(count: int) -> str:
    """The project whose page lists ``count`` files (which exist on the page only)."""
    return f"page-{count}"


def make_tree(root: Path, *, huge_bytes: int, several_bytes: int, needing_projects: int) -> Tree:
    """Write the tree below ``root``.

    ``huge_bytes`` is the size of its largest file, ``several_bytes`` that of the several different ones, and
    ``needing_projects`` the number of those that need each other.
    """
    (root / "files").mkdir(parents=True)
    files = {}
    sizes = {SMALL: SMALL_WHEEL_BYTES, READY: SMALL_WHEEL_BYTES, LARGE: LARGE_BYTES, HUGE: huge_bytes}
    for project, size in sizes.items():
        filename = f"{project}-1.0-py3-none-any.whl"
        sha256 = _write_random(root / "files" / filename, size, seed=project)
        files[project] = File(project, f"/files/{filename}", sha256, size)
    several = _write_several(root / "files", several_bytes)
    files.update({file.project: file for file in several})
    large = files[LARGE]
    # The same file by another way: nginx serves /slow/ from files/, but slower.
    files[SLOW] = File(SLOW, f"/slow/{large.filename}", large.sha256, large.size)
    for file in files.values():
        _write_page(root, file.project, [_entry(file)])
    for count in BIG_PAGES:
        _write_page(root, big_page(count), [_listed_only(count, number) for number in range(count)])
    installed = [
        _write_wheel(root, project, make_wheel(project, "1.0"))
        for project in (f"installed-{number:03}" for number in range(INSTALLED_PROJECTS))
    ]
    for file in installed:
        _write_page(root, file.project, [_entry(file)])
    needing = _write_needing(root, needing_projects)
    _write_list(root)
    named = [file.project for file in installed], [file.project for file in several]
    return Tree(root, files, *map(tuple, named), tuple(needing))


def _write_random(path: Path, size: int, *, seed: str) -> str:
    """``size`` bytes that do not compress: one random block again and again, each time under another number."""
    block = random.Random(seed).randbytes(BLOCK - 8)
    digest = hashlib.sha256()
    with path.open("wb") as out:
        for number in range(-(-size // BLOCK)):
            piece = (number.to_bytes(8, "big") + block)[: size - number * BLOCK]
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _write_several(directory: Path, size: int) -> list[File]:
    """Files that differ in their last block only and are holes before it: they take neither disk nor long to hash."""
    holes = (size - 1) // BLOCK
    digest = hashlib.sha256()
    for _ in range(holes):
        digest.update(bytes(BLOCK))
    found = []
    for number in range(SEVERAL):
        project = f"several-{number}"
        path = directory / f"{project}-1.0-py3-none-any.whl"
        ending = random.Random(project).randbytes(size - holes * BLOCK)
        with path.open("wb") as out:
            out.seek(holes * BLOCK)
            out.write(ending)
        whole = digest.copy()
        whole.update(ending)
        found.append(File(project, f"/files/{path.name}", whole.hexdigest(), size))
    return found


def _write_needing(root: Path, count: int) -> list[str]:
    """Projects that need each other, each two more, in three releases of which the newest is what clients take."""
    names = [f"needs-{number:03}" for number in range(count)]
    for number, project in enumerate(names):
        needs = [f"{names[each]}>=1.1" for each in (2 * number + 1, 2 * number + 2) if each < count]
        smallest, largest = NEEDED_WHEEL_BYTES
        size = round(smallest * (largest / smallest) ** random.Random(number).random())
        sizes = {"1.0": smallest, "1.1": smallest, "1.2": size}
        made = (make_wheel(project, version, needs=needs, size=size) for version, size in sizes.items())
        _write_page(root, project, [_entry(_write_wheel(root, project, wheel)) for wheel in made])
    return names


def _write_wheel(root: Path, project: str, wheel: Wheel) -> File:
    path = root / "files" / wheel.filename
    path.write_bytes(wheel.content)
    path.with_name(path.name + ".metadata").write_bytes(wheel.metadata)
    sha256, metadata_sha256 = (hashlib.sha256(each).hexdigest() for each in (wheel.content, wheel.metadata))
    return File(project, f"/files/{path.name}", sha256, len(wheel.content), metadata_sha256)


def _listed_only(count: int, number: int) -> dict[str, object]:
    """An entry as long as PyPI's own for a binary wheel."""
    minor, release = 8 + number % 6, number // 6
    tags = f"cp3{minor}-cp3{minor}-manylinux_2_17_x86_64.manylinux2014_x86_64"
    filename = f"{big_page(count).replace('-', '_')}-1.{release}.0-{tags}.whl"
    digest = hashlib.sha256(filename.encode()).hexdigest()
    return _entry(File(big_page(count), f"/files/{filename}", digest, 10_000 + number, digest[::-1]))


def _entry(file: File) -> dict[str, object]:
    entry: dict[str, object] = {
        "filename": file.filename,
        "hashes": {"sha256": file.sha256},
        "requires-python": ">=3.8",
        "size": file.size,
        "upload-time": "2025-06-01T12:00:00.000000Z",
        "url": f"../..{file.path}",
        "yanked": False,
    }
    if file.metadata_sha256 is not None:
        entry["core-metadata"] = {"sha256": file.metadata_sha256}
    return entry


def _write_page(root: Path, project: str, entries: list[dict[str, object]]) -> None:
    versions = sorted({str(entry["filename"]).split("-")[1] for entry in entries})
    page = {"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": entries}
    body = json.dumps(page, separators=(",", ":")).encode()
    _write_index(root / "simple" / project, body)


def _write_list(root: Path) -> None:
    """The list of all projects: devpi asks for no page of a project that it does not name."""
    names = sorted(page.name for page in (root / "simple").iterdir())
    found = {"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in names]}
    _write_index(root / "simple", json.dumps(found).encode())


def _write_index(directory: Path, body: bytes) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "index.json").write_bytes(body)
    (directory / "index.json.gz").write_bytes(gzip.compress(body, 6, mtime=0))
