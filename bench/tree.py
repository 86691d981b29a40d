"""The static index that nginx serves, and that pyproxy has as its only upstream.

``simple/<project>/index.json`` (PEP 691, with its ``.gz`` beside it) and ``files/<filename>``. The contents are made
from fixed seeds, so every run measures the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
BLOCK = 1 << 20

SMALL_WHEEL_BYTES = 50_000
LARGE_BYTES = 100 * MEGABYTE
BIG_PAGES = (5_000, 20_000)
SEVERAL = 8
INSTALLED_PROJECTS = 100

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

    ``installed`` are the names for ``uv pip install``; ``several`` are projects with a file of the largest size each.
    """

    root: Path
    files: dict[str, File]
    installed: tuple[str, ...]
    several: tuple[str, ...]


def big_page(count: int) -> str:
    """The project whose page lists ``count`` files (which exist on the page only)."""
    return f"page-{count}"


def make_tree(root: Path, *, huge_bytes: int, several_bytes: int) -> Tree:
    """Write the tree below ``root``; ``huge_bytes`` is the size of its largest file, ``several_bytes`` of several."""
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
    installed = [_write_wheel(root, f"installed-{number:03}") for number in range(INSTALLED_PROJECTS)]
    for file in installed:
        _write_page(root, file.project, [_entry(file)])
    _write_list(root)
    return Tree(root, files, tuple(file.project for file in installed), tuple(file.project for file in several))


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


def _write_wheel(root: Path, project: str) -> File:
    """A small pure wheel that pip and uv install; its METADATA lies beside it (PEP 658)."""
    name = project.replace("-", "_")
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\nRequires-Python: >=3.8\n".encode()
    members = {
        f"{name}/__init__.py": b"".join(b"VALUE_%d = %d\n" % (number, number) for number in range(500)),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in (*members, f"{info}/RECORD")).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as wheel:
        for member, content in members.items():
            wheel.writestr(zipfile.ZipInfo(member), content)
    path = root / "files" / f"{name}-1.0-py3-none-any.whl"
    path.write_bytes(buffer.getvalue())
    path.with_name(path.name + ".metadata").write_bytes(metadata)
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    return File(project, f"/files/{path.name}", sha256, path.stat().st_size, hashlib.sha256(metadata).hexdigest())


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
