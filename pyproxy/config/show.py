"""The configuration as YAML for people: every key, its source where it is no default, no secrets."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from pyproxy.config.keys import KEYS, flatten
from pyproxy.config.load import LoadedConfig
from pyproxy.settings import UpstreamSettings, masked
from pyproxy.settings.quantities import format_duration


def show(loaded: LoadedConfig) -> str:
    """A document that ``load`` reads as the same configuration, but for the secrets, which read ``***``."""
    lines: list[str] = []
    open_sections: list[str] = []
    for key, value in flatten(loaded.config):
        *sections, name = key.split(".")
        for depth, section in enumerate(sections):
            if open_sections[depth : depth + 1] != [section]:
                lines.append(f"{'  ' * depth}{section}:")
                open_sections[depth:] = [section]
        indent = "  " * len(sections)
        lines.append(f"{indent}{name}: {_scalar(KEYS[key].show(value))}{_source(loaded, key)}")
    lines.extend(_upstreams(loaded))
    return "\n".join(lines) + "\n"


def _upstreams(loaded: LoadedConfig) -> Iterator[str]:
    """The lines of ``upstreams``; of each entry what is no default."""
    yield "upstreams:" if loaded.config.upstreams else "upstreams: []"
    for upstream, priority in loaded.config.seeds:
        yield f"  - name: {_scalar(upstream.name)}{_source(loaded, f'upstreams.{upstream.name}')}"
        defaults = masked(UpstreamSettings(name="", url=""))
        for name, value in masked(upstream).items():
            if name == "name" or value == defaults[name]:
                continue
            shown = format_duration(value) if isinstance(value, float) else value
            yield f"    {name}: {_scalar(shown)}"
        if priority is not None:
            yield f"    priority: {priority}"


def _source(loaded: LoadedConfig, key: str) -> str:
    place = loaded.sources.get(key)
    return f"  # {place}" if place else ""


def _scalar(value: object) -> str:
    """A value in YAML's notation, on one line."""
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(plain, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("...\n").strip()
