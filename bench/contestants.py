"""Who is compared: pyproxy, nginx as the limit, and the caching proxies that people would take instead.

Each stands in front of the same nginx, which serves the tree of ``tree.py``. A peer is installed once, in a virtual
environment of its own, from the package index that pip uses on this machine, and set up as its documentation says.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import servers
from servers import HOST, Server
from tree import READY

ENVIRONMENTS = Path(tempfile.gettempdir()) / "pyproxy-bench-tools"
"""Kept between runs, so that the package index is asked once."""

CACHING_NGINX_CONF = """
daemon off;
{user}
pid {state}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    types {{ }}
    access_log {state}/access.log;
    client_body_temp_path {state}/body;
    proxy_temp_path {state}/proxy;
    fastcgi_temp_path {state}/fastcgi;
    uwsgi_temp_path {state}/uwsgi;
    scgi_temp_path {state}/scgi;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    gzip on;
    gzip_types application/vnd.pypi.simple.v1+json;
    proxy_cache_path {state}/cache levels=1:2 keys_zone=index:64m max_size=50g inactive=30d use_temp_path=off;
    upstream origin {{ server {upstream}; keepalive 16; }}
    server {{
        listen {host}:{port} backlog=1024;
        location / {{
            proxy_pass http://origin;
            proxy_cache index;
            proxy_cache_valid 200 1h;
            proxy_cache_lock on;
            proxy_cache_lock_timeout 600s;
            proxy_cache_lock_age 600s;
            proxy_cache_use_stale error timeout updating;
            proxy_set_header Accept-Encoding "";
            proxy_set_header Connection "";
            proxy_http_version 1.1;
            proxy_max_temp_file_size 8192m;
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Contestant:
    """``start`` runs one with the new directory ``state``, in front of the given upstream, until the block ends.

    ``slow``: it takes minutes where others take seconds, so the heaviest scenarios leave it out after one round.
    """

    name: str
    start: Callable[[Path, Server], AbstractContextManager[Server]]
    version: Callable[[], str]
    slow: bool = False


@contextlib.contextmanager
def caching_nginx(state: Path, upstream: Server) -> Iterator[Server]:
    """nginx as a caching reverse proxy: pages are kept as they come and compressed for each answer."""
    state.mkdir()
    port = servers.free_port()
    config = state / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    origin = upstream.url.removeprefix("http://")
    config.write_text(CACHING_NGINX_CONF.format(user=user, state=state, host=HOST, port=port, upstream=origin))
    command = ["nginx", "-p", str(state), "-e", str(state / "error.log"), "-c", str(config)]
    with servers.running("nginx cache", command, state, port, servers.plain_environment(), ready=_page()) as server:
        yield server


@contextlib.contextmanager
def devpi(state: Path, upstream: Server) -> Iterator[Server]:
    """devpi-server with its defaults and one mirror index."""
    state.mkdir()
    venv, port = environment("devpi", "devpi-server"), servers.free_port()
    # Its usual first mirror would be the public index.
    made = [venv / "bin/devpi-init", "--serverdir", state / "server", "--no-root-pypi"]
    subprocess.run(made, check=True, capture_output=True, timeout=120, env=servers.plain_environment())
    command = [venv / "bin/devpi-server", "--serverdir", state / "server", "--host", HOST, "--port", port]
    with servers.running(
        "devpi", [str(part) for part in command], state, port, servers.plain_environment(), ready="/+api",
        index="/root/mirror/+simple/",
    ) as server:
        _make_mirror(server, upstream)
        yield server


def _make_mirror(server: Server, upstream: Server) -> None:
    token = _asked(f"{server.url}/+login", "POST", {"user": "root", "password": ""}, {})["result"]["password"]
    credentials = base64.b64encode(f"root:{token}".encode()).decode()
    index = {"type": "mirror", "volatile": False, "mirror_url": upstream.url + "/simple/", "mirror_cache_expiry": 3600}
    _asked(f"{server.url}/root/mirror", "PUT", index, {"X-Devpi-Auth": credentials})


def _asked(url: str, method: str, body: dict[str, object], headers: dict[str, str]) -> dict[str, dict[str, str]]:
    headers = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        found: dict[str, dict[str, str]] = json.load(answer)
        return found


@contextlib.contextmanager
def proxpi(state: Path, upstream: Server) -> Iterator[Server]:
    """proxpi as its own image runs it: gunicorn with one worker of two threads, and an access log."""
    state.mkdir()
    venv, port = environment("proxpi", "proxpi", "gunicorn"), servers.free_port()
    command = [
        str(venv / "bin/gunicorn"), "--preload", "--access-logfile", "-",
        "--access-logformat", '%(h)s "%(r)s" %(s)s %(b)s %(M)dms', "--logger-class", "proxpi.server._GunicornLogger",
        "--bind", f"{HOST}:{port}", "--threads", "2", "proxpi.server:app",
    ]  # fmt: skip
    settings = {
        "PROXPI_INDEX_URL": upstream.url + "/simple/",
        "PROXPI_INDEX_TTL": "3600",
        "PROXPI_CACHE_DIR": str(state / "cache"),
        "PROXPI_CACHE_SIZE": str(50_000_000_000),
    }
    with servers.running(
        "proxpi", command, state, port, servers.plain_environment() | settings, ready=_page("/index/"), index="/index/"
    ) as server:
        yield server


@contextlib.contextmanager
def simple_repository_server(state: Path, upstream: Server) -> Iterator[Server]:
    """simple-repository-server with both caches of its library, see ``caching_simple_repository.py``."""
    state.mkdir()
    venv, port = environment("simple-repository-server", "simple-repository-server"), servers.free_port()
    program = Path(__file__).with_name("caching_simple_repository.py")
    command = [str(venv / "bin/python"), str(program), str(port), upstream.url + "/simple/", str(state / "cache")]
    with servers.running(
        "simple-repository-server", command, state, port, servers.plain_environment(), ready=_page()
    ) as server:
        yield server


PEERS = {
    contestant.name: contestant
    for contestant in (
        Contestant("nginx cache", caching_nginx, servers.nginx_version),
        Contestant("devpi", devpi, lambda: _release("devpi", "devpi-server"), slow=True),
        Contestant("proxpi", proxpi, lambda: _release("proxpi", "proxpi"), slow=True),
        Contestant(
            "simple-repository-server",
            simple_repository_server,
            lambda: _release("simple-repository-server", "simple-repository-server"),
            slow=True,
        ),
    )
}


def environment(name: str, *requirements: str) -> Path:
    """The virtual environment with these in their newest releases, made at the first run."""
    folder = ENVIRONMENTS / name
    if not (folder / "complete").exists():
        print(f"installing {name}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
        pip = [folder / "bin/python", "-m", "pip", "-qq", "install", "--upgrade", *requirements]
        subprocess.run(pip, check=True, timeout=600)
        (folder / "complete").touch()
    return folder


def _release(name: str, distribution: str) -> str:
    code = f"import importlib.metadata; print(importlib.metadata.version({distribution!r}))"
    done = subprocess.run(
        [ENVIRONMENTS / name / "bin/python", "-I", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _page(index: str = "/simple/") -> str:
    return f"{index}{READY}/"
