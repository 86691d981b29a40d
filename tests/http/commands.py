"""``pyproxy`` commands as people run them, beside the server of the test."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.http.proxy import Proxy

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


async def command(proxy: Proxy, *arguments: str) -> Ended:
    """Run a command on the proxy's storage directory, in a process of its own; the loop goes on meanwhile."""
    config = proxy.config
    local = {} if config.local.directory is None else {"local": {"directory": str(config.local.directory)}}
    path = config.storage.directory.parent / "beside.yaml"
    storage = {"directory": str(config.storage.directory), "min_free": 0, "max_size": config.storage.max_size}
    cache = {"offline": config.cache.offline, "lookup_timeout": config.cache.lookup_timeout}
    path.write_text(yaml.safe_dump({"storage": storage, "cache": cache, "upstreams": [], **local}))
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("PYPROXY_")}
    environment = {name: value for name, value in environment.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pyproxy", "--config", str(path), *arguments),
        env={**environment, "PYTHONPATH": str(CHECKOUT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert b"Traceback" not in err, err.decode()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def done(proxy: Proxy, *arguments: str) -> str:
    """What a command printed that must succeed."""
    ended = await command(proxy, *arguments)
    assert ended.status == 0, ended.err
    return ended.out
