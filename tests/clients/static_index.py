"""A static index as people generate them and put behind nginx: pages and files are nothing but files on a disk."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from .front import Nginx
from .process import ServerProcess

CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; }}
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port}{tls};
        root {root};
        location /simple/ {{ index index.html; }}
        location /listing/ {{ autoindex on; }}
    }}
}}
"""


class StaticIndex(ServerProcess):
    """nginx with three views of the same files.

    ``/simple/``: generated pages with ``<base>``, sha256 fragments and files elsewhere. ``/flat/<project>/``: the same
    with ``../``-links, for an empty ``index_path``. ``/listing/<project>/``: nginx's own listing of a folder.
    """

    def __init__(self, folder: Path, *, certificate: Path | None = None, key: Path | None = None) -> None:
        super().__init__(folder)
        self._tls = (certificate, key) if certificate and key else None
        self.scheme = "https" if self._tls else "http"
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self._files: dict[str, dict[str, tuple[bytes, bool]]] = {}

    def add(self, project: str, filename: str, content: bytes, metadata: bytes | None = None) -> None:
        """Put a distribution file into all views; pages are generated anew."""
        for place in (self.root / "files", self.root / "listing" / project):
            place.mkdir(parents=True, exist_ok=True)
            (place / filename).write_bytes(content)
            if metadata is not None:
                (place / f"{filename}.metadata").write_bytes(metadata)
        self._files.setdefault(project, {})[filename] = content, metadata is not None
        self._write_page("simple", project, "/files/", "")
        self._write_page("flat", project, None, "../../files/")

    def command(self) -> Sequence[str]:
        """Writes its configuration as well."""
        tls = ""
        if self._tls:
            tls = f" ssl;\n        ssl_certificate {self._tls[0]};\n        ssl_certificate_key {self._tls[1]}"
        text = CONFIGURATION.format(folder=self.folder, port=self.port, root=self.root, tls=tls)
        path = self.folder / "nginx.conf"
        path.write_text(text, encoding="utf-8")
        program = Nginx.program()
        assert program, "nginx is not installed: apt install nginx-light"
        return [program, "-p", str(self.folder), "-e", "stderr", "-c", str(path)]

    def _write_page(self, view: str, project: str, base: str | None, before: str) -> None:
        lines = []
        for filename, (content, has_metadata) in self._files[project].items():
            href = f"{before}{quote(filename)}#sha256={hashlib.sha256(content).hexdigest()}"
            attribute = ' data-core-metadata="true"' if has_metadata else ""
            lines.append(f'<a href="{html.escape(href)}"{attribute}>{html.escape(filename)}</a><br>\n')
        head = f'<base href="{base}">' if base else ""
        page = f"<!DOCTYPE html><html><head><title>Links for {project}</title>{head}</head><body>\n"
        folder = self.root / view / project
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(f"{page}{''.join(lines)}</body></html>\n", encoding="utf-8")
