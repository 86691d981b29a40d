"""Every error pyproxy raises on purpose, as one tree that knows no HTTP.

::

    PyproxyError
    ├── ConfigurationError            the configuration or a command's arguments are wrong
    │   ├── ConfigurationErrors       several such mistakes, found in one reading
    │   ├── SecretAskedAgain          a kept password or token could reach somebody else
    │   ├── UnknownUpstream           there is no upstream of this name
    │   ├── VersionConflict           somebody else has changed it meanwhile
    │   ├── NameUnknown               nothing is called so: no account, no token
    │   ├── NameTaken                 something is called so already
    │   └── LastAdmin                 nobody could change anything any more
    ├── StorageError                  the storage directory cannot be used
    │   ├── StorageInUse              another server holds it
    │   ├── StorageDamaged            the database is damaged, or no database
    │   └── DownloadGivenUp           the server stops, or nobody waits for what cannot be kept
    ├── ListenError                   the server cannot listen where it should
    ├── WorkersFailed                 the server's processes die as soon as they are started
    ├── InvalidProjectName            asked for a name that no project can have
    ├── InvalidFilename               asked for a name that no file may have
    ├── NotAcceptable                 the client accepts none of the formats we speak
    ├── ProjectNotFound               every repository that was asked said "no such project"
    │   └── ProjectNotAdmitted        the project patterns of the upstreams leave the name out
    ├── FileNotListed                 the project exists, but lists no such file
    ├── ReleaseNotFound               the project exists, but has no such release
    ├── ProjectUnavailable            some upstream failed, and nothing better is known
    ├── PageGone                      a page was replaced while it was being answered from
    ├── NotAnswered                   nobody may or can answer
    │   ├── NoActiveUpstream          there is no active upstream at all
    │   ├── NameReserved              only inactive upstreams may answer for this name
    │   ├── NotYetHere                a file is on its way, but nothing of it has come yet
    │   ├── RequestLoop               a request has come back: the upstreams form a loop
    │   └── NotKnownOffline           offline, and nothing is known
    ├── NotAnIndexPage                a body is no project page (``simple.parse``)
    ├── WorkTooLong                   reading a page took longer than any honest page takes
    ├── EmptyIndexPage                an HTML index page without any file: the name is unknown there
    ├── AccessError                   whoever asks may not, as things stand
    │   ├── WrongCredentials          no such account, a wrong password, an unknown or expired token
    │   ├── SignInPaused              too many failed sign-ins: a pause
    │   ├── NotSignedIn               this needs an account or a token
    │   └── NotAllowed                the account or token may see this, but not change it
    └── UpstreamError                 an upstream was asked and failed
        ├── UpstreamUnreachable       no connection, or it broke: refused, DNS, TLS, reset
        │   ├── UpstreamTimeout       nothing came in time: connect, first byte, stall
        │   └── ConnectionBroken      it stood, and broke: a reset, an end instead of an answer
        ├── UpstreamStatus            it answered with a status that is no answer (401, 403, 429, 5xx)
        ├── UpstreamInvalidResponse   it answered 200 with something that is not what was asked for
        │   ├── BrokenOff             the body ended too early or ran on too long
        │   └── HashMismatch          the bytes are not those that were listed
        └── UpstreamForbidden         we refuse to go there: redirect, address or scheme (section "reach")

``handlers/statuses.py`` maps them to HTTP, in one place. Messages are single sentences for people;
they never contain credentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self


class PyproxyError(Exception):
    """The root of the tree; ``str(error)`` is a sentence for people."""


class ConfigurationError(PyproxyError):
    """A mistake in the configuration, an environment override or a command's arguments.

    ``where`` names the file and line (``pyproxy.yaml:12``), the variable or the argument; ``key`` is the
    dotted key; ``suggestion`` says what to do. ``str()`` joins what is there.
    """

    def __init__(
        self, problem: str, *, where: str | None = None, key: str | None = None, suggestion: str | None = None
    ) -> None:
        self.problem = problem
        self.where = where
        self.key = key
        self.suggestion = suggestion
        super().__init__(problem)

    def __str__(self) -> str:
        parts = [part for part in (self.where, self.key, self.problem) if part]
        message = ": ".join(parts)
        return f"{message} ({self.suggestion})" if self.suggestion else message


class ConfigurationErrors(ConfigurationError):
    """Several mistakes found in one reading; ``str()`` has one line for each of ``mistakes``."""

    def __init__(self, mistakes: Sequence[ConfigurationError]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


class SecretAskedAgain(ConfigurationError):
    """A change after which a kept password or token could reach somebody else; ``key`` says which of them."""


class UnknownUpstream(ConfigurationError):
    """No upstream has this name."""


class VersionConflict(ConfigurationError):
    """A change that was made up from a state that is no more: somebody else was faster. Nothing was changed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was changed meanwhile", suggestion="look at how it is now, then change it again")


class NameUnknown(ConfigurationError):
    """There is nothing of this name that could be looked at or changed."""


class NameTaken(ConfigurationError):
    """There is something of this name already; ``key`` is the name's."""


class LastAdmin(ConfigurationError):
    """The change would leave no account that may change anything."""


class StorageError(PyproxyError):
    """The storage directory cannot be created, read or written."""


class StorageInUse(StorageError):
    """Another server already works on this storage directory.

    ``abandoned``: its first process is gone, and what is left of it is about to end.
    """

    def __init__(self, problem: str, *, abandoned: bool = False) -> None:
        self.abandoned = abandoned
        super().__init__(problem)


class StorageDamaged(StorageError):
    """The database, or a part of it, cannot be read any more: only a person can mend that."""


class DownloadGivenUp(StorageError):
    """A download was ended by us: the server stops, or nobody waits any more for a file that cannot be kept."""


class ListenError(PyproxyError):
    """The address or port to listen on cannot be had."""


class WorkersFailed(PyproxyError):
    """The server's worker processes die faster than it makes sense to replace them."""


class InvalidProjectName(PyproxyError):
    """No project can have this name (PEP 508); no upstream is asked."""


class InvalidFilename(PyproxyError):
    """No file may have this name: a path separator, NUL, ``..`` or over-long."""


class NotAcceptable(PyproxyError):
    """The client's ``Accept`` admits none of the Simple API's formats."""


class ProjectNotFound(PyproxyError):
    """Not mine, ask the next; at the end of the chain: nobody has the project."""

    def __init__(self, project: str, detail: str | None = None) -> None:
        self.project = project
        super().__init__(detail or f"no index has a project named {project}")


class ProjectNotAdmitted(ProjectNotFound):
    """No active upstream may be asked for the name: their project patterns leave it out."""


class FileNotListed(PyproxyError):
    """The project is known, but no upstream lists this file (with this sha256)."""


class ReleaseNotFound(PyproxyError):
    """The project is known, but not this release, or none at all (``version`` is ``None``)."""

    def __init__(self, project: str, version: str | None) -> None:
        self.project = project
        super().__init__(f"{project} has no release" + (f" {version[:60]!r}" if version is not None else ""))


class PageGone(PyproxyError):
    """The page that was decided on has been replaced or purged meanwhile; ask again."""


class NotAnswered(PyproxyError):
    """Nobody may or can answer now, through no fault of an upstream."""


class NoActiveUpstream(NotAnswered):
    """No upstream is active, and the project is not local."""


class NameReserved(NotAnswered):
    """The name is matched by the explicit ``projects`` of inactive upstreams only."""

    def __init__(self, project: str, upstreams: Sequence[str]) -> None:
        self.upstreams = tuple(upstreams)
        names = ", ".join(upstreams)
        super().__init__(f"{project} is reserved for upstream {names}, which is switched off")


class NotYetHere(NotAnswered):
    """Nothing of a file has come in the time that clients wait; its transfer goes on."""


class RequestLoop(NotAnswered):
    """A request has been at this server before: its upstreams, or those behind them, lead back to it."""


class NotKnownOffline(NotAnswered):
    """``cache.offline`` is on and nothing is known."""


class NotAnIndexPage(PyproxyError):
    """The body is no project page: a captive portal, a login page, broken JSON."""


class WorkTooLong(PyproxyError):
    """Reading or rendering a page took longer than any honest page takes."""


class EmptyIndexPage(PyproxyError):
    """An HTML index page without any file: some indexes answer so for every unknown name."""


class AccessError(PyproxyError):
    """Whoever asks may not."""


class WrongCredentials(AccessError):
    """The credentials are not right; the sentence does not tell what of them."""


class SignInPaused(AccessError):
    """Too many failed sign-ins for this account or from this address; ``seconds`` are left of the pause.

    ``limit`` is a sentence that tells how many are too many.
    """

    def __init__(self, seconds: float, sentence: str = "too many failed sign-ins", limit: str = "") -> None:
        self.seconds = seconds
        self.limit = limit
        super().__init__(sentence)


class NotSignedIn(AccessError):
    """An account or a token is needed here, and none was given."""


class NotAllowed(AccessError):
    """Only an admin may do this."""


class UpstreamError(PyproxyError):
    """An upstream was asked and failed.

    ``upstream`` is its name, ``reason`` a short clause without credentials ("refused the connection"). ``was_asked`` is
    false where that was spared, because it rests or has no connection free.
    """

    was_asked = True

    def __init__(self, upstream: str, reason: str) -> None:
        self.upstream = upstream
        self.reason = reason
        super().__init__(f"upstream {upstream} {reason}")

    def kept(self) -> Self:
        """The same error for those who remember it: without the frames it came through, and all that lies in them.

        A page that was no page would be remembered whole, with its connection.
        """
        error = self.__class__.__new__(self.__class__, *self.args)
        error.__dict__.update(self.__dict__)
        return error


class ProjectUnavailable(PyproxyError):
    """The walk over the upstreams ended without an answer because some of them failed.

    ``failures`` stand in priority order and are not empty; the first is the most trusted upstream's.
    ``asked_for`` is the project or file, for people.
    """

    def __init__(self, asked_for: str, failures: Sequence[UpstreamError]) -> None:
        self.asked_for = asked_for
        self.failures = tuple(failures)
        super().__init__(str(self.failures[0]))

    @property
    def timed_out(self) -> bool:
        """Whether time-outs alone stood in the way."""
        return all(isinstance(failure, UpstreamTimeout) for failure in self.failures)


class UpstreamUnreachable(UpstreamError):
    """A failure of the connection itself; enough of them in a row make the upstream rest."""


class UpstreamTimeout(UpstreamUnreachable):
    """Nothing came in time."""


class ConnectionBroken(UpstreamUnreachable):
    """The connection stood and broke before the answer was complete; asking again at once may help."""


class UpstreamStatus(UpstreamError):
    """The upstream answered with a status that decides nothing.

    ``retry_after`` is in seconds, where the upstream named one.
    """

    def __init__(self, upstream: str, status: int, reason: str, retry_after: float | None = None) -> None:
        super().__init__(upstream, reason)
        self.status = status
        self.retry_after = retry_after


class UpstreamInvalidResponse(UpstreamError):
    """The upstream's answer is not what was asked for."""


class BrokenOff(UpstreamInvalidResponse):
    """The body is shorter or longer than announced or listed."""


class HashMismatch(UpstreamInvalidResponse):
    """The bytes do not have the listed hash."""


class UpstreamForbidden(UpstreamError):
    """A redirect or link that is not followed.

    ``rule`` says why: ``host`` (a page may not leave its host), ``scheme`` (from https down to http), ``address`` (not
    a public one), or ``link`` (no address that can be asked).
    """

    def __init__(self, upstream: str, reason: str, rule: Literal["host", "scheme", "address", "link"] = "link") -> None:
        super().__init__(upstream, reason)
        self.rule = rule
