"""Wheels that pip and uv install, made from fixed seeds: the same bytes in each run."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

DESCRIPTION_BYTES = 8_000


@dataclass(frozen=True, slots=True)
class Wheel:
    """A pure wheel of one release: its name, its bytes, and METADATA as it lies beside it (PEP 658)."""

    filename: str
    content: bytes
    metadata: bytes


def make_wheel(project: str, version: str, *, needs: Sequence[str] = (), size: int = 0) -> Wheel:
    """With ``needs`` as its requirements. A ``size`` adds so many bytes that do not compress, and a description."""
    name = project.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}", "Requires-Python: >=3.8"]
    lines += [f"Requires-Dist: {requirement}" for requirement in needs]
    if size:
        # Real ones have some kilobytes of it, which is what is read of a wheel to learn its requirements.
        lines += ["", random.Random(project).randbytes(DESCRIPTION_BYTES).hex()]
    members = {
        f"{name}/__init__.py": b"".join(b"VALUE_%d = %d\n" % (number, number) for number in range(500)),
        f"{name}/data.bin": random.Random(f"{project} {version}").randbytes(size),
        f"{info}/METADATA": ("\n".join(lines) + "\n").encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in (*members, f"{info}/RECORD")).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, content in members.items():
            # To compress what does not is most of the time that a tree takes.
            stored = member.endswith(".bin")
            archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
    return Wheel(f"{name}-{version}-py3-none-any.whl", buffer.getvalue(), members[f"{info}/METADATA"])
