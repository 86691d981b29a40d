"""What has to hold for any configuration, requirements file or lock file."""

from __future__ import annotations

from pathlib import Path

from pyproxy.config.load import load_file
from pyproxy.config.model import Config
from pyproxy.config.places import ConfigFile
from pyproxy.errors import ConfigurationError
from pyproxy.requirements.lines import decoded
from pyproxy.requirements.lock_files import read_lock
from pyproxy.requirements.requirements_txt import read_requirements
from pyproxy.requirements.targets import make_targets
from pyproxy.simple.names import check_filename, normalize
from tests.fuzz.sentences import explains

ENVIRONMENT = {"PORT": "9000", "EMPTY": "", "ODD": "\udcff\n: {", "LIST": "a,b"}
LOCK_NAMES = ("uv.lock", "pylock.toml", "poetry.lock")
"""One of them is chosen by the first byte; which kind it is, the content tells."""

(TARGET,) = make_targets(["3.12"], ["manylinux_2_28_x86_64"])


def check_configuration(data: bytes) -> None:
    """It holds, or says what is wrong with a place and in one line for each mistake; as a file and as variables."""
    text = data.decode("utf-8", "replace")
    _loaded(ConfigFile(Path("pyproxy.yaml"), text), ENVIRONMENT)
    variables = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    _loaded(None, {f"PYPROXY_{name}": value for name, value in variables.items()} | {"PYPROXY_UPSTREAMS": text})


def _loaded(file: ConfigFile | None, environ: dict[str, str]) -> None:
    try:
        loaded = load_file(file, environ, {})
    except ConfigurationError as error:
        explains(error)
        return
    assert isinstance(loaded.config, Config)
    hash(loaded.config.server)


def check_requirements(data: bytes) -> None:
    """Each line is wanted, included, skipped with a reason, or a mistake with its place."""
    try:
        read = read_requirements(decoded(data, "requirements.txt"), "requirements.txt", ENVIRONMENT)
    except ConfigurationError as error:
        explains(error, "requirements.txt")
        return
    for requirement in read.requirements:
        assert normalize(requirement.project) == requirement.project
        assert requirement.where.startswith("requirements.txt:")
        TARGET.wants(requirement.marker)
        requirement.specifier.contains("1.0")
        assert requirement.pinned in (True, False)
    assert all(skipped.reason for skipped in read.skipped)


def check_lock(data: bytes) -> None:
    """What is needed is among what is locked, with names that files may have; or it is a mistake."""
    name = LOCK_NAMES[data[0] % len(LOCK_NAMES)] if data else "uv.lock"
    try:
        lock = read_lock(decoded(data[1:], name), name)
    except ConfigurationError as error:
        explains(error)
        return
    assert lock is not None
    for release in lock.releases:
        assert normalize(release.project) == release.project
        assert all(check_filename(file.filename) for file in release.files)
    needed = lock.needed(TARGET)
    assert all(any(release is each for each in lock.releases) for release in needed)
    lock.pythons.contains("3.12")
