"""The fronts of ``deploy/`` as they are shipped; only addresses, ports and certificates are put in.

Both variants run at once: the one at a name of its own is ``127.0.0.1``, the one below a path is ``localhost``.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.upstream.certificates import HOSTS, Authority

from .process import ServerProcess, free_port
from .venvs import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
PREFIX = "/pypi-proxy"

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    # Whatever a machine's nginx.conf has, the shipped file must hold out against it.
    gzip on;
    gzip_proxied any;
    gzip_types *;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/pyproxy.conf;
}}
"""

CADDY = """\
{
	admin off
	auto_https disable_redirects
}
"""


class Front(ServerProcess):
    """A front before the pyproxy at ``port_behind``, with a certificate of an authority of its own."""

    scheme = "https"

    def __init__(self, folder: Path, port_behind: int) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True)
        self._authority = Authority(folder)
        self.certificate, self.key = self._authority.issue(HOSTS[0], HOSTS)
        self.port_behind = port_behind

    @property
    def root_url(self) -> str:
        """Where its users find pyproxy at a name of its own."""
        return self.url

    @property
    def prefixed_url(self) -> str:
        """Where its users find pyproxy below a path."""
        return f"https://localhost:{self.port}{PREFIX}"

    @property
    def trust(self) -> Mapping[str, str]:
        """What makes clients trust it."""
        bundle = str(self._authority.certificate)
        return {"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle, "PIP_CERT": bundle}

    @property
    def authorities(self) -> Path:
        """The PEM file of its authority."""
        return self._authority.certificate

    def context(self) -> ssl.SSLContext:
        """The same for Python's own client."""
        return ssl.create_default_context(cafile=str(self._authority.certificate))

    @classmethod
    @abstractmethod
    def program(cls) -> str | None:
        """Where it is on this machine, if it is."""


class DeployedNginx(Front):
    """``deploy/nginx/pyproxy.conf``; ``http_port`` is that of its plain server.

    ``storage`` is pyproxy's storage directory, where it lets nginx send files.
    """

    def __init__(self, folder: Path, port_behind: int, storage: Path = Path("/var/lib/pyproxy")) -> None:
        super().__init__(folder, port_behind)
        self.http_port = free_port()
        self._storage = storage

    @classmethod
    def program(cls) -> str | None:
        """nginx, which Debian keeps out of a user's path."""
        return shutil.which("nginx") or shutil.which("/usr/sbin/nginx")

    def command(self) -> Sequence[str]:
        """Writes its configuration as well."""
        shipped = (DEPLOY / "nginx" / "pyproxy.conf").read_text(encoding="utf-8")
        changes = {
            "127.0.0.1:8080": f"127.0.0.1:{self.port_behind}",
            "listen 80;": f"listen 127.0.0.1:{self.http_port};",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "/var/lib/pyproxy/": f"{self._storage}/",
        }
        for name in ("pypi.example.com", "tools.example.com"):
            changes[f"/etc/ssl/certs/{name}.pem"] = str(self.certificate)
            changes[f"/etc/ssl/private/{name}.key"] = str(self.key)
        changes |= {"pypi.example.com": "127.0.0.1", "tools.example.com": "localhost"}
        (self.folder / "pyproxy.conf").write_text(put_in(shipped, changes), encoding="utf-8")
        path = self.folder / "nginx.conf"
        path.write_text(NGINX.format(folder=self.folder), encoding="utf-8")
        program = self.program()
        assert program, "nginx is not installed: apt install nginx-light"
        return [program, "-p", str(self.folder), "-e", "stderr", "-c", str(path)]


class DeployedCaddy(Front):
    """``deploy/caddy/Caddyfile``, with a given certificate instead of one that it would get by itself."""

    @classmethod
    def program(cls) -> str | None:
        """caddy."""
        return shutil.which("caddy")

    def command(self) -> Sequence[str]:
        """Writes its configuration as well."""
        shipped = (DEPLOY / "caddy" / "Caddyfile").read_text(encoding="utf-8")
        tls = f"{{\n\ttls {self.certificate} {self.key}"
        changes = {
            "127.0.0.1:8080": f"127.0.0.1:{self.port_behind}",
            "\npypi.example.com {": f"\nhttps://127.0.0.1:{self.port} {tls}",
            "\ntools.example.com {": f"\nhttps://localhost:{self.port} {tls}",
        }
        path = self.folder / "Caddyfile"
        path.write_text(CADDY + put_in(shipped, changes), encoding="utf-8")
        program = self.program()
        assert program, "caddy is not installed: apt install caddy"
        return [program, "run", "--config", str(path), "--adapter", "caddyfile"]

    def environment(self) -> Mapping[str, str]:
        """A home of its own, for what it writes there."""
        homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(self.folder))
        return {**os.environ, **homes}

    @classmethod
    def ends_broken_transfers_well(cls) -> bool:
        """Whether it is older than 2.8: where the length is unknown, a transfer that broke looks whole then."""
        program = cls.program()
        assert program, "caddy is not installed: apt install caddy"
        said = subprocess.run([program, "version"], capture_output=True, text=True, check=True, timeout=120).stdout
        found = re.match(r"v?(\d+)\.(\d+)", said)
        return bool(found) and (int(found[1]), int(found[2])) < (2, 8)

    @classmethod
    def check(cls, configuration: Path) -> subprocess.CompletedProcess[str]:
        """What Caddy says of a file."""
        program = cls.program()
        assert program, "caddy is not installed: apt install caddy"
        command = [program, "adapt", "--config", str(configuration), "--adapter", "caddyfile"]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def put_in(shipped: str, changes: Mapping[str, str]) -> str:
    """The shipped text with its example values replaced, each of which must be there."""
    for example, real in changes.items():
        assert example in shipped, f"{example} is not in the shipped file any more"
        shipped = shipped.replace(example, real)
    return shipped
