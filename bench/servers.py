"""nginx, pyproxy and whatever else serves, each started on a free port of 127.0.0.1 and ended by its process id."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HOST = "127.0.0.1"
CHECKOUT = Path(__file__).resolve().parent.parent
SLOW_RATE = "50m"
START_SECONDS = 60.0
STOP_SECONDS = 15.0

# One worker, where nothing else is said, is compared with one of pyproxy. Both write a line for each request.
NGINX_CONF = """
daemon off;
{user}
pid {state}/nginx.pid;
worker_processes {workers};
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    types {{ application/vnd.pypi.simple.v1+json json; application/octet-stream whl metadata; }}
    default_type application/octet-stream;
    log_format transfers '$request_method $uri $status $body_bytes_sent';
    access_log {state}/access.log transfers;
    client_body_temp_path {state}/body;
    proxy_temp_path {state}/proxy;
    fastcgi_temp_path {state}/fastcgi;
    uwsgi_temp_path {state}/uwsgi;
    scgi_temp_path {state}/scgi;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    open_file_cache max=10000;
    server {{
        listen {host}:{port} backlog=1024;
        root {root};
        index index.json;
        gzip_static on;
        location = /healthz {{ return 200 "ok"; }}
        location /slow/ {{ alias {root}/files/; limit_rate {rate}; }}
    }}
}}
"""


class NotStarted(Exception):
    """A server did not come to answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. ``started_in``: seconds from its start to its first 200; ``index``: where pages are."""

    name: str
    port: int
    pid: int
    started_in: float
    state: Path
    index: str = "/simple/"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def page(self, project: str) -> str:
        """The URL of a project's page."""
        return f"{self.index_url}{project}/"

    @property
    def index_url(self) -> str:
        """What an installer is given."""
        return self.url + self.index


class Upstream(Protocol):
    """What pyproxy is put in front of."""

    @property
    def url(self) -> str:
        """Without ``/simple/``."""
        ...


@contextlib.contextmanager
def nginx(state: Path, root: Path, *, workers: int = 1) -> Iterator[Server]:
    """nginx serving the tree at ``root``; its logs go to the new directory ``state``."""
    state.mkdir()
    port = free_port()
    config = state / "nginx.conf"
    # Started by root, its worker would become somebody who may not read the temporary directory.
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(NGINX_CONF.format(
        user=user, state=state, host=HOST, port=port, root=root, rate=SLOW_RATE, workers=workers
    ))
    command = ["nginx", "-p", str(state), "-e", str(state / "error.log"), "-c", str(config)]
    with running("nginx", command, state, port, plain_environment()) as server:
        yield server


def nginx_version() -> str:
    """As it says it."""
    asked = subprocess.run(["nginx", "-v"], capture_output=True, text=True, timeout=10)
    return asked.stderr.strip().rpartition("/")[2]


@contextlib.contextmanager
def pyproxy(state: Path, upstream: Upstream, *, workers: int = 1) -> Iterator[Server]:
    """This checkout's pyproxy in front of ``upstream``; its cache is in ``state``, and empty if that is new."""
    state.mkdir(exist_ok=True)
    port = free_port()
    config = state / "pyproxy.yaml"
    settings = {
        "server": {"host": HOST, "port": port, "workers": workers},
        "storage": {"directory": str(state / "data")},
        "cache": {"index_ttl": "1h"},  # warm stays warm for the whole run
        "upstreams": [{"name": "upstream", "url": upstream.url, "http_proxy": "none"}],
    }
    config.write_text(json.dumps(settings))  # JSON is YAML
    command = [sys.executable, "-m", "pyproxy", "--config", str(config)]
    environment = {**plain_environment(), "PYTHONPATH": str(CHECKOUT)}
    with running("pyproxy", command, state, port, environment) as server:
        yield server


def seed(state: Path, *, projects: int, files: int) -> None:
    """Make the new directory ``state`` one of a pyproxy that knows so many files, of upstreams that are off by now."""
    state.mkdir()
    numbers = ["--projects", str(projects), "--files", str(files), "--real", "0"]
    environment = {**plain_environment(), "PYTHONPATH": str(CHECKOUT)}
    settings = {"PYPROXY_STORAGE__DIRECTORY": str(state / "data"), **environment}
    _done([sys.executable, "-m", "tests.seeding", str(state / "data"), *numbers], environment)
    for name in ("pypi", "private"):
        _done([sys.executable, "-m", "pyproxy", "upstream", "disable", name], settings)


def _done(command: Sequence[str], environment: Mapping[str, str]) -> None:
    subprocess.run(command, cwd=CHECKOUT, env=environment, check=True, capture_output=True, timeout=900)


@contextlib.contextmanager
def remote_upstream(state: Path, root: Path, form: str) -> Iterator[Server]:
    """The tree at ``root`` as an index a while away, a good or a poor one, see ``remote_upstream.py``."""
    state.mkdir()
    port = free_port()
    command = [sys.executable, str(Path(__file__).with_name("remote_upstream.py")), str(port), str(root), form]
    with running("direct", command, state, port, plain_environment()) as server:
        yield server


@contextlib.contextmanager
def bare_proxy(state: Path, upstream: Upstream) -> Iterator[Server]:
    """Tornado and curl alone, see ``bare_proxy.py``."""
    state.mkdir()
    port = free_port()
    script = Path(__file__).with_name("bare_proxy.py")
    command = [sys.executable, str(script), str(port), upstream.url, str(state / "kept")]
    with running("bare", command, state, port, plain_environment()) as server:
        yield server


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str],
    state: Path,
    port: int,
    environment: Mapping[str, str],
    *,
    ready: str = "/healthz",
    index: str = "/simple/",
) -> Iterator[Server]:
    """Run the command until the block ends; it is there once ``ready`` is answered with 200."""
    output = state / "output.log"
    began = time.monotonic()
    with output.open("wb") as log:
        # A session of its own: Ctrl-C reaches the benchmark, which ends its servers itself.
        process = subprocess.Popen(
            command, cwd=state, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(name, process, port, output, ready)
        yield Server(name, port, process.pid, time.monotonic() - began, state, index)
    finally:
        _stop(process)


def _wait_until_it_answers(
    name: str, process: subprocess.Popen[bytes], port: int, output: Path, ready: str
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            try:
                connection.request("GET", ready, headers={"Accept": "text/html, application/json"})
                if connection.getresponse().status == 200:
                    return
            finally:
                connection.close()
        time.sleep(0.005)
    state = "does not answer" if process.poll() is None else f"ended with status {process.returncode}"
    raise NotStarted(f"{name} {state}; it wrote:\n{output.read_text(errors='replace')[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and, where it does not stop by itself, its children."""
    children = [pid for pid in tree_of(process.pid) if pid != process.pid]
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in children:
        # Its session tells our child from a stranger that was given the same number since.
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(pid) == process.pid:
                os.kill(pid, signal.SIGKILL)


def tree_of(pid: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may hold spaces; the parent stands second after it.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for process in found:
        found.extend(children.get(process, []))
    return found


def plain_environment() -> dict[str, str]:
    """The environment without what would redirect clients, configure pyproxy, or keep Python from being quick.

    Whoever installs pyproxy has its bytecode on the disk; a checkout has it after the first start, if it may.
    """
    unwanted = ("PYPROXY_", "PIP_", "UV_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(unwanted) and not key.lower().endswith("_proxy")
    }


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
