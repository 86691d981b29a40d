"""Documents of the legacy JSON API as the scripted upstream has them."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.distributions import make_wheel
from tests.upstream_server import UpstreamServer

UPLOADED = "2023-01-02T03:04:05.678901Z"


def publish_with_document(server: UpstreamServer, project: str, *versions: str) -> dict[str, Any]:
    """Wheels on the page, and the documents of the project and of each release; the project's document."""
    releases = {version: [_publish(server, project, version)] for version in versions}
    for version in versions:
        server.set_json(f"{project}/{version}", document(project, version, {version: releases[version]}, whole=False))
    whole = document(project, versions[-1], releases)
    server.set_json(project, whole)
    return whole


def document(project: str, version: str, releases: dict[str, list[Any]], *, whole: bool = True) -> dict[str, Any]:
    """A document as the public index writes it; without ``releases`` where it is one release's own."""
    found: dict[str, Any] = {
        "info": {
            "author": "A. Author",
            "classifiers": ["Programming Language :: Python :: 3"],
            "download_url": None,
            "home_page": "https://example.org/demo",
            "name": project,
            "project_urls": {"Source": "https://example.org/source"},
            "requires_dist": [f"said-of-{version}"],
            "requires_python": None,
            "summary": f"What {project} {version} is",
            "version": version,
            "yanked": False,
            "yanked_reason": None,
        },
        "last_serial": 4711,
        "ownership": {"roles": [], "organization": None},
        "urls": releases[version],
        "vulnerabilities": [{"id": f"DEMO-{version}", "link": "https://example.org/DEMO"}],
    }
    return found | ({"releases": releases} if whole else {})


def entry(url: str, filename: str, content: bytes, **changes: Any) -> dict[str, Any]:
    """A file in such a document."""
    return {
        "comment_text": "",
        "digests": {
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
        "downloads": -1,
        "filename": filename,
        "has_sig": False,
        "md5_digest": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "packagetype": "bdist_wheel",
        "python_version": "py3",
        "requires_python": None,
        "size": len(content),
        "upload_time": UPLOADED[:19],
        "upload_time_iso_8601": UPLOADED,
        "url": url,
        "yanked": False,
        "yanked_reason": None,
        **changes,
    }


def _publish(server: UpstreamServer, project: str, version: str) -> dict[str, Any]:
    filename, content, metadata = make_wheel(project, version)
    server.add_file(project, filename, content, metadata=metadata)
    return entry(f"{server.url}/packages/{project}/{filename}", filename, content)
