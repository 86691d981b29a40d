"""Publishing to the address to install from: both publishers fail, and say why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.distributions import make_wheel

from ..recorder import Recorder
from ..runner import Run
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .publishing import ACCOUNT, twine_upload, uv_publish

pytestmark = pytest.mark.clients

Publish = Callable[[str, Path, Path, Mapping[str, str]], Run]


@pytest.mark.parametrize("address", ["/simple/", "/legacy/"])
@pytest.mark.parametrize("publish", [twine_upload, uv_publish])
def test_publishing_at_pyproxy_fails_with_a_sentence_that_helps(
    publish: Publish,
    address: str,
    upstream: UpstreamThread,
    pyproxy: PyproxyServer,
    recorder: Recorder,
    tmp_path: Path,
) -> None:
    """(check 78, pain 36)"""
    filename, content, _ = make_wheel("words", "1.0", size=300_000)
    wheel = tmp_path / filename
    wheel.write_bytes(content)
    run = publish(f"{pyproxy.url}{address}", wheel, tmp_path / "home", recorder.environ).failed()
    said = " ".join(run.text.split())
    assert "not possible" in said
    assert "uploads" in said.lower()
    assert [(one.method, one.status) for one in recorder.asked] == [("POST", 405)]
    assert recorder.strangers == set()
    assert upstream.requests == []
    assert ACCOUNT["password"] not in run.text + pyproxy.log
