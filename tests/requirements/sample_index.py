"""The index that the lock files in ``locks/`` were made from by the real tools: the same names, the same bytes.

``sample-app`` needs ``greeting`` (which needs ``words``, and ``shades`` on Windows), ``winonly`` on Windows,
``oldtimer``, of which there is an sdist alone, and with its extra ``fast`` ``speed``, a wheel for each platform. Its
group ``dev`` needs ``tester``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.distributions import make_sdist, make_wheel

LOCKS = Path(__file__).with_name("locks")

LONG_AGO = "2020-01-01T00:00:00Z"

SPEED_TAGS = (
    "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp312-cp312-manylinux_2_28_aarch64",
    "cp312-cp312-musllinux_1_2_x86_64",
    "cp312-cp312-macosx_11_0_arm64",
    "cp312-cp312-win_amd64",
)

PYPROJECT = """\
[project]
name = "sample-app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["greeting>=2", "oldtimer", "winonly; sys_platform == 'win32'"]

[project.optional-dependencies]
fast = ["speed"]

[dependency-groups]
dev = ["tester"]
"""

OLDTIMER_IN_LOCKS = "OLDTIMER_SHA256"
"""Stands in the kept lock files for the sdist's sha256: how it is compressed depends on the machine's zlib."""


def files() -> Iterator[tuple[str, str, bytes, bytes | None]]:
    """``(project, filename, content, METADATA)`` of everything."""
    greeting = "Requires-Dist: words>=1\nRequires-Dist: shades; sys_platform == 'win32'\n"
    yield "greeting", *make_wheel("greeting", "1.0")
    yield "greeting", *make_wheel("greeting", "2.0", metadata_extra=greeting)
    yield "words", *make_wheel("words", "1.0")
    yield "shades", *make_wheel("shades", "0.4")
    yield "winonly", *make_wheel("winonly", "3.0", tags="py3-none-win_amd64")
    for tags in SPEED_TAGS:
        yield "speed", *make_wheel("speed", "1.2", tags=tags)
    yield "oldtimer", *oldtimer(), None
    yield "tester", *make_wheel("tester", "5.0")


def oldtimer() -> tuple[str, bytes]:
    """The sdist."""
    return make_sdist("oldtimer", "0.9")


def publish(add_file: Callable[..., object]) -> None:
    """Put everything on an index by its ``add_file``."""
    for project, filename, content, metadata in files():
        add_file(project, filename, content, metadata=metadata, upload_time=LONG_AGO)


def lock(name: str) -> str:
    """The text of a kept lock file, as the tool would have written it on this machine."""
    text = (LOCKS / name).read_text(encoding="utf-8")
    return text.replace(OLDTIMER_IN_LOCKS, hashlib.sha256(oldtimer()[1]).hexdigest())
