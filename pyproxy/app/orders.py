"""What the supervisor and a worker tell each other: JSON, an object a line, over a pair of sockets for each worker.

The supervisor sends the order first, later perhaps that the worker is to leave. The worker answers once: that it
serves, or why it cannot. The end of the connection is the end of the other side, however it came about.

The two may be of different versions of pyproxy: a reload starts workers from the code that is there now, while the
supervisor goes on with its own. So this stays small, what is not known is passed over, and an order that lacks what a
worker needs is refused with the sentence that a restart is due.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pyproxy.config import ConfigFile
from pyproxy.errors import WorkersFailed

if TYPE_CHECKING:
    import asyncio  # the supervisor does without

VARIABLE = "PYPROXY_WORKER"
"""In a worker's environment: the number of the descriptor that leads to its supervisor."""

Occasion = Literal["start", "reload", "more"]
"""Why a worker is started: it is the server's first, a reload's first, or one more, also in place of one that died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one worker is to do.

    ``number`` tells it from all others that live: small, and used again when its worker is gone. One worker ``speaks``
    of what all of them notice. ``name`` is the server's (`LoopGuard`), ``process`` its supervisor, ``started_at`` when
    that began (unix seconds). ``sockets`` and ``lock`` are descriptors. ``held`` has the settings that cannot change
    while the server runs, by key; ``path`` and ``text`` are the configuration file, if there is one.
    """

    number: int
    occasion: Occasion
    speaks: bool
    name: str
    process: int
    started_at: float
    sockets: tuple[int, ...]
    lock: int
    held: Mapping[str, str]
    path: str | None
    text: str | None

    @property
    def file(self) -> ConfigFile | None:
        """The configuration file as it was read for all workers."""
        return None if self.path is None or self.text is None else ConfigFile(Path(self.path), self.text)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Those that the worker inherits."""
        return (*self.sockets, self.lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a worker says of itself: it serves, or ``failure`` says why not, a line for each thing that is wrong.

    ``usage``: what is wrong is the configuration. ``workers``: how many there are to be. ``log_level`` and
    ``log_format`` are as configured, for the supervisor's own lines.
    """

    failure: str | None = None
    usage: bool = False
    workers: int = 1
    log_level: str = "info"
    log_format: str = "text"


SUPERVISOR_GONE = "the supervisor of this worker is gone"

LEAVE = {"leave": True}
"""To a worker: take no new connections, let those that there are end, then end."""


def line_of(message: Order | Report | Mapping[str, object]) -> bytes:
    """A message as it is sent."""
    content = asdict(message) if isinstance(message, Order | Report) else message
    return json.dumps(content).encode() + b"\n"


def report_of(line: bytes) -> Report:
    """A worker's report; of a line that is none, one of a failure."""
    try:
        return Report(**_known(Report, json.loads(line)))
    except (ValueError, TypeError, AttributeError):
        return Report(failure="a worker of this version speaks another language: restart the server")


class Supervised:
    """The worker's end: its ``order``, and the ``control`` socket, on which later lines come and reports go.

    ``rest`` holds what came after the order.
    """

    def __init__(self, order: Order, control: socket.socket, rest: bytes) -> None:
        self.order = order
        self.control = control
        self.rest = rest

    @classmethod
    def of(cls, environ: MutableMapping[str, str]) -> Supervised | None:
        """The order that this process was started with, if it was; taken out of the environment, for its children.

        Raises `WorkersFailed` for an order of another version that cannot be followed.
        """
        descriptor = environ.pop(VARIABLE, "")
        if not descriptor.isdecimal():
            return None
        try:
            control = socket.socket(fileno=int(descriptor))
        except OSError:
            return None  # whoever wrote the variable, it was no supervisor
        try:
            line, rest = _first_line(control)
            order = _order_of(line)
            for inherited in (control.fileno(), *order.descriptors):
                os.set_inheritable(inherited, False)
        except BaseException:
            control.close()
            raise
        return cls(order, control, rest)

    def check_supervisor(self) -> None:
        """Raise `WorkersFailed` where it is gone: for a worker that waits before it follows."""
        try:
            gone = not self.control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            raise WorkersFailed(SUPERVISOR_GONE)

    def follow(
        self, loop: asyncio.AbstractEventLoop, *, leave: Callable[[], object], stop: Callable[[], object]
    ) -> None:
        """From now on the loop calls ``leave`` when the supervisor says so, and ``stop`` when it is gone.

        A worker without a supervisor would keep port and storage directory from the next server.
        """

        def hear() -> None:
            try:
                part = self.control.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                part = b""
            if part:
                leave()
            else:
                loop.remove_reader(self.control)
                stop()

        self.control.setblocking(False)
        if self.rest:
            leave()
        loop.add_reader(self.control, hear)

    def report(self, report: Report) -> None:
        """Tell the supervisor; one that is gone is no error, for the end of the connection ends the worker."""
        try:
            self.control.setblocking(True)
            self.control.sendall(line_of(report))
        except OSError:
            pass
        finally:
            self.control.setblocking(False)


def _first_line(control: socket.socket) -> tuple[bytes, bytes]:
    """The line, and what has come after it."""
    received = b""
    while b"\n" not in received:
        part = control.recv(1 << 16)
        if not part:
            raise WorkersFailed(SUPERVISOR_GONE)
        received += part
    line, _, rest = received.partition(b"\n")
    return line, rest


def _order_of(line: bytes) -> Order:
    try:
        content = _known(Order, json.loads(line))
        return Order(**{**content, "sockets": tuple(content["sockets"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WorkersFailed("the running server is of a version that cannot start this one: restart it") from error


def _known(kind: type[Order] | type[Report], content: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in content.items() if name in names}
