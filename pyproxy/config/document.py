"""A YAML document to what it gives: keys, entries of ``upstreams``, and every mistake of its shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from pyproxy.config.given import Given, GivenUpstream
from pyproxy.config.keys import KEYS, SECTIONS, suggestion_for
from pyproxy.config.nodes import compose, line_of, plain
from pyproxy.errors import ConfigurationError

_NULL = "tag:yaml.org,2002:null"


@dataclass(slots=True)
class Document:
    """What one document gives; ``upstreams`` is ``None`` where the key is absent. Mistakes are collected."""

    given: list[Given] = field(default_factory=list)
    upstreams: list[GivenUpstream] | None = None
    mistakes: list[ConfigurationError] = field(default_factory=list)


def read_document(text: str, place: str, environ: Mapping[str, str]) -> Document:
    """A whole configuration; ``place`` is the file's name for messages."""
    reader = _Reader(place, environ)
    root = reader.composed(text)
    if isinstance(root, yaml.MappingNode):
        reader.read_section(root, "")
    elif root is not None and root.tag != _NULL:
        reader.mistake(root, "", "is no mapping of keys to values", "write it like  server:  with  port: 8080  below")
    return reader.document


def read_upstreams(text: str, place: str, environ: Mapping[str, str]) -> Document:
    """A list of upstreams alone, as the variable ``PYPROXY_UPSTREAMS`` holds it."""
    reader = _Reader(place, environ)
    root = reader.composed(text)
    if root is not None:
        reader.read_upstreams(root)
    return reader.document


class _Reader:
    """Walks the nodes of one document; fills ``document``."""

    def __init__(self, place: str, environ: Mapping[str, str]) -> None:
        self.document = Document()
        self._place = place
        self._environ = environ

    def composed(self, text: str) -> yaml.Node | None:
        """The root node, or ``None`` for an empty or invalid document."""
        try:
            return compose(text, self._place)
        except ConfigurationError as error:
            self.document.mistakes.append(error)
            return None

    def mistake(self, node: yaml.Node, key: str, problem: str, suggestion: str) -> None:
        """Note one mistake at a node."""
        where = self._where(node)
        self.document.mistakes.append(ConfigurationError(problem, where=where, key=key or None, suggestion=suggestion))

    def read_section(self, section: yaml.MappingNode, prefix: str) -> None:
        """The keys of one mapping, and the sections in it."""
        for name, name_node, node in self._pairs(section, prefix):
            key = prefix + name
            if key == "upstreams":
                self.read_upstreams(node)
            elif key in SECTIONS and "." not in name:
                if isinstance(node, yaml.MappingNode):
                    self.read_section(node, f"{key}.")
                elif node.tag != _NULL:  # all keys of a section commented out leave null
                    self.mistake(node, key, "is a section of keys", f"indent its keys below {key}:")
            elif key in KEYS and "." not in name:
                for value in self._values(node, key):
                    self.document.given.append(Given(key, value, self._where(name_node)))
            elif "." in name and (key in KEYS or key in SECTIONS):
                section_name, _, last = key.rpartition(".")
                self.mistake(name_node, key, "is written as one word", f"indent {last}: below {section_name}:")
            else:
                self.mistake(name_node, key, "is no setting of pyproxy", suggestion_for(key))

    def read_upstreams(self, node: yaml.Node) -> None:
        """The entries of the list of upstreams."""
        self.document.upstreams = []
        if not isinstance(node, yaml.SequenceNode):
            self.mistake(node, "upstreams", "is no list", "write  - name: …  and  url: …  below it, or [] for none")
            return
        for number, entry in enumerate(node.value, start=1):
            key = f"upstreams[{number}]"
            if not isinstance(entry, yaml.MappingNode):
                self.mistake(entry, key, "is no mapping of keys to values", "write  - name: …  and  url: …  below it")
                continue
            values: dict[str, object] = {}
            places: dict[str, str] = {}
            for name, name_node, value_node in self._pairs(entry, f"{key}."):
                for value in self._values(value_node, f"{key}.{name}"):
                    values[name] = value
                places[name] = self._where(name_node)
            self.document.upstreams.append(GivenUpstream(values, places, self._where(entry)))

    def _pairs(self, mapping: yaml.MappingNode, prefix: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Name, its node and the value's node of each entry; a name given twice is a mistake and left out."""
        seen: dict[str, int] = {}
        for name_node, value_node in mapping.value:
            if not isinstance(name_node, yaml.ScalarNode):
                self.mistake(name_node, prefix.rstrip("."), "has a key that is no word", "write  key: value")
                continue
            name = name_node.value
            if name in seen:
                key = prefix + name
                self.mistake(name_node, key, f"is given twice, first in line {seen[name]}", "remove one of them")
                continue
            seen[name] = line_of(name_node)
            yield name, name_node, value_node

    def _values(self, node: yaml.Node, key: str) -> Iterator[object]:
        """The value of a node, or none and a mistake."""
        try:
            yield plain(node, self._environ)
        except ConfigurationError as error:
            self.mistake(node, key, error.problem, error.suggestion or "")

    def _where(self, node: yaml.Node) -> str:
        return f"{self._place}:{line_of(node)}"
