"""What commands open beside a running server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.app.opened import opened
from pyproxy.app.resources import open_resources
from pyproxy.config.model import Config, StorageConfig
from pyproxy.errors import StorageError
from pyproxy.settings import UpstreamSettings


def config(directory: Path) -> Config:
    return Config(storage=StorageConfig(directory=directory, min_free=0), upstreams=())


async def test_a_directory_that_no_server_used_is_not_taken_for_an_empty_cache(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=f"there is no pyproxy database in {tmp_path}/elsewhere"):
        async with opened(config(tmp_path / "elsewhere"), {}):
            pass
    assert not (tmp_path / "elsewhere").exists()


async def test_a_directory_is_made_where_that_is_wanted(tmp_path: Path) -> None:
    async with opened(config(tmp_path / "new"), {}, create=True) as here:
        assert here.resources.upstreams.list() == []
    assert (tmp_path / "new" / "files").is_dir()


async def test_a_command_finds_what_a_running_server_has_open(tmp_path: Path) -> None:
    serving = open_resources(config(tmp_path), {}, lambda: 0.0)
    try:
        async with opened(config(tmp_path), {}) as here:
            assert here.resources.upstreams.list() == serving.upstreams.list()
            await here.resources.pages.announce()
        assert serving.pages.revision() == 2
    finally:
        await serving.close()


async def test_a_command_puts_nothing_off_and_looks_at_nothing_ahead(tmp_path: Path) -> None:
    """Nobody waits but the command, and that for what is kept; and what it asks for is what it was told to."""
    one = replace(config(tmp_path), upstreams=(UpstreamSettings(name="one", url="https://example.org"),))
    async with opened(one, {}, create=True) as here:
        with here.resources.lull.arriving():
            assert not here.resources.lull.puts_off
        assert here.chain.current.look_ahead is None
