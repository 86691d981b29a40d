"""Where the configuration file is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.config.places import PLACES, find_file
from pyproxy.errors import ConfigurationError


def placed(path: Path, text: str = "server: {}\n") -> Path:
    path.write_text(text)
    return path


def test_the_named_file_wins_over_the_variable_and_the_usual_places(tmp_path: Path) -> None:
    named, variable, usual = (placed(tmp_path / name) for name in ("a.yaml", "b.yaml", "c.yaml"))
    environ = {"PYPROXY_CONFIG": str(variable)}
    found = [find_file(named, environ, [usual]), find_file(None, environ, [usual]), find_file(None, {}, [usual])]
    assert [file and file.path for file in found] == [named, variable, usual]


def test_the_first_usual_place_that_exists_is_taken(tmp_path: Path) -> None:
    second = placed(tmp_path / "second.yaml")
    file = find_file(None, {"PYPROXY_CONFIG": ""}, [tmp_path / "first.yaml", second])
    assert file is not None
    assert file.path == second


def test_no_file_is_needed(tmp_path: Path) -> None:
    assert find_file(None, {}, [tmp_path / "none.yaml", tmp_path / "none" / "none.yaml"]) is None


def test_the_usual_places_are_the_working_directory_and_etc() -> None:
    assert [str(place) for place in PLACES] == ["pyproxy.yaml", "/etc/pyproxy/pyproxy.yaml"]


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(ConfigurationError, match="No such file") as caught:
        find_file(missing, {})
    assert caught.value.where == str(missing)
    with pytest.raises(ConfigurationError, match="PYPROXY_CONFIG"):
        find_file(None, {"PYPROXY_CONFIG": str(missing)})


def test_a_directory_in_a_usual_place_is_a_mistake_and_not_skipped(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="directory"):
        find_file(None, {}, [tmp_path])
