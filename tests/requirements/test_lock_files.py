"""Lock files: those that the tools wrote are read alike, and what is wrong with others is said."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.fitting import Formats, best
from pyproxy.requirements.lock_files import read_lock
from pyproxy.requirements.model import Lock
from pyproxy.requirements.targets import make_targets
from pyproxy.requirements.widening import widened
from tests.requirements.sample_index import LOCKS, lock

NAMES = ("uv.lock", "pylock.toml", "poetry.lock")
HASH = "sha256:" + "0" * 64
URL = "https://index.example.com/demo-1.0-py3-none-any.whl"


def read(text: str, name: str) -> Lock:
    found = read_lock(text, name)
    assert found is not None
    return found


def chosen(lock: Lock, python: str, platform: str) -> set[str]:
    (target,) = make_targets((python,), (platform,))
    files = (best(release.files, release.project, target, Formats()) for release in lock.needed(target))
    return {file.filename for file in files if file is not None}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("platform", "more"),
    [
        ("manylinux_2_28_x86_64", {"speed-1.2-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"}),
        ("musllinux_1_2_x86_64", {"speed-1.2-cp312-cp312-musllinux_1_2_x86_64.whl"}),
        ("macosx_10_9_x86_64", set()),
        (
            "win_amd64",
            {
                "speed-1.2-cp312-cp312-win_amd64.whl",
                "shades-0.4-py3-none-any.whl",
                "winonly-3.0-py3-none-win_amd64.whl",
            },
        ),
    ],
)
def test_each_tools_lock_says_the_same(name: str, platform: str, more: set[str]) -> None:
    everywhere = {
        "greeting-2.0-py3-none-any.whl",
        "words-1.0-py3-none-any.whl",
        "tester-5.0-py3-none-any.whl",
        "oldtimer-0.9.tar.gz",
    }
    assert chosen(read(lock(name), name), "3.12", platform) == everywhere | more


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_is_told_by_its_content(name: str) -> None:
    assert len(read(lock(name), "our.lock").releases) == 7


@pytest.mark.parametrize("name", [*NAMES, "requirements.txt"])
def test_the_kept_locks_name_no_real_index(name: str) -> None:
    text = (LOCKS / name).read_text(encoding="utf-8")
    assert text.count("http") == text.count("http://index.example.com")


def test_a_lock_whose_line_endings_are_those_of_windows_is_read() -> None:
    assert len(read(lock("uv.lock").replace("\n", "\r\n"), "uv.lock").releases) == 7


def uv(*packages: str, top: str = "version = 1\nrequires-python = '>=3.11'\n") -> str:
    app = '[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'
    return top + "\n".join([app, *packages])


def package(name: str = "demo", source: str = '{ registry = "https://index.example.com" }', more: str = "") -> str:
    wheel = f'wheels = [{{ url = "{URL}", hash = "{HASH}" }}]'
    return f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {source}\n{wheel}\n{more}\n'


def test_of_uvs_lock_only_what_is_reached_is_needed() -> None:
    assert chosen(read(uv(package()), "uv.lock"), "3.12", "win32") == set()
    reached = uv('dependencies = [{ name = "demo", extra = ["x"] }]', package())
    assert chosen(read(reached, "uv.lock"), "3.12", "win32") == {"demo-1.0-py3-none-any.whl"}


def test_of_uvs_lock_the_extras_of_a_dependency_are_followed_where_they_are_asked() -> None:
    extra = '[package.optional-dependencies]\nx = [{ name = "more" }]\n'
    for asked, count in (('extra = ["x"]', 2), ('extra = ["y"]', 1)):
        text = uv(f'dependencies = [{{ name = "demo", {asked} }}]', package(more=extra), package("more"))
        (target,) = make_targets(("3.12",), ("win32",))
        assert len(read(text, "uv.lock").needed(target)) == count


def test_of_uvs_lock_the_release_of_the_fork_is_needed() -> None:
    """Two releases of a name, by platform: each edge names its version."""
    edges = "".join(
        f'{{ name = "demo", version = "{version}", marker = "sys_platform {sign} \'win32\'" }},'
        for version, sign in (("1.0", "=="), ("2.0", "!="))
    )
    text = uv(f"dependencies = [{edges}]", package(), package().replace('version = "1.0"', 'version = "2.0"'))
    for platform, version in (("win32", "1.0"), ("linux_x86_64", "2.0")):
        (target,) = make_targets(("3.12",), (platform,))
        assert [release.version for release in read(text, "uv.lock").needed(target)] == [version]


def test_of_uvs_lock_extras_that_exclude_each_other_are_all_needed() -> None:
    edges = "".join(f'{{ name = "{name}", marker = "extra == \'extra-3-app-{name}\'" }},' for name in ("cpu", "gpu"))
    text = uv(f"dependencies = [{edges}]", package("cpu"), package("gpu"))
    (target,) = make_targets(("3.12",), ("win32",))
    assert {release.project for release in read(text, "uv.lock").needed(target)} == {"cpu", "gpu"}


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("extra == 'a' and extra == 'b'", True),
        ("extra != 'a'", True),
        ("'a' == extra and sys_platform == 'linux'", False),
        ("'a' in extras and 'a' not in extras", True),
        ("'dev' in dependency_groups and (os_name == 'nt' or 'x' not in dependency_groups)", True),
        ("os_name == 'posix' and 'dev' in dependency_groups", False),
    ],
)
def test_every_extra_and_group_counts_as_wanted_also_those_that_exclude_each_other(marker: str, holds: bool) -> None:
    (target,) = make_targets(("3.12",), ("win32",))
    assert target.wants(widened(Marker(marker))) is holds


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('{ git = "https://git.example.com/demo" }', "it comes from a git repository"),
        ('{ url = "https://index.example.com/demo.zip" }', "it comes from an address of its own"),
        ('{ path = "demo.whl" }', "it is a file beside the lock file"),
        ('{ editable = "libs/demo" }', "it is a directory beside the lock file; what it needs is fetched"),
    ],
)
def test_what_uvs_lock_has_from_elsewhere_is_left_out_with_the_reason(source: str, reason: str) -> None:
    found = read(uv(package(source=source)), "uv.lock")
    (skipped,) = found.skipped
    assert (skipped.what, skipped.where) == ("demo", "uv.lock:8")
    assert skipped.reason.startswith(reason)
    assert found.releases == ()


def test_an_older_lock_of_poetry_does_not_say_who_needs_what() -> None:
    text = (
        f'[[package]]\nname = "demo"\nversion = "1.0"\noptional = false\npython-versions = ">=3.12"\n'
        f'files = [{{file = "demo-1.0-py3-none-any.whl", hash = "{HASH}"}}]\n'
        '[metadata]\nlock-version = "2.0"\npython-versions = "^3.8 || ^4.0"\n'
    )
    found = read(text, "poetry.lock")
    assert not found.certain
    assert chosen(found, "3.12", "win32") == {"demo-1.0-py3-none-any.whl"}
    assert chosen(found, "3.11", "win32") == set()


def test_poetrys_markers_may_differ_by_group() -> None:
    text = lock("poetry.lock").replace(
        'groups = ["main"]\nmarkers = "sys_platform == \\"win32\\""\n',
        """groups = ["main", "dev"]\nmarkers = {main = "os_name == 'nt'", dev = "sys_platform == 'linux'"}\n""",
    )
    assert "winonly-3.0-py3-none-win_amd64.whl" not in chosen(read(text, "poetry.lock"), "3.12", "linux_x86_64")
    assert "shades-0.4-py3-none-any.whl" in chosen(read(text, "poetry.lock"), "3.12", "linux_x86_64")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("uv.lock", "version = 1\n[[package", "uv.lock"),
        ("uv.lock", "version = \n", "uv.lock:1: this is no TOML: invalid value"),
        ("uv.lock", uv(top="version = 2\nrequires-python = ''\n"), "uv.lock: uv.lock version 2 is not known here"),
        ("uv.lock", uv("[[package]]\nversion = '1'"), "uv.lock:8: '' is no project name"),
        ("uv.lock", uv("[[package]]\nname = 5"), "uv.lock:8: name is not what it should be there"),
        ("uv.lock", uv("[[package]]\nname = 'a b'"), "uv.lock:8: 'a b' is no project name"),
        ("uv.lock", uv(package(source="{}")), "uv.lock:8: demo has no source that is known here"),
        ("uv.lock", uv(package(more="dependencies = [5]")), "uv.lock:8: dependencies is no list of tables"),
        (
            "uv.lock",
            uv(package(more="dependencies = [{ name = 'x', marker = 'nonsense' }]")),
            "uv.lock:8: 'nonsense' is no marker",
        ),
        ("uv.lock", uv(package().replace(HASH, "sha256:1")), "uv.lock:8: demo-1.0-py3-none-any.whl has no hash that"),
        ("uv.lock", uv(package().replace(URL, "https://index.example.com/a%2F..")), "uv.lock:8: '..' is no filename"),
        ("uv.lock", f"version = {'1' * 5000}\n", "uv.lock: this is no TOML: "),
        ("uv.lock", f"version = {'[' * 5000}\n", "uv.lock: this is no TOML: "),
        ("uv.lock", "version = 1\npackage = 5\n", "uv.lock: package is no list of tables"),
        ("x.toml", "a = 1\n", "x.toml: this is no lock file that is read here (give a requirements.txt, uv.lock"),
        ("pyproject.toml", "", "pyproject.toml: this kind of file is not read here (lock it first"),
        ("a/Pipfile.lock", "{}", "a/Pipfile.lock: this kind of file is not read here (export it: pipenv"),
        ("pdm.lock", "", "pdm.lock: this kind of file is not read here (export it: pdm export"),
        ("pylock.toml", "lock-version = '1.0'\n", "pylock.toml: Missing required value in 'created-by'"),
        (
            "pylock.toml",
            "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'demo'\n",
            "pylock.toml:3: Exactly one of vcs, directory, archive must be set",
        ),
        ("pylock.toml", "lock-version = '9.0'\ncreated-by = 'x'\npackages = []\n", "pylock.toml: "),
        ("poetry.lock", "[metadata]\nlock-version = '1.1'\n", "poetry.lock: its lock-version '1.1' is not known here"),
        (
            "poetry.lock",
            "[[package]]\nname = 'demo'\n[package.source]\ntype = 'carrier'\n[metadata]\nlock-version = '2.1'\n",
            "poetry.lock:1: its source is of a type that is not known here: 'carrier'",
        ),
        (
            "poetry.lock",
            "[[package]]\nname = 'demo'\nmarkers = 5\n[metadata]\nlock-version = '2.1'\n",
            "poetry.lock:1: markers is not what it should be there",
        ),
    ],
)
def test_a_lock_that_cannot_be_read_is_named_with_the_place_and_what_to_do(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_lock(text, name)
    assert str(caught.value).startswith(sentence)
    assert caught.value.suggestion


def test_another_name_is_that_of_a_requirements_file() -> None:
    assert read_lock("demo", "requirements/base.in") is None
