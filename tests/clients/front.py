"""nginx before pyproxy, as many people run it: under a prefix, and with TLS."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from .process import ServerProcess

PREFIX = "/team/pypi"

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
    server {{
        listen 127.0.0.1:{port}{tls};
        location {prefix}/ {{
            proxy_pass {behind}/;
        }}
    }}
}}
"""


class Nginx(ServerProcess):
    """Passes ``/team/pypi/`` on to the server ``behind`` and knows nothing else of it.

    ``certificate`` and ``key`` are PEM files: then it speaks https.
    """

    def __init__(self, folder: Path, behind: str, *, certificate: Path | None = None, key: Path | None = None) -> None:
        super().__init__(folder)
        self._behind = behind
        self._tls = (certificate, key) if certificate and key else None
        self.scheme = "https" if self._tls else "http"

    @staticmethod
    def program() -> str | None:
        """Where nginx is on this machine, if it is."""
        return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")

    @property
    def index_url(self) -> str:
        """The index URL of its users."""
        return f"{self.url}{PREFIX}/simple/"

    def command(self) -> Sequence[str]:
        """Writes its configuration as well."""
        tls = ""
        if self._tls:
            tls = f" ssl;\n        ssl_certificate {self._tls[0]};\n        ssl_certificate_key {self._tls[1]}"
        names = {"folder": self.folder, "port": self.port, "prefix": PREFIX, "behind": self._behind, "tls": tls}
        text = CONFIGURATION.format(**names)
        path = self.folder / "nginx.conf"
        path.write_text(text, encoding="utf-8")
        program = self.program()
        assert program, "nginx is not installed: apt install nginx-light"
        return [program, "-p", str(self.folder), "-e", "stderr", "-c", str(path)]
