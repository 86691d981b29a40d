"""The costly steps of an upstream's project list, to be run by the workshop: files in, files out.

A list of 700,000 names must not pass through the server's memory, so these functions are given paths. Arguments,
results and errors can be pickled.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pyproxy.simple.model import NormalizedName
from pyproxy.simple.negotiate import Format
from pyproxy.simple.packing import to_gzip
from pyproxy.simple.parse_list import ListedNames, parse_project_list
from pyproxy.simple.patterns import admits
from pyproxy.simple.render import render_project_list
from pyproxy.storage.project_lists import ListFile, ListForm


@dataclass(frozen=True, slots=True)
class Selection:
    """What of an upstream's list is shown: the names it may be asked for, and the local ones besides."""

    local: tuple[NormalizedName, ...] = ()
    projects: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def tag(self) -> str:
        """Names the selection; equal in all processes."""
        return hashlib.sha256(msgspec.json.encode([self.local, self.projects, self.excluded])).hexdigest()


def take_names(fetched: Path, names: Path) -> ListFile:
    """Read an upstream's list at ``fetched`` and write its names to ``names``; raises `NotAnIndexPage`."""
    body = msgspec.json.encode(parse_project_list(fetched.read_bytes()))
    names.write_bytes(body)
    return _described(body, "names")


def render_names(names: Path, selection: Selection, format: Format, plain: Path, gzipped: Path) -> ListForm:
    """Render the selected names to two files."""
    listed = msgspec.json.decode(names.read_bytes(), type=ListedNames)
    if selection.projects or selection.excluded:
        listed = {name: raw for name, raw in listed.items() if admits(selection.projects, selection.excluded, name)}
    if added := [name for name in selection.local if name not in listed]:
        listed = dict(sorted({**listed, **{name: name for name in added}}.items()))
    body = render_project_list(listed.values(), format)
    compressed = to_gzip(body)
    plain.write_bytes(body)
    gzipped.write_bytes(compressed)
    kind = "json" if format is Format.JSON_V1 else "html"
    return ListForm(_described(body, kind), _described(compressed, f"{kind}.gz"))


def _described(body: bytes, kind: str) -> ListFile:
    """Named by its content, so that a file is never replaced by another one under its readers."""
    sha256 = hashlib.sha256(body).hexdigest()
    return ListFile(f"{sha256[:32]}.{kind}", len(body), sha256)
