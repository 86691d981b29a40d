"""Project pages: the question that is asked, and what the answers mean."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from pyproxy.errors import (
    ConnectionBroken,
    UpstreamInvalidResponse,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from pyproxy.net.fetcher import ACCEPT, FetchedPage, Missing, NotModified, PageFetcher, parse_retry_after
from tests.net.asking import connected, fetcher, running
from tests.upstream_server import Endless, GzipAll, Hold, Redirect, Reset, Silence, Status, Truncate, closed_port

PAGE = "/simple/demo/"


async def ask(
    pages: PageFetcher, etag: str | None = None, last_modified: str | None = None
) -> FetchedPage | NotModified | Missing:
    return await pages.fetch("demo", etag=etag, last_modified=last_modified, page_timeout=10)


async def test_a_page_comes_with_everything_that_is_kept_about_it() -> None:
    async with running() as server:
        server.serial = 42
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url) as connection:
            page = await ask(fetcher(connection, server.index_url))
    assert isinstance(page, FetchedPage)
    assert page.body.startswith(b'{"meta"')
    assert page.content_type == "application/vnd.pypi.simple.v1+json"
    assert page.etag is not None
    assert (page.url, page.serial, page.last_modified) == (server.url + PAGE, "42", None)


async def test_json_is_preferred_and_gzip_accepted() -> None:
    """(check 84)"""
    async with running() as server:
        server.gzip_pages = True
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url) as connection:
            page = await ask(fetcher(connection, server.index_url))
    (request,) = server.requests
    assert request.headers["accept"] == ACCEPT
    assert ACCEPT.startswith("application/vnd.pypi.simple.v1+json, ")
    assert "gzip" in request.headers["accept-encoding"]
    assert isinstance(page, FetchedPage)
    assert page.body.startswith(b'{"meta"')


async def test_an_unchanged_page_is_not_sent_again() -> None:
    """(check 84)"""
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"content")
        with connected(server.url) as connection:
            pages = fetcher(connection, server.index_url)
            first = await ask(pages)
            assert isinstance(first, FetchedPage)
            again = await ask(pages, etag=first.etag, last_modified="Thu, 01 Jan 2026 00:00:00 GMT")
    assert again == NotModified(first.etag)
    assert server.requests[1].headers["if-none-match"] == first.etag
    assert server.requests[1].headers["if-modified-since"] == "Thu, 01 Jan 2026 00:00:00 GMT"


async def test_an_unasked_304_is_a_failure() -> None:
    async with running() as server:
        server.behave(PAGE, Status(304))
        with connected(server.url) as connection, pytest.raises(UpstreamStatus, match="answered 304 Not Modified"):
            await ask(fetcher(connection, server.index_url))


@pytest.mark.parametrize("status", [404, 410])
async def test_404_and_410_mean_that_the_project_is_missing(status: int) -> None:
    async with running() as server:
        server.behave(PAGE, Status(status))
        with connected(server.url) as connection:
            assert await ask(fetcher(connection, server.index_url)) == Missing(status)


@pytest.mark.parametrize(
    ("status", "settings", "reason"),
    [
        (401, {}, "answered 401 Unauthorized: set its username and password or token"),
        (401, {"token": "x"}, "answered 401 Unauthorized: check its username and password or token"),
        (403, {}, "answered 403 Forbidden: check whether its account may read the index"),
        (418, {}, "answered 418 I'm a Teapot"),
        (429, {}, "answered 429 Too Many Requests"),
        (302, {}, "answered 302 Found"),
        (204, {}, "answered 204 No Content"),
        (599, {}, "answered 599"),
    ],
)
async def test_other_statuses_are_failures_that_say_what_to_do(
    status: int, settings: dict[str, str], reason: str
) -> None:
    async with running() as server:
        server.behave(PAGE, Status(status))
        with connected(server.url, **settings) as connection, pytest.raises(UpstreamStatus) as caught:
            await ask(fetcher(connection, server.index_url))
    assert (caught.value.status, caught.value.reason) == (status, reason)


async def test_a_5xx_is_tried_once_more() -> None:
    async with running() as server:
        server.set_page("demo", b"page", "text/html")
        server.behave(PAGE, Status(503), times=1)
        with connected(server.url) as connection:
            page = await ask(fetcher(connection, server.index_url))
    assert isinstance(page, FetchedPage)
    assert server.count(PAGE) == 2


async def test_a_5xx_is_not_tried_a_third_time() -> None:
    async with running() as server:
        server.behave(PAGE, Status(500))
        with connected(server.url) as connection, pytest.raises(UpstreamStatus, match="500"):
            await ask(fetcher(connection, server.index_url))
    assert server.count(PAGE) == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_honoured_and_passed_on(status: int) -> None:
    async with running() as server:
        server.behave(PAGE, Status(status, headers={"Retry-After": "120"}))
        with connected(server.url) as connection, pytest.raises(UpstreamStatus) as caught:
            await ask(fetcher(connection, server.index_url))
    assert caught.value.retry_after == 120
    assert server.count(PAGE) == 1


@pytest.mark.parametrize("behaviour", [Reset(), Reset(2), Truncate(2)])
async def test_a_broken_answer_is_tried_once_more(behaviour: Reset | Truncate) -> None:
    async with running() as server:
        server.set_page("demo", b"page", "text/html")
        server.behave(PAGE, behaviour, times=1)
        with connected(server.url) as connection:
            page = await ask(fetcher(connection, server.index_url))
    assert isinstance(page, FetchedPage)
    assert page.body == b"page"
    assert server.count(PAGE) == 2


async def test_a_reset_is_not_tried_a_third_time() -> None:
    async with running() as server:
        server.behave(PAGE, Reset(0))
        with connected(server.url) as connection, pytest.raises(ConnectionBroken):
            await ask(fetcher(connection, server.index_url))
    assert server.count(PAGE) == 2


async def test_nothing_is_tried_again_after_a_timeout() -> None:
    async with running() as server:
        server.behave(PAGE, Silence())
        with connected(server.url) as connection, pytest.raises(UpstreamTimeout):
            await fetcher(connection, server.index_url).fetch(
                "demo", etag=None, last_modified=None, page_timeout=0.5
            )
    assert server.count(PAGE) == 1


async def test_a_refused_connection_is_not_tried_again() -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    with connected(url) as connection, pytest.raises(UpstreamUnreachable, match="refused"):
        await ask(fetcher(connection, url))


async def test_a_page_that_is_announced_too_large_is_refused_unread() -> None:
    async with running() as server:
        server.set_page("demo", b"x" * 1000, "text/html")
        with connected(server.url) as connection:
            with pytest.raises(UpstreamInvalidResponse, match=r"more than 999 bytes \(cache\.max_page_size\)"):
                await ask(fetcher(connection, server.index_url, limit=999))
            page = await ask(fetcher(connection, server.index_url, limit=1000))
    assert isinstance(page, FetchedPage)


async def test_an_endless_error_is_not_read() -> None:
    async with running() as server:
        server.behave(PAGE, Endless())
        with connected(server.url) as connection:
            assert await ask(fetcher(connection, server.index_url)) == Missing(404)


async def test_an_endless_page_is_cut_off() -> None:
    async with running() as server:
        server.set_page("demo", b"", "text/html")
        server.behave(PAGE, Endless())
        with (
            connected(server.url) as connection,
            pytest.raises(UpstreamInvalidResponse, match="more than 100000 bytes"),
        ):
            await ask(fetcher(connection, server.index_url, limit=100_000))


async def test_the_limit_counts_decoded_bytes() -> None:
    """A small bomb: 10 MB in 10 kB."""
    async with running() as server:
        server.set_page("demo", b"x" * 10_000_000, "text/html")
        server.behave(PAGE, GzipAll())
        with (
            connected(server.url) as connection,
            pytest.raises(UpstreamInvalidResponse, match="more than 9999999 bytes"),
        ):
            await ask(fetcher(connection, server.index_url, limit=9_999_999))
    assert len(gzip.compress(b"x" * 10_000_000)) < 20_000


async def test_links_are_relative_to_where_a_redirect_has_led() -> None:
    async with running() as server:
        server.set_page("demo", b"page", "text/html")
        server.behave("/index/", Redirect("/simple/demo/"))
        with connected(server.url) as connection:
            page = await ask(fetcher(connection, server.url + "/index/"))
    assert isinstance(page, FetchedPage)
    assert page.url == server.url + PAGE


async def test_a_cancelled_fetch_ends() -> None:
    async with running() as server:
        hold = Hold(asyncio.Event())
        server.behave(PAGE, hold)
        with connected(server.url) as connection:
            task = asyncio.create_task(ask(fetcher(connection, server.index_url)))
            await hold.reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert connection._under_way == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=60.0) == seconds
