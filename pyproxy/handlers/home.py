"""``/`` for people: what this is, and the lines to copy, with the address the visitor used."""

from __future__ import annotations

from collections.abc import Mapping

from pyproxy.handlers.base import BaseHandler
from pyproxy.handlers.forwarded import is_trusted, visited_url


class HomeHandler(BaseHandler):
    """The front page."""

    def get(self) -> None:
        address = self.services.public_url or self._visited_url()
        page = self.services.templates.get_template("home.html").render(address=address.rstrip("/"))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(page.encode())

    head = get

    def _visited_url(self) -> str:
        trusted = is_trusted(self.request.remote_ip or "-", self.services.trusted_proxies)
        headers: Mapping[str, str] = self.request.headers if trusted else {}
        return visited_url(self.request.protocol, self.request.host, headers)
