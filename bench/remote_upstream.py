"""The tree of ``tree.py`` as an index a while away: 20 ms until each answer, and 50 MB/s at most on a connection.

``python remote_upstream.py PORT TREE good|poor`` serves it on 127.0.0.1. A *good* one offers what pypi.org does: JSON,
hashes, metadata files, ETags, compression. A *poor* one offers none of it, as many a private index: HTML with bare
links. Both keep connections and answer ranges.

``/counts`` tells how many connections and requests there were, and how many bytes of wheels have left. A thread of each
connection and ``sendfile`` do it: the cores are shared with those that are measured, so it is to take little of them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import html
import json
import os
import re
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

AWAY_SECONDS = 0.020
BYTES_PER_SECOND = 50_000_000
STEP_BYTES = 256 * 1024
GOOD, POOR = "good", "poor"

_JSON = "application/vnd.pypi.simple.v1+json"
_RANGE = re.compile(r"^range:\s*bytes=(\d*)-(\d*)\s*$", re.I | re.M)
_IF_NONE_MATCH = re.compile(r"^if-none-match:\s*(\S+)", re.I | re.M)
_GZIP = re.compile(r"^accept-encoding:.*\bgzip\b", re.I | re.M)


@dataclass(slots=True)
class Counts:
    """What the index has seen; connections that only asked for the counts are none."""

    connections: int = 0
    requests: int = 0
    wheel_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is a page, or a file of which the bytes from ``start`` to ``stop`` are sent; ``fields`` end in CRLF."""

    status: str
    fields: str
    body: bytes | Path
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Page:
    """A project's page. A poor index has neither ``gzipped`` nor ``etag``."""

    content_type: str
    body: bytes
    gzipped: bytes | None
    etag: str | None


class Index:
    """What is answered to whom."""

    def __init__(self, root: Path, *, poor: bool) -> None:
        self._root = root
        self._poor = poor
        self._lock = threading.Lock()
        self.counts = Counts()
        self.page = functools.cache(self._page)

    def count(self, *, connections: int = 0, requests: int = 0, wheel_bytes: int = 0) -> None:
        """Add what has happened."""
        with self._lock:
            self.counts.connections += connections
            self.counts.requests += requests
            self.counts.wheel_bytes += wheel_bytes

    def answer(self, path: str, head: str) -> Answer:
        """The answer to a request for ``path``; ``head`` is all of the request."""
        if path.startswith("/simple/") and path.endswith("/"):
            page = self.page(path)
            return _not_found() if page is None else _page_answer(page, head)
        file = self._root / path[1:]
        if (self._poor and path.endswith(".metadata")) or not path.startswith("/files/") or not file.is_file():
            return _not_found()
        return _file_answer(file, head)

    def _page(self, path: str) -> Page | None:
        written = self._root / path[1:] / "index.json"
        if not written.is_file():
            return None
        body = written.read_bytes()
        if not self._poor:
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            return Page(_JSON, body, written.with_name("index.json.gz").read_bytes(), etag)
        files = json.loads(body)["files"]
        links = (f'<a href="{file["url"]}">{html.escape(file["filename"])}</a><br>' for file in files)
        return Page("text/html", "\n".join(["<!DOCTYPE html>", *links]).encode(), None, None)


def _not_found() -> Answer:
    return Answer("404 Not Found", "Content-Type: text/plain\r\n", b"", 0, 0)


def _page_answer(page: Page, head: str) -> Answer:
    body, fields = page.body, f"Content-Type: {page.content_type}\r\n"
    if page.etag is not None:
        fields += f"ETag: {page.etag}\r\n"
        asked = _IF_NONE_MATCH.search(head)
        if asked and asked[1] == page.etag:
            return Answer("304 Not Modified", fields, b"", 0, 0)
    if page.gzipped is not None and _GZIP.search(head):
        body, fields = page.gzipped, f"{fields}Content-Encoding: gzip\r\n"
    return Answer("200 OK", fields, body, 0, len(body))


def _file_answer(file: Path, head: str) -> Answer:
    size = file.stat().st_size
    fields = "Content-Type: application/octet-stream\r\nAccept-Ranges: bytes\r\n"
    asked = _RANGE.search(head)
    if asked is None or not any(asked.groups()):
        return Answer("200 OK", fields, file, 0, size)
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return Answer("416 Range Not Satisfiable", f"{fields}Content-Range: bytes */{size}\r\n", b"", 0, 0)
    fields += f"Content-Range: bytes {start}-{stop - 1}/{size}\r\n"
    return Answer("206 Partial Content", fields, file, start, stop)


def talk(connection: socket.socket, index: Index) -> None:
    """Answer the requests of one connection, one after the other, until the client closes it."""
    received, counted = b"", False
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while True:
            while b"\r\n\r\n" not in received:
                piece = connection.recv(65536)
                if not piece:
                    return
                received += piece
            whole, _, received = received.partition(b"\r\n\r\n")
            # Header lines end in \r\n, and $ matches before \n alone.
            head = whole.decode("latin-1").replace("\r\n", "\n")
            method, path, _ = head.split(" ", 2)
            if path in ("/healthz", "/counts"):
                body = json.dumps(asdict(index.counts)).encode()
                _send(connection, method, Answer("200 OK", "", body, 0, len(body)))
                continue
            index.count(connections=not counted, requests=1)
            counted = True
            time.sleep(AWAY_SECONDS)
            answer = index.answer(path, head)
            _send(connection, method, answer)
            if path.endswith(".whl") and method != "HEAD":
                index.count(wheel_bytes=answer.stop - answer.start)


def _send(connection: socket.socket, method: str, answer: Answer) -> None:
    head = f"HTTP/1.1 {answer.status}\r\n{answer.fields}Content-Length: {answer.stop - answer.start}\r\n\r\n".encode()
    if method == "HEAD":
        connection.sendall(head)
    elif isinstance(answer.body, bytes):
        connection.sendall(head + answer.body)  # a page is smaller than what is sent at once of a file
    else:
        connection.sendall(head, socket.MSG_MORE)
        with answer.body.open("rb") as file:
            _send_file(connection, file.fileno(), answer.start, answer.stop)


def _send_file(connection: socket.socket, file: int, start: int, stop: int) -> None:
    began, position = time.monotonic(), start
    while position < stop:
        early = began + (position - start) / BYTES_PER_SECOND - time.monotonic()
        if early > 0:
            time.sleep(early)
        step_ends = min(position + STEP_BYTES, stop)
        while position < step_ends:
            position += os.sendfile(connection.fileno(), file, position, step_ends - position)


def _talk_until_it_breaks(connection: socket.socket, index: Index) -> None:
    with contextlib.suppress(ConnectionError):  # clients may leave
        talk(connection, index)


def serve(port: int, index: Index) -> None:
    """Until the process is ended."""
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_talk_until_it_breaks, args=(connection, index), daemon=True).start()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Index(Path(sys.argv[2]), poor=sys.argv[3] == POOR))
