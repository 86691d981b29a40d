"""The project's documents for people, as tests read them: tables, links, examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]+\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file; ``path`` is relative to the top of the project."""

    path: Path
    text: str

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, *languages: str) -> Iterator[str]:
        """The fenced blocks in one of the languages; an empty word means those that name none."""
        for found in _FENCE.finditer(self.text):
            if found[1] in languages:
                yield found[2]

    def inline_code(self) -> list[str]:
        """What stands in backquotes on one line."""
        return _INLINE.findall(self.prose)

    def links(self) -> list[str]:
        """The targets of all links and pictures."""
        return _LINK.findall(self.prose)

    def anchors(self) -> set[str]:
        """The anchors that its headings get."""
        return {_anchor(heading) for heading in _HEADING.findall(self.prose)}

    def section(self, heading: str) -> str:
        """The text below a heading, up to the next one of the same depth or a higher one."""
        found = re.search(rf"^(#+) {re.escape(heading)}$", self.text, re.MULTILINE)
        assert found is not None, f"{self.path} has no heading {heading!r}"
        rest = self.text[found.end() :]
        return re.split(rf"^#{{1,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]

    def rows(self, first_heading: str) -> list[list[str]]:
        """The cells of every row of the tables whose first column is headed so."""
        found, inside = [], False
        for line in self.text.splitlines():
            if not line.startswith("|"):
                inside = False
                continue
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if cells[0] == first_heading:
                inside = True
            elif inside and not set(line) <= set("|-: "):
                found.append(cells)
        return found


def document(path: str) -> Document:
    """The file at a path below the top of the project."""
    return Document(Path(path), (ROOT / path).read_text(encoding="utf-8"))


def documents() -> list[Document]:
    """All of them: those at the top of the project, and the pages of ``docs``."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    return [document(str(path.relative_to(ROOT))) for path in sorted(paths)]


def _anchor(heading: str) -> str:
    """As the usual sites make it of a heading: lower case, no punctuation, hyphens for blanks."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
