"""Addresses that people and tools try by habit: each leads to the right one, or says which that is.

There is one index URL, ``/simple/``. What is asked for elsewhere falls into three kinds:

*Another server's way of writing the same* (``/root/pypi/+simple/``, ``/repository/<x>/simple/``,
``/api/pypi/<x>/simple/``, ``/index/``, ``/simple/simple/``; files below ``/packages/`` and ``/+f/``): **302** for
everybody. It works for every project alike, so nothing works in part, and a team can move here by changing a host
name: lock files with the old paths still find their files, whose hashes their tools check. So is the JSON
document below the root (``/<project>/json``), where pip-tools looks for it.

*A project without its index* (``/requests/``, ``/pypi/requests/``): somebody configured the server's root. A redirect
would work for most names and fail for those that mean something here (``admin``, ``files``, ``simple``), so installers
are refused. With **400**, because uv and Poetry show no word of a 404, and pip and uv would go on to the next index,
as if this one did not exist; uv stops at a 400 and prints the sentence, Poetry prints the reason phrase, pip prints it
with ``-vv``. A browser is led to the page. An installer is who names the Simple API in ``Accept``.

*Everything else*: **404** with a sentence. So are double slashes: pipenv tries them first and goes on after a 404, and
tools do not agree on what a relative link means there.

Never 301: pip keeps those for ever. A ``Location`` is relative, so that it is right behind any prefix.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from pyproxy.errors import InvalidFilename, InvalidProjectName
from pyproxy.handlers.base import BaseHandler
from pyproxy.handlers.statuses import Problem
from pyproxy.handlers.visited import visited_address
from pyproxy.simple.names import check_filename, is_distribution, is_metadata, normalize, project_of, wheel_of_metadata
from pyproxy.simple.render import file_link
from pyproxy.simple.versions import read_version


@dataclass(frozen=True, slots=True)
class Advice:
    """What an address should have been: ``target``, below the server's root.

    Browsers are led there, and with ``everybody`` all others too; else these get the sentence.
    """

    target: str | None
    everybody: bool = False
    sentence: str = ""


_BEFORE = r"/(?:[^/]+/){0,8}?"  # as little as possible: in /x/simple/simple/ the second one is a project
_OURS = r"(?!/(?:simple|files|static|admin|api/v1)/)"
_INDEX = re.compile(rf"{_OURS}{_BEFORE}\+?simple(?:/(?P<name>[^/]+))?/?")
_FILE = re.compile(rf"{_OURS}{_BEFORE}(?:packages|\+f)/(?:[^/]+/){{0,8}}(?P<filename>[^/]+)")
_BELOW_PAGE = re.compile(r"/simple/(?P<name>[^/]+)/(?P<rest>[^/]+)/?")
_INDEX_WORD = re.compile(r"/(?:index|pypi)/?")
_BELOW_INDEX = re.compile(r"/index/(?P<name>[^/]+)/?")
_DOCUMENT = re.compile(r"/(?!(?:simple|files|static|admin|api|index|pypi|project|p)/)(?P<name>[^/]+)/json/?")
_PROJECT = re.compile(r"/(?:(?:pypi|project|p)/)?(?P<name>[^/]+)/?")
_WITH_SLASH = re.compile(r"/(?P<page>healthz|readyz|metrics)/")


def advice(path: str) -> Advice | None:
    """What is known about a path at which nothing is; ``path`` as it came, percent-encoded."""
    for pattern, advise in _RULES:
        found = pattern.fullmatch(path)
        if found is not None:
            try:
                given = advise(**{key: unquote(value) for key, value in found.groupdict().items() if value is not None})
            except (InvalidProjectName, InvalidFilename):
                given = None
            if given is not None:
                return given
    return None


def _below_page(name: str, rest: str) -> Advice | None:
    project = normalize(name)
    if _is_file(rest):
        return Advice(file_link(project, check_filename(rest), None), everybody=True)
    if project == "simple" and not _is_version(rest):
        return _page(rest)
    page = f"simple/{project}/"
    return Advice(page, sentence=f"Releases have no pages of their own: /{page} lists the files of all of them.")


def _page(name: str | None = None) -> Advice:
    return Advice("simple/" if name is None else f"simple/{normalize(name)}/", everybody=True)


def _file(filename: str) -> Advice | None:
    if not _is_file(check_filename(filename)):  # before any work: an address may be a quarter of a megabyte
        return None
    project = project_of(wheel_of_metadata(filename) if is_metadata(filename) else filename)
    return None if project is None else Advice(file_link(project, filename, None), everybody=True)


def _index_word() -> Advice:
    # Not for everybody: to an installer at the server's root, these are projects of that name.
    return Advice("simple/")


def _document(name: str) -> Advice:
    # pip-tools asks here for hashes; without them it downloads every file of a release to compute its own.
    return Advice(f"pypi/{normalize(name)}/json", everybody=True)


def _project(name: str) -> Advice:
    page = f"simple/{normalize(name)}/"
    return Advice(page, sentence=f"The page of a project with this name would be at /{page}.")


def _with_slash(page: str) -> Advice:
    return Advice(page, sentence=f"The address is /{page}, without a slash at its end.")


_RULES: tuple[tuple[re.Pattern[str], Callable[..., Advice | None]], ...] = (
    (_WITH_SLASH, _with_slash),
    (_BELOW_PAGE, _below_page),
    (_BELOW_INDEX, _page),
    (_INDEX_WORD, _index_word),
    (_INDEX, _page),
    (_FILE, _file),
    (_DOCUMENT, _document),
    (_PROJECT, _project),
)


class WrongAddressHandler(BaseHandler):
    """Any address at which nothing is."""

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Vary", "Accept")

    def get(self) -> None:
        given = advice(self.request.path)
        if given is not None and given.target is not None and (given.everybody or self.is_browser()):
            self.route = "redirect"
            self._lead_to(given.target)
            return
        index = f"{visited_address(self)}/simple/"
        if self._is_installer():
            self.send_problem(
                Problem(
                    400,
                    f"This is no index; the index URL is {index}",
                    f"The address asked for was {self.request.path[:200]}; set the index URL of this tool to {index}",
                )
            )
            return
        sentence = given.sentence if given is not None else ""
        detail = f"{sentence} Installers use {index}; {visited_address(self)}/ says how to set them up.".strip()
        self.send_problem(Problem(404, "There is nothing at this address", detail))

    head = get

    def _is_installer(self) -> bool:
        if "//" in self.request.path:
            return False
        return "application/vnd.pypi.simple." in self.request.headers.get("Accept", "").lower()

    def _lead_to(self, target: str) -> None:
        up = "../" * (self.request.path.count("/") - 1)
        self.set_status(302)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Location", f"{up}{target}" + (f"?{self.request.query}" if self.request.query else ""))
        self.finish()


class UploadHandler(BaseHandler):
    """``/legacy/``, where twine, uv and Poetry upload to elsewhere."""

    def get(self) -> None:
        self.send_problem(Problem(404, "Nothing can be uploaded here", _NO_UPLOADS))

    head = get

    def _refuse_upload(self, *args: str, **kwargs: str) -> None:
        self.set_header("Allow", "GET, HEAD")
        self.send_problem(Problem(405, "Uploads to pyproxy are not possible", _NO_UPLOADS))

    post = put = _refuse_upload


_NO_UPLOADS = "This version only serves packages: publish to the private index behind it."


def _is_file(name: str) -> bool:
    return is_distribution(wheel_of_metadata(name) if is_metadata(name) else name)


def _is_version(text: str) -> bool:
    return read_version(text) is not None
