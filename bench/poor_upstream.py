"""An index as many are: a while away, without ``.metadata`` files, ETags and compression; it does answer ranges.

``python poor_upstream.py PORT`` serves some projects that need each other, on 127.0.0.1. Each answer is held back for
as long as a round trip to another town takes. ``/sent`` tells how many bytes of wheels have left so far.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import random
import re
import sys
import zipfile
from dataclasses import dataclass, field

PROJECTS = 100
RELEASES = 3
WHEEL_BYTES = 200_000
DESCRIPTION_BYTES = 8_000
AWAY_SECONDS = 0.020

ROOT = "needs-000"
"""Who asks for this project gets all of them: each needs two more."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(slots=True)
class Index:
    """Pages and wheels by path, and how many bytes of wheels were sent."""

    pages: dict[str, bytes] = field(default_factory=dict)
    wheels: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0


def make_index() -> Index:
    """Made from a fixed seed: the same in each run."""
    index, padding = Index(), random.Random(1).randbytes(WHEEL_BYTES)
    for number in range(PROJECTS):
        entries = []
        for release in range(RELEASES):
            filename, wheel = _wheel(number, release, padding)
            index.wheels[f"/files/{filename}"] = wheel
            digest = hashlib.sha256(wheel).hexdigest()
            entries.append({"filename": filename, "url": f"../../files/{filename}", "hashes": {"sha256": digest}})
        page = {"meta": {"api-version": "1.0"}, "name": _name(number), "files": entries}
        index.pages[f"/simple/{_name(number)}/"] = json.dumps(page).encode()
    return index


def _name(number: int) -> str:
    return f"needs-{number:03}"


def _wheel(number: int, release: int, padding: bytes) -> tuple[str, bytes]:
    stem = f"{_name(number).replace('-', '_')}-1.{release}"
    needed = [each for each in (2 * number + 1, 2 * number + 2) if each < PROJECTS]
    lines = ["Metadata-Version: 2.1", f"Name: {_name(number)}", f"Version: 1.{release}", "Requires-Python: >=3.8"]
    lines += [f"Requires-Dist: {_name(each)}>=1.1" for each in needed]
    described = random.Random(number).randbytes(DESCRIPTION_BYTES).hex()
    members = {
        f"{stem}.data/data/padding": padding,
        f"{stem}.dist-info/METADATA": "\n".join([*lines, "", described]).encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{stem}.dist-info/RECORD"] = "".join(f"{each},,\n" for each in members).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return f"{stem}-py3-none-any.whl", buffer.getvalue()


async def serve(port: int) -> None:
    """Until the process is ended."""
    index = make_index()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                for piece in await _answer(index, head.decode("latin-1")):
                    writer.write(piece)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


async def _answer(index: Index, head: str) -> tuple[bytes, bytes]:
    method, path, _ = head.split(" ", 2)
    if path == "/healthz":
        return _response("200 OK", "text/plain", b"ok", method)
    if path == "/sent":
        return _response("200 OK", "text/plain", str(index.sent).encode(), method)
    await asyncio.sleep(AWAY_SECONDS)
    if path in index.pages:
        return _response("200 OK", "application/vnd.pypi.simple.v1+json", index.pages[path], method)
    if path not in index.wheels:
        return _response("404 Not Found", "text/plain", b"no such file", method)
    wheel = index.wheels[path]
    wanted = re.search(r"^range:\s*(\S+)", head, re.I | re.M)
    span = _span(wanted[1], len(wheel)) if wanted else None
    if span is None:
        status, more, body = "200 OK", "", wheel
    else:
        start, stop = span
        status, body = "206 Partial Content", wheel[start:stop]
        more = f"Content-Range: bytes {start}-{stop - 1}/{len(wheel)}\r\n"
    if method != "HEAD":
        index.sent += len(body)
    return _response(status, "application/octet-stream", body, method, f"Accept-Ranges: bytes\r\n{more}")


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(wanted)
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1 if last else size, size)


def _response(status: str, content_type: str, body: bytes, method: str, more: str = "") -> tuple[bytes, bytes]:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode(), b"" if method == "HEAD" else body


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
