"""What an index says of a project, read without any of our own code."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from tests.simple.reading import JSON, Entry, read


def page_of(index_url: str, project: str) -> Any:
    """The JSON page as it was sent; ``urllib.error.HTTPError`` for any other answer."""
    return json.loads(_fetched(f"{index_url}{project}/"))


def files_of(index_url: str, project: str) -> dict[str, Entry]:
    """All that the page says of each file, but not where it lies: every index has its own place."""
    url = f"{index_url}{project}/"
    return {filename: {**entry, "url": ""} for filename, entry in read(_fetched(url), JSON, url).items()}


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": JSON}), timeout=60) as answer:
        assert answer.headers["Content-Type"] == JSON
        body: bytes = answer.read()
        return body
