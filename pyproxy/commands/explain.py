"""``pyproxy explain``: why a project, or one of its files, is answered as it is."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pyproxy.admin.explanation.wording import Paragraph, Section, Tone
from pyproxy.commands import interrupts
from pyproxy.commands.invocation import Invocation

STYLES: dict[Tone, str] = {"good": "bold green", "warning": "bold yellow", "bad": "bold red", "plain": "bold"}
INDENT = 3


@click.command(short_help="Tell who answers for PROJECT, why, and what went wrong.")
@click.argument("project")
@click.argument("filename", required=False)
@click.option("--json", "wants_json", is_flag=True, help="Print one JSON object, for scripts.")
@click.pass_obj
def explain(invocation: Invocation, project: str, filename: str | None, wants_json: bool) -> None:
    """Tell why PROJECT is answered as it is: by whom, who was asked, how fresh it is, what is kept, what went wrong.

    With FILENAME also who lists that file, with which hashes, whether it is kept, and why it would be refused. Nobody
    is asked; a server may be running or not.
    """
    config = invocation.load().config

    # Imported late: the other commands start without the server's modules.
    from pyproxy.admin.explanation.document import document
    from pyproxy.admin.explanation.story import story
    from pyproxy.app.explained import explained

    explanation = interrupts.run(explained(config, invocation.environ, project, filename))
    if wants_json:
        click.echo(json.dumps(document(explanation), indent=2))
    else:
        print_story(story(explanation))


def print_story(sections: tuple[Section, ...]) -> None:
    """Sentences for people: wrapped and in colours on a terminal, a sentence on each line elsewhere."""
    terminal = sys.stdout.isatty()
    console = Console(highlight=False, soft_wrap=not terminal)
    for number, section in enumerate(sections):
        if number:
            console.print()
        console.print(Text(section.title, STYLES[section.tone]))
        for paragraph in section.paragraphs:
            _print(console, paragraph, terminal=terminal)


def _print(console: Console, paragraph: Paragraph, *, terminal: bool) -> None:
    indent = INDENT
    if paragraph.label:
        console.print(Text(" " * INDENT + paragraph.label, STYLES[paragraph.tone]))
        indent *= 2
    for sentence in paragraph.sentences:
        # As plain text: patterns such as [ab]* are no markup.
        console.print(Padding(Text(sentence), (0, 0, 0, indent)) if terminal else Text(" " * indent + sentence))
