"""For whom files are fetched: a Python on a platform, with the wheels it takes and what markers say there."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName, default_environment
from packaging.tags import Tag, compatible_tags, cpython_tags, platform_tags, sys_tags

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.platforms import UnknownPlatform, accepted_platforms, platform_markers

_PYTHON = re.compile(r"(\d)(?:\.(\d{1,2})(?:\.(\d{1,2}))?|(\d{1,2}))(t?)", re.ASCII)
"""``3.12``, ``3.12.4``, ``312``, and the free-threaded ``3.14t``."""

PLATFORM_HELP = "write it like manylinux_2_28_x86_64, musllinux_1_2_aarch64, macosx_14_0_arm64 or win_amd64"
PYTHON_HELP = "write it like 3.12 or 3.12.4"


@dataclass(frozen=True)
class Target:
    """A CPython on a platform. ``python`` is its full version; ``tags`` are the wheels it takes, the best first."""

    label: str
    python: str
    markers: Mapping[str, str] = field(repr=False)
    tags: tuple[Tag, ...] = field(repr=False)

    @cached_property
    def ranks(self) -> Mapping[Tag, int]:
        """The place of each tag: 0 is the best."""
        return {tag: rank for rank, tag in reversed(list(enumerate(self.tags)))}

    def wants(self, marker: Marker | None, extra: str = "") -> bool:
        """Whether a marker holds here, for who asked for ``extra``; one that cannot be evaluated holds nowhere."""
        try:
            return marker is None or marker.evaluate({**self.markers, "extra": extra})
        except (ValueError, UndefinedComparison, UndefinedEnvironmentName):
            return False


def make_targets(pythons: Sequence[str], platforms: Sequence[str]) -> tuple[Target, ...]:
    """Every one of the Pythons on every one of the platforms; for what is not given, those of this interpreter.

    Raises `ConfigurationError`.
    """
    if not pythons and not platforms:
        return (running_target(),)
    named = [_read_python(text) for text in dict.fromkeys(pythons)] or [_running_python()]
    return tuple(
        _target(python, name) for python in dict.fromkeys(named) for name in (dict.fromkeys(platforms) or [None])
    )


def running_target() -> Target:
    """This interpreter on this machine."""
    markers = {key: str(value) for key, value in default_environment().items()}
    label = f"{markers['platform_python_implementation']} {markers['python_version']} on {next(platform_tags())}"
    return Target(label, markers["python_full_version"], markers, tuple(sys_tags()))


@dataclass(frozen=True, slots=True)
class _Python:
    numbers: tuple[int, ...]
    threaded: bool = False

    @property
    def short(self) -> str:
        return ".".join(map(str, self.numbers[:2]))

    @property
    def full(self) -> str:
        return ".".join(map(str, (*self.numbers, 0)[:3]))


def _read_python(text: str) -> _Python:
    match = _PYTHON.fullmatch(text)
    if match is None:
        raise ConfigurationError(f"{text!r} is no version of Python", key="--python-version", suggestion=PYTHON_HELP)
    minor = match[2] or match[4]
    return _Python((int(match[1]), int(minor), *([int(match[3])] if match[3] else [])), bool(match[5]))


def _running_python() -> _Python:
    return _Python(tuple(int(part) for part in platform.python_version_tuple()[:2]))


def _target(python: _Python, name: str | None) -> Target:
    if name is None:
        accepted, markers = list(platform_tags()), {key: str(value) for key, value in default_environment().items()}
    else:
        try:
            accepted, markers = accepted_platforms(name), platform_markers(name)
        except UnknownPlatform:
            raise ConfigurationError(
                f"{name!r} is no platform that is known here", key="--platform", suggestion=PLATFORM_HELP
            ) from None
    own = {
        "implementation_name": "cpython",
        "implementation_version": python.full,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": python.full,
        "python_version": python.short,
    }
    label = f"CPython {'.'.join(map(str, python.numbers))}{'t' * python.threaded} on {name or accepted[0]}"
    return Target(label, python.full, {**markers, **own}, tuple(_tags(python, accepted)))


def _tags(python: _Python, platforms: Sequence[str]) -> Iterable[Tag]:
    version = python.numbers[:2]
    interpreter = f"cp{''.join(map(str, version))}"
    # The ABI is given: else packaging would look at how this interpreter was built.
    yield from cpython_tags(version, [f"{interpreter}{'t' * python.threaded}"], platforms)
    yield from compatible_tags(version, interpreter, platforms)
