"""The first bytes of one file, as a range; and its metadata, where the page promises it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

from pyproxy.admin.upstream_test.asking import Answer, Asking
from pyproxy.admin.upstream_test.refusals import Finding, explained, phrase, sent
from pyproxy.admin.upstream_test.steps import Begins, Step
from pyproxy.errors import UpstreamError
from pyproxy.net.addresses import origin_of
from pyproxy.net.archive_check import starts_like
from pyproxy.net.credentials import Credentials
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import File

FIRST_BYTES = 1024
METADATA_BYTES = 4 << 20
"""Metadata files are of kilobytes; a larger one is not looked at."""


async def check_file(asking: Asking, file: File, begins: Begins) -> AsyncGenerator[Step]:
    """The steps about a file that was found on a page."""
    begins(f"first bytes of {file.filename}")
    try:
        answer = await asking.file(file.url, first=FIRST_BYTES, hashed=file.sha256 is not None)
    except UpstreamError as error:
        yield Step("file", "failed", None, *_unreachable(error, file, asking.settings))
        return
    step = _first_bytes(answer, file, asking.settings)
    yield step
    if step.state != "failed" and file.core_metadata:
        begins(f"metadata of {file.filename}")
        yield await _check_metadata(asking, file)


def _first_bytes(answer: Answer, file: File, settings: UpstreamSettings) -> Step:
    if answer.status not in (200, 206):
        return Step("file", "failed", answer.seconds, *_not_given(answer, file, settings))
    if not starts_like(file.filename, answer.body):
        found = f"what it sends as {file.filename} does not begin like such a file"
        advice = "look at what the link leads to: a login page, an error page, another encoding"
        return Step("file", "failed", answer.seconds, found, advice)
    size = _size_there(answer)
    if None not in (size, file.size) and size != file.size:
        found = f"{file.filename} has {size:,} bytes there, the page lists {file.size:,}"
        advice = "no download of it is accepted: mend the list at the server"
        return Step("file", "failed", answer.seconds, found, advice)
    host = urlsplit(answer.url).netloc
    if answer.status == 200:
        found = f"{file.filename} can be fetched from {host}, but not in parts: it ignores ranges"
        advice = "nothing can be set here: clients that read a part of a large wheel wait for all of it"
        return Step("file", "warning", answer.seconds, found, advice)
    found = f"the first {len(answer.body):,} bytes of {file.filename} came from {host}, by range"
    return Step("file", "ok", answer.seconds, found)


def _size_there(answer: Answer) -> int | None:
    """Of the whole file; ``None`` where it is not told, or only that of an encoded body."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        return None
    told = answer.headers.get("content-length" if answer.status == 200 else "content-range", "")
    digits = told.rpartition("/")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _not_given(answer: Answer, file: File, settings: UpstreamSettings) -> Finding:
    found = f"{urlsplit(answer.url).netloc} answers {phrase(answer.status)} for {file.filename}, which the page lists"
    if answer.status not in (401, 403):
        return found, "the index and its files do not agree: look into the server, or the mirror that fills it"
    scheme, host, port = origin_of(answer.url)
    given = sent(settings)
    if given is None:
        return found, "set username and password, or token: the index is open, its files are not"
    if Credentials.of(settings).belong_to(answer.url):
        return found, f"check whether the account may read files: the {given} was sent"
    place = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    return f"{found}; the {given} is not sent there", f"if that host is the index's own, set credential_hosts={place}"


def _unreachable(error: UpstreamError, file: File, settings: UpstreamSettings) -> Finding:
    found, advice = explained(error, settings)
    host = urlsplit(file.url).netloc.rpartition("@")[2]
    if origin_of(file.url)[1:] != settings.origin[1:] and advice is None:
        advice = f"this machine must reach {host}, too: look at firewalls, and at http_proxy"
    return f"{file.filename} at {host}: {found}", advice


async def _check_metadata(asking: Asking, file: File) -> Step:
    """PEP 658: what is promised must be there, with the listed hash."""
    name = "metadata file"
    url = f"{file.url.partition('#')[0]}.metadata"
    advice = "clients that are promised metadata fail without it: mend it at the server"
    try:
        answer = await asking.file(url, first=None, hashed=file.sha256 is not None, limit=METADATA_BYTES)
    except UpstreamError as error:
        found, said = explained(error, asking.settings)
        return Step(name, "failed", None, found, said or advice)
    if answer.status != 200:
        found = f"it lists metadata of {file.filename}, but answers {phrase(answer.status)} for it"
        return Step(name, "failed", answer.seconds, found, advice)
    listed = file.core_metadata.get("sha256") if isinstance(file.core_metadata, dict) else None
    if listed is not None and hashlib.sha256(answer.body).hexdigest() != listed:
        found = f"the metadata of {file.filename} has another sha256 than the page lists"
        return Step(name, "failed", answer.seconds, found, advice)
    checked = "with the listed sha256" if listed is not None else "no hash is listed for it"
    return Step(name, "ok", answer.seconds, f"{len(answer.body):,} bytes of metadata came, {checked}")
