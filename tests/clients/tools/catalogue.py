"""A small index that tells a careful client from a careless one, and the way it is lost."""

from __future__ import annotations

import hashlib

from tests.waiting import wait_until

from ..conftest import JSON_PAGE
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread

EXPECTED = {"greeting": "2.0", "bare": "1.0", "words": "1.0"}
"""What ``greeting`` and ``bare`` are to be resolved to."""


def publish_catalogue(upstream: UpstreamThread) -> dict[str, str]:
    """``greeting`` and ``bare``, which need ``words``; the sha256 of what is expected: filename → hex.

    ``greeting`` 3.0 is yanked and 4.0 is for a Python that there is not yet; ``bare`` has no metadata file.
    """
    needs = ["words>=1"]
    wheels = {
        "words-1.0": upstream.publish_wheel("words", "1.0"),
        "greeting-2.0": upstream.publish_wheel("greeting", "2.0", requires=needs),
        "bare-1.0": upstream.publish_wheel("bare", "1.0", requires=needs, metadata=None),
    }
    upstream.publish_wheel("greeting", "1.0", requires=needs)
    upstream.publish_wheel("greeting", "3.0", requires=needs, yanked="speaks nonsense")
    upstream.publish_wheel("greeting", "4.0", requires=needs, requires_python=">=4")
    return {f"{name}-py3-none-any.whl": hashlib.sha256(content).hexdigest() for name, content in wheels.items()}


def lose(upstream: UpstreamThread, pyproxy: PyproxyServer, known: str = "words") -> None:
    """From now on the upstream is gone and every page is past its freshness; ``known`` is a project asked before."""
    page = f"/simple/{known}/"
    upstream.stop()
    done = pyproxy.run("upstream", "set", "scripted", "index_ttl=0s")
    assert done.returncode == 0, done.stderr
    # The running server has noticed once a page is no longer a hit.
    wait_until(lambda: "fwd=stale" in pyproxy.get(page, JSON_PAGE).headers["Cache-Status"])
