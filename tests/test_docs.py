"""The pages in ``docs`` can be followed: links lead somewhere, examples are accepted, command lines exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pyproxy.commands import main
from pyproxy.commands.pairs import read_pairs
from pyproxy.config.load import load
from pyproxy.settings import priority_of, upstream_from_pairs
from pyproxy.settings.fields import FIELDS
from tests.documents import ROOT, Document, document, documents

DOCUMENTS = documents()
COMMANDS = document("docs/commands.md")

_PROGRAM = re.compile(r"(?:^|[\s/])pyproxy ((?:--config \S+ )?(?:--)?[a-z].*)$")
_VARIABLES = re.compile(r"(?<!\$)\$\{([A-Z_]+)\}")
_FILES = {field.name for field in FIELDS if field.kind == "file"}


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        sub = command.get_command(context, name)
        assert sub is not None
        yield from leaves(sub, (*path, name))


LEAVES = dict(leaves(main))
COMMAND_NAMES = {path[0] for path in LEAVES}
NAMES = {path[:length] for path in LEAVES for length in (1, 2)}


def of_the_command(path: tuple[str, ...]) -> str:
    """The part of ``docs/commands.md`` about one command."""
    own = [line.lstrip("# ") for line in COMMANDS.text.splitlines() if re.match(r"##+ ", line)]
    for heading in own:
        words = heading.replace(",", "").split()
        if words in (["pyproxy", *path], list(path)) or (words[0] == path[0] and path[-1] in words[1:]):
            return COMMANDS.section(heading)
    return COMMANDS.section(f"pyproxy {path[0]}")


def named_commands(page: Document) -> Iterator[str]:
    """What follows the program's name wherever a page shows a command line, in blocks and in backquotes."""
    shown = [line for block in page.blocks("", "sh") for line in block.splitlines()]
    for line in (*shown, *page.inline_code()):
        if line.startswith(("WARNING", "pyproxy: ", "warning: ", "gcc", "docker run", "docker build", "kubectl roll")):
            continue
        found = _PROGRAM.search(line)
        words = found[1].split() if found else []
        if found and (words[0].startswith("--") or words[0] in COMMAND_NAMES):
            yield found[1]


LINES = sorted({(str(page.path), line) for page in DOCUMENTS for line in named_commands(page)})


def as_typed(line: str) -> list[str]:
    """The arguments of a line, without what stands in brackets; ``…`` is a value after an option, else nothing."""
    words = shlex.split(re.sub(r"\s\[[^\]]*\](?:\.\.\.)?", "", line.replace('"$(', '"')), comments=True)
    pairs = zip(["", *words], words, strict=False)
    return ["1" if word == "…" else word for before, word in pairs if word != "…" or before.startswith("--")]


def parsed(arguments: list[str]) -> click.Context:
    """The context of the command that the arguments call, without running it; raises `click.UsageError`."""
    command: click.Command = main
    context = main.make_context("pyproxy", arguments)
    while isinstance(command, click.Group):
        # click keeps a group's first word apart from the others, up to its version 9.
        left = [*getattr(context, "_protected_args", ()), *context.args]
        name, sub, rest = command.resolve_command(context, left)
        assert sub is not None
        assert name is not None
        command, context = sub, sub.make_context(name, rest, parent=context)
    return context


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_each_command_has_its_part_with_all_its_options(path: tuple[str, ...]) -> None:
    part = of_the_command(path)
    assert f"pyproxy {' '.join(path)}" in part
    for parameter in LEAVES[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in part, parameter.opts[0]


def test_no_option_is_told_of_that_no_command_has() -> None:
    known = {option for command in LEAVES.values() for param in command.params for option in param.opts}
    known |= {"--config", "--help", "--version"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", COMMANDS.text)) <= known


def test_command_lines_are_found_at_all() -> None:
    assert len(LINES) > 60
    assert {line.split()[0] for _, line in LINES} >= COMMAND_NAMES


@pytest.mark.parametrize(("path", "line"), LINES, ids=[f"{path}: {line}"[:90] for path, line in LINES])
def test_each_command_line_is_one_that_the_program_takes(path: str, line: str) -> None:
    arguments = as_typed(line)
    if tuple(arguments) in NAMES or "--version" in arguments:
        return  # a command is named, not shown
    context = parsed(arguments)
    settings = [pair for pair in context.params.get("settings") or () if "=" in pair and pair != "KEY=VALUE..."]
    if context.info_name not in ("add", "set") or not settings:
        return
    given = read_pairs(pair.replace("…", "secret") for pair in settings if pair.partition("=")[0] not in _FILES)
    named = {"name": "private", "url": "https://pypi.example.org/"}
    # Over an upstream with a user name, for a password may be changed alone.
    base = upstream_from_pairs({**named, **({} if "token" in given else {"username": "ci"})})
    priority_of(given)
    upstream_from_pairs(given, base)


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.path))
def test_links_lead_to_files_and_headings_that_there_are(page: Document) -> None:
    for link in page.links():
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / page.path.parent / target).resolve() if target else ROOT / page.path
        assert path.exists(), link
        if anchor:
            assert anchor in document(str(path.relative_to(ROOT))).anchors(), link


def test_the_readme_leads_to_every_page() -> None:
    linked = set(document("README.md").links())
    assert {str(page.path) for page in DOCUMENTS if page.path.parent == Path("docs")} <= linked


EXAMPLES = [(str(page.path), block) for page in DOCUMENTS for block in page.blocks("yaml")]


@pytest.mark.parametrize(
    ("path", "block"), EXAMPLES, ids=[f"{path}-{number}" for number, (path, _) in enumerate(EXAMPLES)]
)
def test_each_yaml_example_is_a_configuration(path: str, block: str, tmp_path: Path) -> None:
    file = tmp_path / "pyproxy.yaml"
    file.write_text(block, encoding="utf-8")
    loaded = load(file, dict.fromkeys(_VARIABLES.findall(block), "from-the-environment"), {})
    assert loaded.sources
