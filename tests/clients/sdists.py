"""A source distribution that builds itself with nothing but the standard library.

Building one that wants setuptools would make the client ask for setuptools, and the test depend on a package index.
"""

from __future__ import annotations

import gzip
import io
import tarfile

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
"""

BACKEND = """\
import pathlib
import zipfile

INFO = "{module}-{version}.dist-info"
MEMBERS = {{
    "{module}.py": "",
    INFO + "/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
    INFO + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    filename = "{module}-{version}-py3-none-any.whl"
    record = "".join(member + ",,\\n" for member in [*MEMBERS, INFO + "/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory, filename), "w") as wheel:
        for member, text in {{**MEMBERS, INFO + "/RECORD": record}}.items():
            wheel.writestr(member, text)
    return filename
"""


def make_self_building_sdist(name: str, version: str) -> tuple[str, bytes]:
    """``(filename, content)`` of a ``.tar.gz`` that pip and uv build without any build requirement."""
    module = name.replace("-", "_")
    names = {"name": name, "version": version, "module": module}
    members = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": PYPROJECT.format(**names),
        "backend.py": BACKEND.format(**names),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, text in members.items():
            member = tarfile.TarInfo(f"{module}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return f"{module}-{version}.tar.gz", gzip.compress(buffer.getvalue(), mtime=0)
