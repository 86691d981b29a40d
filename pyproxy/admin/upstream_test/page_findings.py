"""What a project page has, and what clients will miss: judged from one page, without asking anything more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from pyproxy.admin.upstream_test.project_page import Asked
from pyproxy.admin.upstream_test.steps import State, Step
from pyproxy.net.addresses import origin_of
from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import File

_JSON_VERSION = re.compile(rb'"api-version"\s*:\s*"([0-9.]{1,10})"')
_HTML_VERSION = re.compile(rb"pypi:repository-version[\"']?\s+content\s*=\s*[\"']?([0-9.]{1,10})", re.IGNORECASE)

_NOTHING_TO_SET = "nothing can be set here; a newer version of the server may list them"


def findings(asked: Asked, settings: UpstreamSettings) -> list[Step]:
    """The steps about a page that was found; ``asked`` must hold answer and detail."""
    assert asked.detail is not None
    files = asked.detail.files
    # Of an HTML page the first step has said already that there is nothing to set.
    advice = _NOTHING_TO_SET if _is_json(asked) else None
    return [
        _format(asked, settings),
        _sha256(files),
        _sizes(files, advice),
        _upload_times(files, advice),
        *_wheel_metadata(files, advice),
        *_links(files, settings),
    ]


def _format(asked: Asked, settings: UpstreamSettings) -> Step:
    """The page itself: where, how large, in which format."""
    assert asked.answer is not None
    assert asked.detail is not None
    answer = asked.answer
    is_json = _is_json(asked)
    version = (_JSON_VERSION if is_json else _HTML_VERSION).search(answer.body)
    kind = f"{'JSON' if is_json else 'HTML'}{f' {version[1].decode()}' if version else ''}"
    count = len(asked.detail.files)
    found = f"{asked.project}: {count} {'file' if count == 1 else 'files'}, {len(answer.body):,} bytes of {kind}"
    if not answer.url.startswith(settings.index_url):
        found += f", after a redirect to {urlsplit(answer.url).netloc}"
    if is_json:
        return Step("project page", "ok", answer.seconds, found)
    advice = "nothing can be set here; only JSON (PEP 691, PEP 700) tells clients sizes and upload times"
    return Step("project page", "warning", answer.seconds, f"{found}: it does not speak JSON", advice)


def _is_json(asked: Asked) -> bool:
    return asked.answer is not None and asked.answer.body.lstrip()[:1] == b"{"


def _sha256(files: Sequence[File]) -> Step:
    without = [file for file in files if file.sha256 is None]
    if not without:
        return Step("sha256", "ok", None, "every file has one")
    others = sorted({name for file in without for name in file.hashes})
    instead = f"only {', '.join(others)}" if others else "and no other hash"
    found = f"{_lacking(without, files)}, {instead}"
    advice = "pyproxy records the sha256 at the first download and refuses other bytes from then on; lock files made "
    return Step("sha256", "warning", None, found, f"{advice}before that have none")


def _sizes(files: Sequence[File], advice: str | None) -> Step:
    without = [file for file in files if file.size is None]
    if not without:
        return Step("sizes", "ok", None, "every file has one")
    return Step("sizes", "warning", None, _lacking(without, files), advice)


def _upload_times(files: Sequence[File], advice: str | None) -> Step:
    without = [file for file in files if file.upload_time is None]
    if not without:
        return Step("upload times", "ok", None, "every file has one")
    found = f"{_lacking(without, files)}: uv --exclude-newer and pip --uploaded-prior-to will not work"
    return Step("upload times", "warning", None, found, advice)


def _wheel_metadata(files: Sequence[File], advice: str | None) -> list[Step]:
    wheels = [file for file in files if file.filename.endswith(".whl")]
    without = [file for file in wheels if not file.core_metadata]
    if not wheels:
        return []
    if not without:
        return [Step("wheel metadata", "ok", None, "it is listed for every wheel (PEP 658)")]
    found = f"{_lacking(without, wheels, 'wheel')} (PEP 658): pyproxy reads it out of the wheels"
    return [Step("wheel metadata", "warning", None, found, advice)]


def _links(files: Sequence[File], settings: UpstreamSettings) -> list[Step]:
    """Files that are not where the index is."""
    steps = []
    down = [file for file in files if settings.origin[0] == "https" and urlsplit(file.url).scheme == "http"]
    if down:
        unprotected = [file for file in down if file.sha256 is None]
        found = f"{len(down)} of {len(files)} files are linked at http, the index is https"
        if unprotected:
            found += f"; {len(unprotected)} of them have no sha256 and are never fetched so"
        state: State = "failed" if len(unprotected) == len(files) else "warning"
        advice = "set the server's public address to https (X-Forwarded-Proto, base URL)"
        steps.append(Step("links", state, None, found, advice))
    hosts = sorted({urlsplit(file.url).netloc.rpartition("@")[2] for file in files if _elsewhere(file.url, settings)})
    if hosts:
        steps.append(Step("file host", "ok", None, f"files are on another host: {', '.join(hosts[:5])}"))
    return steps


def _elsewhere(url: str, settings: UpstreamSettings) -> bool:
    return origin_of(url)[1:] != settings.origin[1:]


def _lacking(some: Sequence[File], all_: Sequence[File], noun: str = "file") -> str:
    """``2 of 3 files have none``."""
    if len(all_) == 1:
        return f"its only {noun} has none"
    if len(some) == len(all_):
        return f"none of its {len(all_)} {noun}s has one"
    return f"{len(some)} of its {len(all_)} {noun}s have none"
