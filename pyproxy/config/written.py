"""The configuration as lines of YAML that ``load`` reads as the same again; for ``show`` and ``copy``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import yaml

from pyproxy.config.keys import KEYS, flatten
from pyproxy.config.model import Config
from pyproxy.settings import UpstreamSettings
from pyproxy.settings.quantities import format_duration

Remark = Callable[[str], str]
"""What stands behind a dotted key (``upstreams.<name>`` for an upstream), as a comment; empty for nothing."""


class Variable(str):
    """A value that is to be read from the environment, ``${NAME}``; in any other one a ``${`` is just text."""

    __slots__ = ()


def written_keys(config: Config, remark: Remark = lambda key: "") -> Iterator[str]:
    """A line for each key outside ``upstreams``, and for each section."""
    open_sections: list[str] = []
    for key, value in flatten(config):
        *sections, name = key.split(".")
        for depth, section in enumerate(sections):
            if open_sections[depth : depth + 1] != [section]:
                yield f"{'  ' * depth}{section}:"
                open_sections[depth:] = [section]
        yield f"{'  ' * len(sections)}{name}: {_scalar(KEYS[key].show(value))}{_comment(remark(key))}"


def written_upstreams(upstreams: Iterable[Mapping[str, object]], remark: Remark = lambda key: "") -> Iterator[str]:
    """The lines of ``upstreams``, each given by its fields' names; of each entry what is no default."""
    defaults = UpstreamSettings(name="", url="")
    entries = [dict(upstream) for upstream in upstreams]
    yield "upstreams:" if entries else "upstreams: []"
    for entry in entries:
        name = entry.pop("name")
        yield f"  - name: {_scalar(name)}{_comment(remark(f'upstreams.{name}'))}"
        for field, value in entry.items():
            if value != getattr(defaults, field, None):
                yield f"    {field}: {_scalar(format_duration(value) if isinstance(value, float) else value)}"


def _comment(text: str) -> str:
    return f"  # {text}" if text else ""


def _scalar(value: object) -> str:
    """A value in YAML's notation, on one line."""
    if isinstance(value, (list, tuple)):
        plain: object = [_literal(entry) for entry in value]
    else:
        plain = _literal(value)
    text = yaml.safe_dump(plain, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("...\n").strip()


def _literal(value: object) -> object:
    """The value as it has to be written for nothing in it to be taken for a variable."""
    if isinstance(value, Variable):
        return str(value)
    return value.replace("${", "$${") if isinstance(value, str) else value
