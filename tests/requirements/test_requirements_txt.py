"""Requirements files: what lines mean, and what is wrong with those that mean nothing."""

from __future__ import annotations

import pytest

from pyproxy.errors import ConfigurationError
from pyproxy.requirements.lines import decoded, logical_lines
from pyproxy.requirements.requirements_txt import read_requirements


def read(text: str, **environ: str) -> list[str]:
    found = read_requirements(text, "r.txt", environ)
    return [f"{each.project}{each.specifier}" for each in found.requirements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# nothing\n\n   \n", []),
        ("Demo_Tool == 1.0  # why\n", ["demo-tool==1.0"]),
        ("demo#1==1.0 # a comment needs a blank before it", None),
        ("demo \\\n  >=1,\\\n  <2\n", ["demo<2,>=1"]),
        ("demo==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n    # via app\nother", ["demo==1.0", "other"]),
        ("demo==1.0 \\\n# a comment ends it\nother", ["demo==1.0", "other"]),
        ("demo==${VERSION}\nother==${UNSET}1", None),
        ("demo[a,b]>=1 ; python_version >= '3.8'", ["demo>=1"]),
        ("demo\r\nother\r\n", ["demo", "other"]),
        ("demo --config-settings=x=y", ["demo"]),
        ("demo~=1.4 --hash sha256:" + "A" * 64, ["demo~=1.4"]),
    ],
)
def test_lines_are_read_as_pip_reads_them(text: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(ConfigurationError):
            read(text, VERSION="1.0")
    else:
        assert read(text) == expected


def test_variables_of_the_environment_are_put_in() -> None:
    assert read("demo==${VERSION}", VERSION="1.5") == ["demo==1.5"]


@pytest.mark.parametrize(
    "line",
    [
        *("${TOKEN} is nothing", "demo=${TOKEN}", "demo==1.0 --hash=sha256:${TOKEN}", "--${TOKEN}", "-${TOKEN}"),
        *("--only-binary=${TOKEN}!", "demo; ${TOKEN} == 'x'"),
    ],
)
def test_a_wrong_line_is_shown_without_what_the_environment_puts_in(line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(line, TOKEN="hunter2")
    assert "hunter2" not in str(caught.value)
    assert "${TOKEN}" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["-e ${TOKEN}", "-e https://host/?key=${TOKEN}", "demo @ https://host/?key=${TOKEN}", "https://host/?key=${TOKEN}"],
)
def test_a_line_that_is_left_out_is_shown_without_what_the_environment_puts_in(line: str) -> None:
    (skipped,) = read_requirements(line, "r.txt", {"TOKEN": "hunter2"}).skipped
    assert skipped.what == line


def test_a_line_is_where_it_begins() -> None:
    found = read_requirements("# first\ndemo \\\n ==1.0\n\nother", "r.txt", {})
    assert [each.where for each in found.requirements] == ["r.txt:2", "r.txt:5"]


def test_a_last_line_may_end_in_a_backslash() -> None:
    assert [line.asked for line in logical_lines("demo \\", "r.txt", {})] == ["demo"]


def test_hashes_are_lower_case_and_have_their_algorithm() -> None:
    (each,) = read_requirements(f"demo --hash=SHA256:{'AB' * 32} --hash=sha512:{'0' * 128}", "r.txt", {}).requirements
    assert each.hashes == {f"sha256:{'ab' * 32}", f"sha512:{'0' * 128}"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("demo=>1", "r.txt:2: 'demo=>1' is no requirement (did you mean demo>=1?)"),
        ("demo = 1.0", "r.txt:2: 'demo = 1.0' is no requirement (did you mean demo==1.0?)"),
        ("demo other", "r.txt:2: 'demo other' is no requirement (write it like requests==2.32.3"),
        ("demo; python > 3", "r.txt:2: 'demo; python > 3' is no requirement"),
        ("-demo-", "r.txt:2: -demo- is no option of pip's format (see pip's requirements file format)"),
        ("--requirment x.txt", "r.txt:2: --requirment is no option of pip's format (did you mean --requirement?)"),
        ("-r", "r.txt:2: --requirement has no value (write --requirement=…)"),
        ("--hash", "r.txt:2: --hash has no value"),
        ("demo --hash=md6:1", "r.txt:2: 'md6:1' is no hash (write it like --hash=sha256:…)"),
        ("demo --hash=sha256:12", "r.txt:2: 'sha256:12' is no hash"),
        ("--find-links 'open", "r.txt:2: no closing quotation (close the quotation)"),
        ("--no-binary :some:", "r.txt:2: --no-binary: ':some:' is no value (give names of projects, :all: or :none:)"),
        ("--only-binary a/b", "r.txt:2: --only-binary: 'a/b' is no project name"),
        (f"demo=={'1' * 5000}", "r.txt:2: 'demo==1111"),
        ("demo @", "r.txt:2: 'demo @' is no requirement"),
        ("\x00", "r.txt:2: '\\x00' is no requirement"),
    ],
)
def test_a_wrong_line_is_named_with_what_to_do(line: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(f"fine\n{line}\nfine")
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("line", "what", "reason"),
    [
        ("-e ./here", "-e ./here", "it is installed from its source"),
        ("--editable=git+https://u:p@git.example.com/x", "-e git+https://***@git.example.com/x", "it is installed"),
        ("git+ssh://git@git.example.com/x", "git+ssh://***@git.example.com/x", "it comes from a git repository"),
        (
            "https://index.example.com/demo-1.0.zip",
            "https://index.example.com/demo-1.0.zip",
            "it comes from an address",
        ),
        ("demo @ file:///srv/demo.whl", "demo @ file:///srv/demo.whl", "it comes from an address of its own"),
        ("./demo", "./demo", "it is a path"),
        ("downloads/demo", "downloads/demo", "it is a path"),
        ("demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl", "it is a file on the machine"),
    ],
)
def test_what_no_index_can_give_is_left_out_with_the_reason(line: str, what: str, reason: str) -> None:
    found = read_requirements(f"{line}\ndemo", "r.txt", {})
    (skipped,) = found.skipped
    assert (skipped.what, skipped.where) == (what, "r.txt:1")
    assert skipped.reason.startswith(reason)
    assert len(found.requirements) == 1


def test_options_about_indexes_are_told_and_do_nothing() -> None:
    text = "-i https://index.example.com/simple\n--extra-index-url=x\n--no-index\n--prefer-binary\n--require-hashes\n"
    found = read_requirements(text, "r.txt", {})
    assert [option for option, _ in found.ignored] == [
        "--index-url",
        "--extra-index-url",
        "--no-index",
        "--prefer-binary",
    ]


def test_included_files_come_in_their_order() -> None:
    found = read_requirements("-rbase.txt\n-c more.txt\n--requirement=last.txt", "r.txt", {})
    assert [(each.path, each.constraint) for each in found.includes] == [
        ("base.txt", False),
        ("more.txt", True),
        ("last.txt", False),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_may_say_how_it_is_encoded(encoding: str) -> None:
    assert decoded("demo # café".encode(encoding), "r.txt") == "demo # café"


def test_a_file_that_is_no_text_is_named_with_the_line() -> None:
    with pytest.raises(ConfigurationError, match=r"^r.txt:3: this is no UTF-8 text \(save it as UTF-8\)$"):
        decoded(b"demo\nother\n\xff\xfe", "r.txt")
