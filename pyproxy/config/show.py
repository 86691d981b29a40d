"""The configuration as YAML for people: every key, its source where it is no default, no secrets."""

from __future__ import annotations

from pyproxy.config.load import LoadedConfig
from pyproxy.config.written import written_keys, written_upstreams
from pyproxy.settings import masked


def show(loaded: LoadedConfig) -> str:
    """A document that ``load`` reads as the same configuration, but for the secrets, which read ``***``."""

    def source(key: str) -> str:
        return loaded.sources.get(key, "")

    upstreams = [{**masked(upstream), "priority": priority} for upstream, priority in loaded.config.seeds]
    return "\n".join([*written_keys(loaded.config, source), *written_upstreams(upstreams, source)]) + "\n"
