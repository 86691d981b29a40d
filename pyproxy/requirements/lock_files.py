"""Which kind of file it is: by its content for lock files, since teams name theirs as they like."""

from __future__ import annotations

import re

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.model import Lock
from pyproxy.requirements.poetry_lock import read_poetry_lock
from pyproxy.requirements.pylock_toml import read_pylock
from pyproxy.requirements.toml_entries import read_toml
from pyproxy.requirements.uv_lock import read_uv_lock

KINDS = "give a requirements.txt, uv.lock, pylock.toml or poetry.lock"

_REMEDIES = {
    "pyproject.toml": "lock it first (uv lock, poetry lock), then give the lock file",
    "pdm.lock": "export it: pdm export -f pylock -o pylock.toml",
    "pipfile.lock": "export it: pipenv requirements --hash > requirements.txt",
    "pipfile": "export its lock: pipenv requirements --hash > requirements.txt",
    "pixi.lock": KINDS,
    "conda-lock.yml": KINDS,
    "setup.py": KINDS,
    "setup.cfg": KINDS,
}


def read_lock(text: str, name: str) -> Lock | None:
    """The lock file of this content; ``None`` where ``name`` is that of a requirements file.

    Raises `ConfigurationError`, also for a file of a kind that is not read here.
    """
    last = re.split(r"[/\\]", name)[-1].lower()
    if last in _REMEDIES:
        raise ConfigurationError("this kind of file is not read here", where=name, suggestion=_REMEDIES[last])
    if not last.endswith((".toml", ".lock")):
        return None
    document = read_toml(text, name)
    if "lock-version" in document:
        return read_pylock(document, text, name)
    if isinstance(document.get("metadata"), dict) and "lock-version" in document["metadata"]:
        return read_poetry_lock(document, text, name)
    if "version" in document and ("package" in document or "requires-python" in document):
        return read_uv_lock(document, text, name)
    raise ConfigurationError("this is no lock file that is read here", where=name, suggestion=KINDS)
