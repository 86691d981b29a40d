"""Small, valid distributions for tests: pip and uv install them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import random
import tarfile
import zipfile
from collections.abc import Mapping

EPOCH = (2020, 1, 1, 0, 0, 0)
"""The time of every member, so that the same arguments make the same bytes."""


def make_wheel(
    name: str,
    version: str,
    *,
    metadata_extra: str = "",
    files: Mapping[str, bytes] = {},
    size: int = 0,
    tags: str = "py3-none-any",
) -> tuple[str, bytes, bytes]:
    """``(filename, content, METADATA)`` of a wheel with one module named like the project.

    ``metadata_extra`` is further header lines (``Requires-Dist: …\\n``); ``size`` adds that many bytes of padding
    that do not compress; the content depends on nothing but the arguments.
    """
    module = name.replace("-", "_").replace(".", "_").lower()
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata_extra}".encode()
    members = {f"{module}/__init__.py": f"__version__ = {version!r}\n".encode(), **files}
    if size:
        members[f"{module}/padding.bin"] = random.Random(f"{name} {version}").randbytes(size)
    members[f"{info}/METADATA"] = metadata
    tag_lines = "".join(f"Tag: {tag}\n" for tag in _single_tags(tags))
    members[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n{tag_lines}".encode()
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data)
    return f"{module}-{version}-{tags}.whl", buffer.getvalue(), metadata


def make_sdist(name: str, version: str) -> tuple[str, bytes]:
    """``(filename, content)`` of a ``.tar.gz`` that setuptools builds into a wheel with one empty module."""
    module = name.replace("-", "_").replace(".", "_").lower()
    root = f"{module}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    project = f'[project]\nname = "{name}"\nversion = "{version}"\n[tool.setuptools]\npy-modules = ["{module}"]\n'
    build = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    members = {"PKG-INFO": metadata, "pyproject.toml": build + project, f"{module}.py": f"__version__ = {version!r}\n"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, text in members.items():
            member = tarfile.TarInfo(f"{root}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return f"{root}.tar.gz", gzip.compress(buffer.getvalue(), mtime=0)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _single_tags(tags: str) -> list[str]:
    pythons, abis, platforms = (part.split(".") for part in tags.split("-"))
    return [f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms]
