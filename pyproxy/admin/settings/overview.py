"""What is shown of a running server's settings. Nothing in here is a secret."""

from __future__ import annotations

from dataclasses import dataclass

SettingValue = str | int | bool | tuple[str, ...] | None
"""As it would stand in pyproxy.yaml: sizes and durations are texts (``50GB``, ``5m``); ``None`` is null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One dotted ``key`` of the configuration with the ``value`` that holds.

    ``source`` is where it was given (``/etc/pyproxy/pyproxy.yaml:12``, ``environment variable PYPROXY_…``, ``the
    command line``), ``None`` where nobody gave it and the default holds. ``meaning`` is one sentence without a full
    stop.
    """

    key: str
    value: SettingValue
    default: SettingValue
    source: str | None
    meaning: str

    @property
    def text(self) -> str:
        """The value in words; empty for null and for an empty list."""
        return in_words(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The versions of pyproxy and of what it is made with."""

    pyproxy: str
    python: str
    tornado: str
    libcurl: str
    sqlite: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Absolute paths. ``configuration`` is the file that was read, if any; ``local`` is ``local.directory``.

    ``secret_key`` says where the key comes from that encrypts secrets: a file, or the name of an environment variable.
    """

    configuration: str | None
    working_directory: str
    storage: str
    database: str
    files: str
    local: str | None
    secret_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """Process ids: ``main`` was started, ``workers`` share the port (empty: ``main`` serves alone), ``answering`` is
    the one that was asked. ``started_at``, in unix seconds, is when ``main`` began."""

    main: int
    workers: tuple[int, ...]
    answering: int
    started_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsOverview:
    """All of it; ``now`` in unix seconds."""

    settings: tuple[Setting, ...]
    programs: Programs
    paths: Paths
    processes: Processes
    now: float

    @property
    def uptime_seconds(self) -> float:
        """How long the server has been running."""
        return max(0.0, self.now - self.processes.started_at)


def in_words(value: SettingValue) -> str:
    """A value for people.

    >>> in_words(("10.0.0.0/8", "::1/128")), in_words(False), in_words(None)
    ('10.0.0.0/8, ::1/128', 'false', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
