"""The description of the API says what the server does, and the server does what it says."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from pyproxy.handlers.api.document import TAGS, document
from pyproxy.handlers.api.operation import Operation
from pyproxy.handlers.api.operations import TABLE
from pyproxy.handlers.api.reading import read_values
from tests.distributions import make_wheel
from tests.documents import document as page
from tests.http.api.client import Script, script
from tests.http.calls import idle
from tests.http.conftest import StartProxy
from tests.upstream_server import UpstreamServer

DOCUMENT = document(TABLE.operations, "http://127.0.0.1:8080/api/v1")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OPEN = "/openapi.json"

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)
"""Written out, so that a later version does not add others."""

FUZZING_LIMIT_SECONDS = 900
"""Ends it where it hangs; it takes some 30 seconds, on a busy machine minutes."""

every_operation = pytest.mark.parametrize("each", TABLE.operations, ids=lambda each: each.name)


def described(each: Operation) -> Any:
    return DOCUMENT["paths"][each.path][each.method.lower()]


def test_the_description_is_openapi() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


async def test_every_described_operation_is_there_and_no_other(start_proxy: StartProxy) -> None:
    api = Script(await start_proxy())
    for path, methods in DOCUMENT["paths"].items():
        address = path.replace("{", "").replace("}", "")
        for method in METHODS:
            answer = await api.send(method, address)
            if method.lower() in methods:
                assert answer.status == (200 if path == OPEN else 401), (method, path)
            elif path != "/upstreams/test":  # which might be the name of one as well
                assert (answer.status, method in answer.headers["Allow"]) == (405, False), (method, path)


@every_operation
def test_each_operation_is_described_for_people(each: Operation) -> None:
    described_as = described(each)
    assert described_as["summary"]
    assert len(described_as["summary"]) <= 90
    assert not described_as["summary"].endswith(".")
    assert described_as["description"]
    assert set(described_as["tags"]) <= TAGS.keys()
    for parameter in described_as["parameters"]:
        assert parameter["description"], parameter


@every_operation
def test_each_operation_says_how_it_may_fail(each: Operation) -> None:
    described_as = described(each)
    statuses = set(map(int, described_as["responses"]))
    if each.path == OPEN:
        assert described_as["security"] == []
    else:
        assert {401, 403, 422, 429} <= statuses
    assert 404 in statuses or "{" not in each.path
    assert ({400, 413, 415} <= statuses) == (each.method != "GET")


@every_operation
def test_each_body_has_an_example_that_is_right(each: Operation) -> None:
    if each.body is None:
        assert each.example is None
    else:
        assert each.example is not None
        assert read_values(each.example, each.body) is not None


async def known_by_its_examples(start_proxy: StartProxy, upstream: UpstreamServer) -> Script:
    """A server that has what the examples name, and asks nobody: some of the requests add upstreams."""
    filename, content, _ = make_wheel("requests", "2.32.3")
    upstream.add_file("requests", filename, content)
    proxy = await start_proxy(upstream)
    assert (await proxy.file("requests", filename)).status == 200
    await idle(proxy)
    await proxy.restart(offline=True)
    api = script(proxy)
    for path in ("/upstreams", "/accounts", "/tokens"):
        example = next(each.example for each in TABLE.operations if (each.method, each.path) == ("POST", path))
        assert (await api.post(path, example)).status == 201
    return api


@pytest.mark.gen_test(timeout=FUZZING_LIMIT_SECONDS)
async def test_requests_of_all_kinds_are_answered_as_described(
    start_proxy: StartProxy, upstream: UpstreamServer, tmp_path: Path
) -> None:
    """Right and wrong ones, at the limits and at random, always the same; see the output for what to send again."""
    api = await known_by_its_examples(start_proxy, upstream)
    program = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *("--config-file", CONFIGURATION, "run", f"{api.proxy.url}/api/v1/openapi.json"),
        *("--checks", ",".join(CHECKS), "--max-examples", "25", "--generation-deterministic", "--no-color"),
        *("--exclude-operation-id", "test_upstream", "--exclude-operation-id", "test_settings"),  # they go anywhere
        *("-H", f"Authorization: {api.headers['Authorization']}"),
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert program.returncode == 0, output.decode()


def test_the_documentation_lists_every_operation() -> None:
    who = {"anybody": "everybody", "see": "viewer", "change": "admin"}
    expected = [[each.method, f"`{each.path}`", who[each.may], each.summary] for each in TABLE.operations]
    assert [list(row) for row in page("docs/api.md").rows("method")] == expected
