"""``pyproxy config`` and the command line itself, run as people run it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(directory: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command in a directory, with nothing of ours in its environment but ``environ``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYPROXY_")}
    return subprocess.run(
        [sys.executable, "-m", "pyproxy", *arguments],
        cwd=directory,
        env={**inherited, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one line of a command that ended with status 2."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
    return result.stderr.strip()


def test_a_valid_configuration_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproxy.yaml").write_text("server: {port: 9000}\n")
    result = run(tmp_path, "config", "check")
    assert (result.returncode, result.stdout, result.stderr) == (0, "pyproxy.yaml is valid\n", "")


def test_a_dangerous_upstream_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "pyproxy.yaml").write_text("upstreams: [{name: a, url: https://h.example/, verify_ssl: false}]\n")
    result = run(tmp_path, "config", "check")
    assert result.returncode == 0
    assert result.stderr.startswith("warning: upstream a: its certificate is not checked")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server:\n  prot: 80\n", "pyproxy.yaml:2: server.prot: is no setting of pyproxy (did you mean server.port?)"),
        (
            "server:\n  port: eighty\n",
            "pyproxy.yaml:2: server.port: expected a whole number, got 'eighty' (write a number from 0 to 65535)",
        ),
        (
            "storage:\n  directory: ${NOPE}\n",
            "pyproxy.yaml:2: storage.directory: the environment variable NOPE is not set "
            "(set NOPE, or write $${NOPE} if no variable is meant)",
        ),
        (
            "server:\n\tport: 80\n",
            "pyproxy.yaml:2: is no valid YAML: found character '\\t' that cannot start any token "
            "(indent with blanks, never with tabs)",
        ),
        (
            "upstreams:\n  - name: a\n    url: pypi.example.com\n",
            "pyproxy.yaml:3: upstreams.a.url: the URL does not begin with http:// or https:// "
            "(write https://pypi.example.com/)",
        ),
    ],
)
@pytest.mark.parametrize("command", [["config", "check"], ["serve"], []])
def test_a_mistake_ends_the_start_with_file_line_and_suggestion(
    tmp_path: Path, text: str, message: str, command: list[str]
) -> None:
    (tmp_path / "pyproxy.yaml").write_text(text)
    assert refused(run(tmp_path, *command)) == f"pyproxy: {message}"


@pytest.mark.parametrize("command", [["config", "check"], ["serve"]])
def test_what_only_the_start_needs_is_checked_too(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "pyproxy.yaml").write_text("local:\n  directory: nowhere\n")
    message = refused(run(tmp_path, *command))
    problem = f"{tmp_path / 'nowhere'} is no directory (create it, or remove the key)"
    assert message == f"pyproxy: pyproxy.yaml:2: local.directory: {problem}"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    message = refused(run(tmp_path, "--config", "none.yaml", "config", "show"))
    assert message.startswith("pyproxy: none.yaml: the configuration file cannot be read: No such file or directory")


def test_a_wrong_variable_is_told(tmp_path: Path) -> None:
    message = refused(run(tmp_path, "config", "check", PYPROXY_SERVER__PROT="1"))
    assert message.endswith("PYPROXY_SERVER__PROT: names no setting of pyproxy (did you mean PYPROXY_SERVER__PORT?)")


@pytest.mark.parametrize("arguments", [["--port", "x"], ["serve", "--port=x"], ["--config", os.devnull, "--port", "x"]])
def test_the_options_of_serve_need_no_word_serve(tmp_path: Path, arguments: list[str]) -> None:
    message = refused(run(tmp_path, *arguments))
    assert message.startswith("pyproxy: the command line: server.port: expected a whole number, got 'x'")


def test_several_mistakes_have_a_line_each(tmp_path: Path) -> None:
    (tmp_path / "pyproxy.yaml").write_text("server: {prot: 80}\ncahce: {}\n")
    result = run(tmp_path, "config", "check")
    assert result.returncode == 2
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["pyproxy.yaml:1", "pyproxy.yaml:2"]


def test_the_configuration_is_shown_with_sources_and_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("upstreams:\n  - {name: a, url: https://h.example/, username: u, password: '${SECRET}'}\n")
    environ = {"PYPROXY_CONFIG": str(path), "PYPROXY_SERVER__PORT": "9000", "SECRET": "s3cret"}
    result = run(tmp_path, "config", "show", **environ)
    assert result.returncode == 0
    assert result.stdout.startswith(f"# {path}\n")
    assert "  port: 9000  # environment variable PYPROXY_SERVER__PORT\n" in result.stdout
    assert "password: '***'" in result.stdout
    assert "s3cret" not in result.stdout


def test_an_option_without_its_value_is_a_usage_error(tmp_path: Path) -> None:
    result = run(tmp_path, "--config")
    assert (result.returncode, result.stdout) == (2, "")
    assert "requires an argument" in result.stderr


@pytest.mark.parametrize("arguments", [["quux"], ["--quux"], ["config", "quux"], ["serve", "quux"]])
def test_a_usage_error_ends_with_status_two(tmp_path: Path, arguments: list[str]) -> None:
    result = run(tmp_path, *arguments)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("pyproxy: ")
    assert "(see pyproxy" in line


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["serve", "--help"], ["config", "--help"]])
def test_help_and_version_need_no_valid_configuration(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "pyproxy.yaml").write_text("[")
    result = run(tmp_path, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert "pyproxy" in result.stdout
