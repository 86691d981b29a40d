"""From an upstream's answer to a ``ProjectDetail``: by Content-Type, validated, complete.

What comes out obeys every rule that clients enforce (see ``parse_fields``); what an upstream got wrong in one entry
costs that entry, never the page. Only the frame can make the whole answer unusable.
"""

from __future__ import annotations

from email.message import Message
from functools import lru_cache

import msgspec

from pyproxy.errors import NotAnIndexPage
from pyproxy.simple.model import NormalizedName, ProjectDetail
from pyproxy.simple.names import version_of
from pyproxy.simple.parse_html import parse_html
from pyproxy.simple.parse_json import parse_json
from pyproxy.simple.versions import version_order

_JSON_TYPES = frozenset(
    {"application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.latest+json", "application/json"}
)
_HTML_TYPES = frozenset(
    {
        *("application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.latest+html"),
        *("text/html", "application/xhtml+xml"),
    }
)


def parse_project_detail(body: bytes, content_type: str | None, url: str, project: NormalizedName) -> ProjectDetail:
    """Return the project page in ``body``, which was served at ``url`` (after redirects) with ``content_type``.

    Links come out absolute. A quarantined project has no files (PEP 792). Raises ``NotAnIndexPage`` and
    ``EmptyIndexPage``; their messages are clauses about "the answer" or "the page".
    """
    if not body.strip():
        raise NotAnIndexPage("the answer is empty")
    if is_json(body, content_type):
        detail = parse_json(body, url, project)
    else:
        detail = parse_html(body, _split_content_type(content_type)[1], url, project)
    if detail.status == "quarantined":
        return msgspec.structs.replace(detail, files=(), versions=())
    if detail.versions is None:
        return msgspec.structs.replace(detail, versions=_versions_of(detail))
    return detail


def is_json(body: bytes, content_type: str | None) -> bool:
    """Whether an answer is read as JSON, else as HTML. Raises ``NotAnIndexPage`` for an API that is not known."""
    media_type, _ = _split_content_type(content_type)
    return media_type in _JSON_TYPES or (media_type not in _HTML_TYPES and _looks_like_json(body, media_type))


@lru_cache(maxsize=64)  # there are a few; the email package takes a third of the time of a small page
def _split_content_type(content_type: str | None) -> tuple[str | None, str | None]:
    if not content_type or not content_type.strip():
        return None, None
    message = Message()
    message["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    charset = message.get_content_charset()
    return content_type.partition(";")[0].strip().lower(), charset


def _looks_like_json(body: bytes, media_type: str | None) -> bool:
    """Sniff what came without a useful Content-Type (object stores, misconfigured servers)."""
    if media_type is not None and media_type.startswith("application/vnd.pypi.simple."):
        raise NotAnIndexPage(f"the answer is {media_type}; only version 1 of the Simple API is understood")
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _versions_of(detail: ProjectDetail) -> tuple[str, ...] | None:
    """The versions that the filenames name, unless one of them names none: PEP 700 wants the list complete."""
    versions: set[str] = set()
    for file in detail.files:
        version = version_of(file.filename, detail.name)
        if version is None:
            return None
        versions.add(version)
    return tuple(sorted(versions, key=version_order))


