"""A certificate and its key where a server looks for them, replaced the ways that real tools replace them."""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path

from pyproxy.config.model import ServerConfig, TlsConfig
from tests.upstream.certificates import HOSTS, Authority

Pair = tuple[Path, Path]


class Place:
    """``certificate`` and ``key`` are the paths of the configuration; each pair is known by its common name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority(directory)
        self.certificate, self.key = directory / "fullchain.pem", directory / "privkey.pem"

    @property
    def config(self) -> ServerConfig:
        """A server that looks here."""
        return ServerConfig(tls=TlsConfig(certificate=self.certificate, key=self.key))

    @property
    def environ(self) -> dict[str, str]:
        """The same for a command."""
        return {
            "PYPROXY_SERVER__TLS__CERTIFICATE": str(self.certificate),
            "PYPROXY_SERVER__TLS__KEY": str(self.key),
        }

    def issue(self, name: str, *, end: datetime.datetime | None = None) -> Pair:
        """A new pair, somewhere else."""
        return self.authority.issue(name, HOSTS, end=end)

    def put(self, certificate: Path, key: Path) -> None:
        """Replace both by renaming copies over them."""
        for source, target in ((certificate, self.certificate), (key, self.key)):
            beside = target.with_suffix(".new")
            shutil.copy(source, beside)
            beside.rename(target)

    def mount(self, number: int, certificate: Path, key: Path) -> None:
        """Replace both as Kubernetes does: a folder of its own for each version, and a link that is turned over."""
        version = self.directory / f"..version-{number}"
        version.mkdir()
        shutil.copy(certificate, version / self.certificate.name)
        shutil.copy(key, version / self.key.name)
        turned = self.directory / "..data_new"
        turned.symlink_to(version.name)
        turned.rename(self.directory / "..data")
        for path in (self.certificate, self.key):
            if not path.is_symlink():
                path.symlink_to(os.path.join("..data", path.name))
