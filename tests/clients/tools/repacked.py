"""Wheels made again from what a virtual environment has installed, so that an index on loopback can offer them."""

from __future__ import annotations

import io
import sys
import zipfile
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..upstream_thread import UpstreamThread
from ..venvs import Venv


def publish_installed(upstream: UpstreamThread, venv: Venv, name: str) -> set[str]:
    """Publish ``name`` and all that it needs, as ``venv`` has them; their names."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = venv.folder / "lib" / f"python{version}" / "site-packages"
    installed = {canonicalize_name(each.name): each for each in distributions(path=[str(folder)])}
    published: set[str] = set()
    waiting = [name]
    while waiting:
        project = canonicalize_name(waiting.pop())
        if project in published:
            continue
        published.add(project)
        distribution = installed[project]
        _publish(upstream, project, distribution)
        needed = [Requirement(each) for each in distribution.requires or ()]
        waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate()]
    return published


def _publish(upstream: UpstreamThread, project: str, distribution: Distribution) -> None:
    wheel = f"{project.replace('-', '_')}-{distribution.version}-py3-none-any.whl"
    metadata = (distribution.read_text("METADATA") or "").encode()
    content = _repack(distribution)
    upstream.apply(lambda server: server.add_file(project, wheel, content, metadata=metadata))


def _repack(distribution: Distribution) -> bytes:
    """A wheel of what lies in site-packages; the scripts are made anew by whoever installs it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in distribution.files or ():
            if ".." not in path.parts and path.suffix != ".pyc":
                archive.writestr(str(path), path.read_binary())
    return buffer.getvalue()
