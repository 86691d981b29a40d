"""Descriptions are found in what is kept, and rendered where no text can hold up or bring down the server."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pyproxy.admin.projects.description import Description
from pyproxy.admin.projects.descriptions import Descriptions, rendering_workshop
from pyproxy.admin.projects.rendering import plain_text
from pyproxy.repositories.workshop import Workshop
from pyproxy.storage.database import Database
from pyproxy.storage.json_documents import JsonDocumentStore
from tests.storage.conftest import OpenStore


@asynccontextmanager
async def opened(database: Database, open_store: OpenStore, renderer: Workshop) -> AsyncIterator[Descriptions]:
    workshop = Workshop()
    descriptions = Descriptions(
        files=open_store(None), documents=JsonDocumentStore(database), local=None, workshop=workshop, renderer=renderer
    )
    try:
        yield descriptions
    finally:
        await descriptions.close()
        workshop.close()


def markdown(text: str) -> Description:
    return Description(text=text, content_type="text/markdown")


async def test_a_text_is_rendered_in_another_process_once(database: Database, open_store: OpenStore) -> None:
    renderer = rendering_workshop()
    async with opened(database, open_store, renderer) as descriptions:
        rendered = await asyncio.gather(*(descriptions.render(markdown("*x*")) for _ in range(3)))
        rendered.append(await descriptions.render(markdown("*x*")))
    assert {each.html for each in rendered if each is not None} == {"<p><em>x</em></p>\n"}
    assert renderer.runs == {("render_text", "process"): 1}


async def test_who_does_not_wait_gets_it_when_asking_again(database: Database, open_store: OpenStore) -> None:
    async with opened(database, open_store, rendering_workshop()) as descriptions:
        assert await descriptions.render(markdown("*y*"), wait=0) is None
        rendered = await descriptions.render(markdown("*y*"))
        assert rendered is not None
        assert await descriptions.render(markdown("*y*"), wait=0) is rendered


async def test_a_text_that_takes_too_long_is_shown_as_it_is(
    database: Database, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Quotes inside each other, so many that it takes minutes; the next text is rendered all the same."""
    renderer = Workshop(inline_below=0, thread_below=0, process_limit=4.0)
    text = ">" * 200_000
    async with opened(database, open_store, renderer) as descriptions:
        with caplog.at_level(logging.WARNING):
            assert await descriptions.render(markdown(text)) == plain_text(text)
            rendered = await descriptions.render(markdown("*x*"))
    assert rendered is not None
    assert rendered.html == "<p><em>x</em></p>\n"
    assert "is shown as plain text" in caplog.text


async def test_a_text_that_kills_its_renderer_is_shown_as_it_is(
    database: Database, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(database, open_store, Dying()) as descriptions:
        with caplog.at_level(logging.WARNING):
            assert await descriptions.render(markdown("*x*")) == plain_text("*x*")
    assert "is shown as plain text" in caplog.text


class Dying(Workshop):
    """In which every process dies over its work."""

    async def run(self, size: int, function: object, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        return await Workshop.run(self, 10**9, os._exit, 1)


async def test_a_plain_text_needs_no_process(database: Database, open_store: OpenStore) -> None:
    renderer = rendering_workshop()
    async with opened(database, open_store, renderer) as descriptions:
        text = Description(text="<b>", content_type="text/plain")
        assert await descriptions.render(text) == plain_text("<b>")
    assert not renderer.runs
