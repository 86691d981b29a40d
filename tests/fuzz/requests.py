"""What has to hold for anything a client sends, and for what processes tell each other."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote_to_bytes, urlsplit

from packaging.utils import canonicalize_name

from pyproxy.errors import InvalidFilename, InvalidProjectName, NotAcceptable
from pyproxy.handlers.api.problems import ApiProblem
from pyproxy.handlers.api.reading import read_object
from pyproxy.handlers.bodies import Body
from pyproxy.handlers.forwarded import client_address, is_host, visited_url
from pyproxy.handlers.wrong_addresses import advice
from pyproxy.net.sharing.progress import MESSAGE_BYTES, Progress, decode, encode
from pyproxy.repositories.ranges import Unsatisfiable, parse_range
from pyproxy.simple.names import check_filename, normalize, project_of, version_of
from pyproxy.simple.negotiate import Format, accepts_gzip, choose_format
from pyproxy.simple.render import file_link
from tests.fuzz.accept_oracle import allowed_formats, allows_gzip
from tests.fuzz.pages import leads_to
from tests.fuzz.sentences import explains

TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


def text_of(data: bytes) -> str:
    """As Tornado decodes what stands in an address."""
    return data.decode("utf-8", "surrogateescape")


def check_name(data: bytes) -> None:
    """A project's name has one spelling, packaging's; a file's leads to where the route finds it again."""
    raw = text_of(data)
    try:
        project = normalize(raw)
    except InvalidProjectName:
        project = normalize("quick-fox")
    else:
        assert normalize(project) == project == canonicalize_name(raw)
        assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", project)
    try:
        filename = check_filename(raw)
    except InvalidFilename:
        return
    assert filename == raw
    assert filename not in ("", ".", "..")
    assert not re.search(r"[\x00-\x1f/\\]", filename)
    assert len(filename.encode()) <= 255
    version_of(filename, project)
    named = project_of(filename)
    assert named is None or normalize(named) == named
    for sha256 in (None, "0" * 64):
        assert leads_to(f"../../{file_link(project, filename, sha256)}", project) == (sha256, filename)


def check_address(data: bytes) -> None:
    """An address at which nothing is leads nowhere but below the server's root, to a page or a file."""
    given = advice("/" + data.decode("latin-1"))
    if given is not None and given.target is not None:
        assert re.fullmatch(r"(?:simple|files|pypi|healthz|readyz|metrics)(?:/[A-Za-z0-9%._+!~/-]*)?", given.target)
        parts = urlsplit(given.target)
        assert not parts.scheme
        assert all(part not in (".", "..") for part in unquote_to_bytes(parts.path).decode().split("/"))
        assert "//" not in given.target


def check_range(data: bytes) -> None:
    """The range that is answered lies within the file, and nothing is added to what was asked for."""
    size = int.from_bytes(data[:4], "big") >> data[0] % 32 if data else 0
    wanted = parse_range(data[4:].decode("latin-1"))
    if wanted is None:
        return
    try:
        start, stop = wanted.resolve(size)
    except Unsatisfiable:
        assert wanted.suffix == 0 or size == 0 or (wanted.first is not None and wanted.first >= size)
        return
    assert 0 <= start < stop <= size
    if wanted.suffix is not None:
        assert (stop, stop - start) == (size, min(size, wanted.suffix))
    else:
        assert start == wanted.first
        assert stop == size or wanted.last == stop - 1


def check_accept(data: bytes) -> None:
    """The format is one that the client allows most, by RFC 9110; 406 only where it allows none."""
    header = data.decode("latin-1")
    allowed = allowed_formats(header)
    try:
        chosen = choose_format(header)
    except NotAcceptable as error:
        assert not allowed
        explains(error, *(offer.value for offer in Format))
    else:
        assert chosen in allowed
    assert accepts_gzip(header) == allows_gzip(header)


def check_forwarded(data: bytes) -> None:
    """The client is one that was named, or who is connected; the address is a plain one."""
    remote, forwarded, proto, host, prefix = (data.decode("latin-1").split("\n") + [""] * 5)[:5]
    client = client_address("10.0.0.1", forwarded, TRUSTED)
    assert client == "10.0.0.1" or client in [hop.strip() for hop in forwarded.split(",")]
    assert re.fullmatch(r"[0-9A-Fa-f:.]+", client)
    assert client_address("192.0.2.1", forwarded, TRUSTED) == "192.0.2.1"
    client_address(remote, forwarded, TRUSTED)
    headers = {"X-Forwarded-Proto": proto, "X-Forwarded-Host": host, "X-Forwarded-Prefix": prefix}
    url = visited_url("http", "here:8080", headers)
    parts = urlsplit(url)
    assert parts.scheme in ("http", "https")
    assert parts.netloc == "here:8080" or is_host(parts.netloc)
    assert re.fullmatch(r"[A-Za-z0-9./:\[\]_~-]+", url)
    assert not parts.query
    assert parts.port is None or parts.port <= 65535


def check_api_body(data: bytes) -> None:
    """A body is an object, or refused with a status."""
    body = Body(1024 * 1024)
    for at in range(0, len(data), 1000):
        body.take(data[at : at + 1000])
    try:
        assert isinstance(read_object(body, "application/json"), dict)
    except ApiProblem as error:
        explains(error)
        status = error.problem.status
    else:
        status = 200
    assert status == 200 or 400 <= status < 500


def check_message(data: bytes) -> None:
    """A message is a progress that can be told again, or nothing."""
    try:
        progress = decode(data)
    except ValueError:
        return
    assert isinstance(progress, Progress)
    assert progress.final in (True, False)
    assert progress.released >= 0
    assert progress.error is None or str(progress.error) is not None
    told = encode(progress)
    if len(data) <= MESSAGE_BYTES:
        assert encode(decode(told)) == told
