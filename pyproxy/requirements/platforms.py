"""Platforms by the names that pip's ``--platform`` takes: which wheels they take, and what markers say of them.

Required reading: the platform compatibility tags specification (manylinux, musllinux, macOS) and PEP 508 (markers).
A machine with a newer system takes wheels for the older ones, so a name stands for all of those, too.
"""

from __future__ import annotations

import re

from packaging.tags import mac_platforms

_LEGACY = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
"""What the names from before PEP 600 stand for: the minor version of glibc 2."""

_ALIASES = {minor: name for name, minor in _LEGACY.items()}
_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}
_OLDEST_GLIBC_ELSEWHERE = 17

_MANYLINUX = re.compile(r"manylinux_2_(\d{1,3})_(\w+)", re.ASCII)
_MANYLINUX_LEGACY = re.compile(rf"({'|'.join(_LEGACY)})_(\w+)", re.ASCII)
_MUSLLINUX = re.compile(r"musllinux_1_(\d{1,3})_(\w+)", re.ASCII)
_LINUX = re.compile(r"linux_(\w+)", re.ASCII)
_MACOS = re.compile(r"macosx_(\d{1,3})_(\d{1,3})_(\w+)", re.ASCII)
_WINDOWS = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}

_LINUX_MARKERS = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
_MACOS_MARKERS = {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"}
_WINDOWS_MARKERS = {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}


class UnknownPlatform(ValueError):
    """The name is none of a platform that wheels are made for."""


def accepted_platforms(name: str) -> list[str]:
    """The platform tags that such a machine takes, the best first. Raises `UnknownPlatform`.

    >>> accepted_platforms("musllinux_1_1_aarch64")
    ['musllinux_1_1_aarch64', 'musllinux_1_0_aarch64', 'linux_aarch64']
    """
    if match := _MANYLINUX.fullmatch(name):
        return _glibc(int(match[1]), match[2])
    if match := _MANYLINUX_LEGACY.fullmatch(name):
        return _glibc(_LEGACY[match[1]], match[2])
    if match := _MUSLLINUX.fullmatch(name):
        older = [f"musllinux_1_{minor}_{match[2]}" for minor in range(int(match[1]), -1, -1)]
        return [*older, f"linux_{match[2]}"]
    if match := _MACOS.fullmatch(name):
        return list(mac_platforms((int(match[1]), int(match[2])), match[3]))
    if _LINUX.fullmatch(name) or name in _WINDOWS:
        return [name]
    raise UnknownPlatform(name)


def platform_markers(name: str) -> dict[str, str]:
    """What the markers of PEP 508 are on such a machine. Raises `UnknownPlatform`."""
    if name in _WINDOWS:
        return {**_WINDOWS_MARKERS, "platform_machine": _WINDOWS[name]}
    if match := _MACOS.fullmatch(name):
        return {**_MACOS_MARKERS, "platform_machine": "arm64" if match[3] == "universal2" else match[3]}
    for pattern in (_MANYLINUX, _MANYLINUX_LEGACY, _MUSLLINUX, _LINUX):
        if match := pattern.fullmatch(name):
            return {**_LINUX_MARKERS, "platform_machine": match[match.lastindex or 0]}
    raise UnknownPlatform(name)


def _glibc(newest: int, machine: str) -> list[str]:
    oldest = _OLDEST_GLIBC.get(machine, _OLDEST_GLIBC_ELSEWHERE)
    names = []
    for minor in range(newest, oldest - 1, -1):
        names.append(f"manylinux_2_{minor}_{machine}")
        if minor in _ALIASES:
            names.append(f"{_ALIASES[minor]}_{machine}")
    return [*names, f"linux_{machine}"]
