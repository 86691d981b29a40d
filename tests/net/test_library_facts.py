"""What ``pyproxy.net`` relies on, or works around, in Tornado's curl client, pycurl and libcurl.

When one of these fails after an upgrade, nothing need be broken: read what the module named in the test does about
the fact, and whether it still has to.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pycurl
import pytest
from tornado.curl_httpclient import CurlAsyncHTTPClient, CurlError
from tornado.httpclient import HTTPRequest

from pyproxy.net.client import CurlClient
from tests.net.asking import running
from tests.upstream.certificates import Authority
from tests.upstream_server import BlackHole, Endless, GzipAll, Hold, Redirect, SilentListener, Truncate

FILE = "/packages/demo/demo-1.0.tar.gz"


@contextmanager
def curl_client(**options: Any) -> Iterator[CurlAsyncHTTPClient]:
    client = CurlAsyncHTTPClient(force_instance=True, **options)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def our_client() -> Iterator[CurlClient]:
    client = CurlClient(force_instance=True, max_clients=4)
    try:
        yield client
    finally:
        client.close()


def test_tornados_defaults_are_too_small_for_files() -> None:
    """``client`` and ``transfer`` set all three."""
    parameters = inspect.signature(CurlAsyncHTTPClient.initialize).parameters
    assert parameters["max_clients"].default == 10
    assert parameters["max_body_size"].default == 100 << 20
    assert HTTPRequest._DEFAULTS["request_timeout"] == 20.0


async def test_a_streamed_body_is_limited_by_max_body_size() -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"x" * 1001)
        with curl_client(max_body_size=1000) as client, pytest.raises(CurlError, match="max_body_size"):
            await client.fetch(server.url + FILE, streaming_callback=lambda _: None)


async def test_a_cancelled_fetch_goes_on_and_keeps_its_handle() -> None:
    """Why ``client.CurlClient.abort`` exists."""
    async with running() as server:
        server.behave("/", Endless())
        with curl_client() as client:
            got = asyncio.Event()
            fetch = asyncio.ensure_future(client.fetch(server.url + FILE, streaming_callback=lambda _: got.set()))
            await got.wait()
            fetch.cancel()
            got.clear()
            await got.wait()  # still delivering
            assert len(client._free_list) == 9


async def test_an_error_in_a_streaming_callback_does_not_fail_the_fetch(caplog: pytest.LogCaptureFixture) -> None:
    """Why bytes are taken with an own write function."""

    def full(_: bytes) -> None:
        raise OSError("full")

    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"x" * 1000)
        with curl_client() as client:
            response = await client.fetch(server.url + FILE, streaming_callback=full)
    assert response.code == 200


async def test_a_write_function_ends_a_transfer_by_its_return_value() -> None:
    async with running() as server:
        server.behave("/", Endless())
        with our_client() as client:
            request = HTTPRequest(server.url + FILE)
            running_ = client.begin(request, lambda curl: curl.setopt(pycurl.WRITEFUNCTION, lambda _: -1))
            result = await running_.ended
    assert result.errno == pycurl.E_WRITE_ERROR


async def test_pieces_of_a_body_have_at_most_16_kib_whatever_the_buffer_size() -> None:
    sizes: list[int] = []

    def configure(curl: pycurl.Curl) -> None:
        curl.setopt(pycurl.BUFFERSIZE, 256 << 10)
        curl.setopt(pycurl.WRITEFUNCTION, lambda data: sizes.append(len(data)))

    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"x" * 1_000_000)
        with our_client() as client:
            await client.begin(HTTPRequest(server.url + FILE), configure).ended
    assert max(sizes) == 16 << 10


async def test_dns_aside_all_timeouts_share_one_number_and_differ_by_the_stages_before() -> None:
    """``failures`` tells them apart by these times."""
    hole, silent = BlackHole(), SilentListener()
    with our_client() as client:
        options: dict[str, Any] = {"connect_timeout": 0.08, "request_timeout": 0}
        lost = await client.begin(HTTPRequest(f"http://127.0.0.1:{hole.port}", **options), lambda _: None).ended
        mute = await client.begin(HTTPRequest(f"https://127.0.0.1:{silent.port}", **options), lambda _: None).ended
    hole.close()
    silent.close()
    assert (lost.errno, mute.errno) == (pycurl.E_OPERATION_TIMEDOUT, pycurl.E_OPERATION_TIMEDOUT)
    assert lost.name_lookup > 0
    assert lost.connect == 0.0
    assert mute.connect > 0
    assert mute.app_connect == 0.0


async def test_the_handle_is_reset_before_fetch_returns() -> None:
    """Why ``client`` reads the times in ``_finish``, and options are set on every request."""
    handles: list[pycurl.Curl] = []
    async with running() as server:
        with curl_client(max_clients=1) as client:
            await client.fetch(server.url + "/simple/", prepare_curl_callback=handles.append)
            # The code of the last answer outlives the reset in libcurl; what was set on the handle does not.
            await client.fetch(
                server.url + "/simple/", prepare_curl_callback=lambda curl: curl.setopt(pycurl.REFERER, "/before")
            )
            await client.fetch(server.url + "/simple/", prepare_curl_callback=handles.append)
    assert handles[0] is handles[1]
    assert [request.headers.get("referer") for request in server.requests] == [None, "/before", None]


async def test_a_body_cut_short_without_a_length_looks_like_success() -> None:
    """Why downloads check size and hash."""
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"x" * 1000)
        server.behave("/packages/", Truncate(10, content_length=False))
        with curl_client() as client:
            response = await client.fetch(server.url + FILE)
    assert (response.code, len(response.body)) == (200, 10)


async def test_decompression_leaves_the_encoded_length_in_the_headers() -> None:
    """Why decoding is ours, and off for files."""
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"x" * 10_000)
        server.behave("/packages/", GzipAll())
        with curl_client() as client:
            response = await client.fetch(server.url + FILE)
    assert len(response.body) == 10_000
    assert int(response.headers["Content-Length"]) < 1000


async def test_custom_headers_survive_redirects_to_other_hosts() -> None:
    """Why the redirect loop is ours."""
    async with running() as server, running() as other:
        server.behave("/", Redirect(other.url + FILE))
        with curl_client() as client:
            await client.fetch(server.url, headers={"X-Api-Key": "sesame"}, raise_error=False)
    assert other.requests[0].headers["x-api-key"] == "sesame"


async def test_without_a_named_authority_not_even_a_trusted_certificate_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The OpenSSL inside the wheel looks nowhere by itself: ``certificates`` always names a file."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    async with running(authority.server_context()) as server:
        with curl_client() as client:
            with pytest.raises(CurlError) as caught:
                await client.fetch(server.url)
            assert caught.value.errno == pycurl.E_PEER_FAILED_VERIFICATION


async def test_pipewait_makes_everybody_wait_for_the_first_answer_of_an_http1_server() -> None:
    """Why ``first_contact`` does without it."""
    event = asyncio.Event()

    def configure(curl: pycurl.Curl) -> None:
        curl.setopt(pycurl.PIPEWAIT, 1)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)

    async with running() as server:
        hold = Hold(event)
        server.behave("/simple/", hold)
        with our_client() as client, curl_client() as other:
            begun = [client.begin(HTTPRequest(server.index_url), configure) for _ in range(2)]
            await hold.reached.wait()
            # Of two clients the later one is answered while the earlier one's second request is not even sent.
            for _ in range(3):
                await other.fetch(server.url + "/x", raise_error=False)
            assert server.count("/simple/") == 1
            event.set()
            await asyncio.gather(*(one.ended for one in begun))
    assert server.count("/simple/") == 2


async def test_the_address_is_told_before_each_request_also_on_a_kept_connection() -> None:
    """``reach`` checks it there."""
    told: list[tuple[str, str, int, int]] = []

    def configure(curl: pycurl.Curl) -> None:
        def before(*ends: Any) -> int:
            told.append(ends)
            return pycurl.PREREQFUNC_OK

        curl.setopt(pycurl.PREREQFUNCTION, before)

    async with running() as server:
        with our_client() as client:
            for _ in range(2):
                await client.begin(HTTPRequest(server.url), configure).ended
    assert [(ends[0], ends[2]) for ends in told] == [("127.0.0.1", server.port)] * 2
    assert {request.connection for request in server.requests} == {1}


async def test_a_refused_address_ends_the_transfer_before_the_request_is_sent() -> None:
    def configure(curl: pycurl.Curl) -> None:
        curl.setopt(pycurl.PREREQFUNCTION, lambda *_: pycurl.PREREQFUNC_ABORT)

    async with running() as server:
        with our_client() as client:
            result = await client.begin(HTTPRequest(server.url), configure).ended
    assert result.errno == pycurl.E_ABORTED_BY_CALLBACK
    assert not server.requests


async def test_unpausing_delivers_from_within_the_call() -> None:
    """Why ``transfer`` unpauses from the loop."""
    paused = asyncio.Event()
    pieces: list[int] = []
    handles: list[pycurl.Curl] = []

    def write(data: bytes) -> int | None:
        if not paused.is_set():
            paused.set()
            return pycurl.WRITEFUNC_PAUSE
        pieces.append(len(data))
        return None

    def configure(curl: pycurl.Curl) -> None:
        handles.append(curl)
        curl.setopt(pycurl.WRITEFUNCTION, write)

    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"x" * 1000)
        with our_client() as client:
            transfer = client.begin(HTTPRequest(server.url + FILE), configure)
            await paused.wait()
            handles[0].pause(pycurl.PAUSE_CONT)
            assert pieces == [1000]
            await transfer.ended
