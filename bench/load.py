"""The load: wrk for many small answers, sockets for large ones. Loopback only."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from servers import HOST

JSON = "application/vnd.pypi.simple.v1+json"
CONNECTIONS = 16
BUFFER = 1 << 20
PATIENCE_SECONDS = 120.0
REDIRECTS = 3


class WrongAnswer(Exception):
    """A server answered something else than what was to be measured."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole small answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests were answered, how many per second, and the 99th percentile of their times in milliseconds."""

    requests: int
    per_second: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Timing:
    """One download, in seconds from before the connection: to the first byte of the body, and to the last."""

    first_byte: float
    total: float
    sha256: str | None = None


def get(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """One request over a new connection."""
    parts = require_loopback(url)
    connection = http.client.HTTPConnection(HOST, parts.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", parts.path, headers=dict(headers or {}))
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    finally:
        connection.close()


def file_url(page_url: str) -> str:
    """The first file of a page, as that page links it."""
    answer = get(page_url, {"Accept": JSON})
    if answer.status != 200:
        raise WrongAnswer(f"{page_url}: {answer.status} {answer.body[:300]!r}")
    link: str = json.loads(answer.body)["files"][0]["url"]
    return urllib.parse.urljoin(page_url, link)


def wrk(url: str, *, seconds: float, headers: Mapping[str, str] | None = None, status: int = 200) -> Rate:
    """Ask for one URL over 16 connections for so long; one request beforehand must get ``status``."""
    require_loopback(url)
    answer = get(url, headers)
    if answer.status != status:
        raise WrongAnswer(f"{url}: {answer.status} instead of {status}")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", "30s"]
    command += ["-s", str(Path(__file__).with_name("wrk.lua"))]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run([*command, url], capture_output=True, text=True, timeout=seconds + 60, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    if found["failed"]:
        raise WrongAnswer(f"{url}: {found['failed']} of {found['requests']} requests failed under load")
    return Rate(found["requests"], found["requests"] / found["seconds"], found["p99_ms"])


def download(url: str, size: int, *, hashed: bool = False) -> Timing:
    """GET ``size`` bytes over a new connection and drop them; with ``hashed`` also their sha256.

    A redirect is followed, as installers do: proxpi sends clients to its upstream when a file takes too long.
    """
    began = time.monotonic()
    for _ in range(REDIRECTS):
        found = _download(url, size, began, hashed=hashed)
        if isinstance(found, Timing):
            return found
        url = found
    raise WrongAnswer(f"{url}: more than {REDIRECTS} redirects")


def _download(url: str, size: int, began: float, *, hashed: bool) -> Timing | str:
    """What came, or where the server sends us."""
    parts = require_loopback(url)
    with socket.create_connection((HOST, parts.port), timeout=PATIENCE_SECONDS) as connection:
        request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        head, body = _head(connection)
        if head.startswith("HTTP/1.1 302 "):
            found = re.search(r"^location:\s*(\S+)", head, re.I | re.M)
            return urllib.parse.urljoin(url, found[1] if found else "")
        if not head.startswith("HTTP/1.1 200 ") or f"\r\ncontent-length: {size}\r\n" not in head.lower() + "\r\n":
            raise WrongAnswer(f"{url}: {head.splitlines()[0]}, or not the {size} bytes that were expected")
        digest = hashlib.sha256(body) if hashed else None
        first_byte = time.monotonic() if body else None
        received, buffer = len(body), memoryview(bytearray(BUFFER))
        while received < size:
            count = connection.recv_into(buffer)
            if not count:
                raise WrongAnswer(f"{url}: broken off after {received} of {size} bytes")
            first_byte = first_byte or time.monotonic()
            received += count
            if digest is not None:
                digest.update(buffer[:count])
    return Timing((first_byte or began) - began, time.monotonic() - began, digest.hexdigest() if digest else None)


def download_at_once(url: str, size: int, clients: int, *, hashed: bool = False) -> tuple[float, list[Timing]]:
    """So many downloads of the same URL at the same time; the seconds until the last one had everything."""
    return download_all([url] * clients, size, hashed=hashed)


def download_all(urls: Sequence[str], size: int, *, hashed: bool = False) -> tuple[float, list[Timing]]:
    """Files of the same size, all at the same time; the seconds until the last one was there."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(urls)) as pool:
        timings = list(pool.map(lambda url: download(url, size, hashed=hashed), urls))
    return time.monotonic() - began, timings


def _head(connection: socket.socket) -> tuple[str, bytes]:
    """The response's head, and what came of the body with it."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            raise WrongAnswer("the connection was closed before the answer")
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def require_loopback(url: str) -> urllib.parse.SplitResult:
    """The URL's parts; nothing else than this machine is ever put under load."""
    parts = urllib.parse.urlsplit(url)
    if parts.hostname != HOST:
        raise WrongAnswer(f"{url} is not on this machine; nothing is asked of it")
    return parts
