"""What the tests must hold: every check, failure story and pain below is named by a test, and no other number is.

Tests name what they hold in their docstring or in the id of a parameter: ``(check 12)``, ``(checks 6 to 11, 14)``,
``(F13)``, ``(pain 9)``. These tables say what the numbers mean. The checks are what clients need of an index and of
the files behind it; the failure stories happened to users of other proxies, and so did the pains.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

CHECKS = {
    1: "a known project's page is a 200",
    2: "another spelling of a name leads to the normalised one, with a relative Location",
    3: "an address without its final slash leads to the one with it",
    4: "an unknown project is a 404, never an empty 200",
    5: "HEAD equals GET in status and headers, without a body",
    6: "pip's own Accept gets JSON",
    7: "uv's own Accept gets JSON",
    8: "Poetry's own Accept gets JSON",
    9: "Accept: text/html gets text/html with its charset",
    10: "no Accept, or */*, gets HTML",
    11: "latest+json is answered as v1+json",
    12: "what we do not speak is a 406",
    13: "?format= overrides Accept",
    14: "q=0 excludes a type, and the order of types is irrelevant",
    15: "nothing at /simple/ is called application/json",
    16: "no space before the ; of a Content-Type",
    17: "Vary names Accept and Accept-Encoding, on a 304 too",
    18: "JSON has meta.api-version, name and files; 1.1 and above only with versions and every size",
    19: "every file has filename, url and hashes",
    20: "size, upload-time and yanked are valid or absent, never null",
    21: "upload-time is the upstream's, and ends in Z",
    22: "yanked is never empty text; reason and mark survive",
    23: "core-metadata is listed where there is metadata, and dist-info-metadata never: old pips cannot read it",
    24: "HTML has both metadata attributes, never =false",
    25: "requires-python is escaped; anchor text, filename and last URL segment are one",
    26: "an HTML fragment is #sha256= and nothing else",
    27: "the first hash is one that hashlib knows, sha256 where it is known",
    28: "file URLs have no query",
    29: "file URLs lie at our own origin",
    30: "provenance is an absolute https URL or absent",
    31: "project-status stands at the top, or is absent; a quarantined project lists no files",
    32: "an upstream's private keys are dropped, other unknown ones pass",
    33: "/simple/ lists projects in JSON and HTML with relative links",
    34: "JSON and HTML list the same files",
    36: "pages have a strong ETag, Date and Cache-Control",
    37: "If-None-Match, also as a list or *, is a 304 without a body",
    38: "each format and coding has an ETag of its own",
    39: "a refresh without a change keeps the ETag",
    40: "pip asks nothing within max-age, and gets one 304 for each page after it",
    41: "so does uv",
    42: "files and metadata are immutable for clients",
    43: "301 and 308 are for spelling only, because clients keep them for ever",
    44: "pages are compressed when asked",
    45: "a file has Content-Length, Accept-Ranges, octet-stream and a strong ETag",
    46: "HEAD of a file says the same before it is here",
    47: "the three forms of a range are 206 with the exact Content-Range",
    48: "a range outside the file is a 416 with its size",
    49: "If-Range: a match is a 206, a mismatch or weak one a 200",
    50: "no Content-Encoding on archives",
    51: "no Content-Disposition",
    52: "no redirect on file URLs",
    53: "+ and %2B are one file; separators, .. and NUL are refused",
    54: "bytes have the listed hash: others are never complete nor kept",
    55: "a file that is cut on the way ends as a broken response; the next try gets it",
    56: "advertised metadata is there and has the advertised hash",
    57: "metadata that cannot be served is not advertised",
    58: "metadata is the wheel's own, byte for byte",
    59: "many who ask at once make one request upstream",
    60: "uv reads the metadata of a large wheel with kilobytes",
    61: "without credentials everything for installers is a 401 with WWW-Authenticate: Basic",
    62: "credentials that do not permit it are a 403",
    63: "credentials work for pages and files alike",
    64: "an upstream's credentials are in no page, header, log or error",
    65: "a failing upstream: a stale 200, else 502 to 504, never 404",
    66: "Retry-After is whole seconds, at most five",
    67: "the first byte comes within ten seconds, or an error does",
    71: "reason phrases are one line of Latin-1",
    72: "a page's redirect to another host is not followed unless configured",
    77: "a POST to the upload address without its slash is not redirected",
    78: "POST on the index is a 405",
    81: "/pypi/<name>/json works for other spellings of a name, and its file URLs lead here",
    82: "/pypi/<name>/1.0/json finds 1.0.0",
    83: "HTML with base, entities, md5 fragments and relative links becomes valid JSON",
    84: "upstreams are asked with our User-Agent, a JSON Accept and If-None-Match",
    85: "cut-off dates of clients work through us",
}

STORIES = {
    1: "a stream was kept without comparing its length",
    2: "the same where no length was announced",
    3: "an empty file, made at the start of a download, was served to the next",
    4: "what one process knew was not known to the others",
    5: "the first client left, and the waiting ones failed",
    6: "a row without its bytes was an error for ever",
    7: "a 404 upstream deleted the good cached copy",
    8: "one failure was remembered as an absence",
    9: "a time-out was reported as an absence",
    10: "a capped page became an empty index",
    11: "a changed URL left old pages for months",
    12: "one lifetime was stacked on another",
    13: "pages without Cache-Control were kept by guess",
    14: "a CDN gave months-old pages, and they were kept",
    15: "the compressed and the plain page were of different age",
    16: "a redirect took credentials to another host",
    17: "credentials went with pages, not with files",
    18: "private names were asked of a public index",
    19: "a login page was kept as a wheel",
    20: "pages listed what downloads then refused",
    21: "a setting that does nothing was believed",
    22: "metadata was advertised with the wheel's hash",
    23: "metadata was kept without its wheel, and the second install broke",
    24: "file URLs got a query",
    25: "a .tar.gz was sent with Content-Encoding: gzip",
    26: "a compressed body was passed on with the wrong length",
    27: "a suffix range was a 404",
    28: "%2B was another file than +",
    29: "folders of upstream addresses were doubled",
    30: "each listed file cost a look at the disk",
    31: "what is not known was asked for at every request",
    32: "a big wheel was held in memory",
    33: "the database was locked under load",
    34: "a full disk stopped cached files, and deleting freed nothing",
    35: "a disk that filled up broke uncached requests",
    36: "an odd version was an error for the whole project",
    37: "eggs and old archives were not served",
    38: "the default upstream was plain http",
    39: "a reset ended the whole server",
    40: "a listed name led out of the directory",
}

PAINS = {
    1: "a bad file is kept and served to everybody",
    2: "parallel cold requests break each other",
    3: "with the upstream down, what is cached fails too",
    4: "what is cached hides the rest of the project",
    5: "several indexes are mixed, and a public name wins",
    6: "metadata is advertised and not there",
    7: "upload times are lost",
    8: "a failure looks like an absence",
    9: "a new release is not visible for long",
    10: "an answer without a failed upstream is kept",
    11: "ranges and HEAD break lazy clients",
    12: "credentials are leaked, lost or misplaced",
    13: "a login page is taken for a file",
    14: "links lead around the proxy",
    15: "big files: memory, silence, time-outs",
    16: "pages of thousands of files are slow",
    17: "many clients at once lock the database",
    18: "the disk fills up",
    19: "links are wrong behind a front or a prefix",
    20: "encoded names are not found",
    21: "upstreams that are not shaped like PyPI",
    22: "wrong or missing types of an upstream's answers",
    23: "codings of files are mixed up",
    24: "clients get no headers to cache by",
    25: "hashes are missing, or md5 only",
    26: "deleted or yanked upstream",
    27: "an unknown project is a 200 without files",
    28: "spellings of a name",
    29: "one malformed entry costs the page",
    30: "nobody can tell whether it caches",
    31: "the full list of projects is needed",
    32: "a changed upstream leaves a frozen index",
    34: "outbound proxies and own authorities",
    35: "restart and offline",
    36: "a wrong address gives no help",
    37: "older tools ask for /pypi/<name>/json",
}

_NUMBERS = r"(\d+(?:(?:, | and | to )\d+)*)"
_FORMS = {
    "check": re.compile(rf"\bchecks? {_NUMBERS}"),
    "story": re.compile(r"\bF(\d+)\b"),
    "pain": re.compile(rf"\bpains? {_NUMBERS}"),
}


def texts(path: Path) -> Iterator[str]:
    """The docstrings of a file's tests, and the ids of their parameters."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield ast.get_docstring(node) or ""
            for decorator in node.decorator_list:
                yield from (each.value for each in ast.walk(decorator) if _is_text(each))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def numbers(text: str) -> set[int]:
    """``6 to 11, 14`` is 6, 7, … 11 and 14."""
    found = set()
    for part in re.split(r", | and ", text):
        first, _, last = part.partition(" to ")
        found.update(range(int(first), int(last or first) + 1))
    return found


def named(kind: str) -> set[int]:
    """The numbers that some test names."""
    paths = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__).resolve()]
    found = [each for path in paths for text in texts(path) for each in _FORMS[kind].findall(text)]
    return {number for each in found for number in numbers(each)}


@pytest.mark.parametrize(("kind", "table"), [("check", CHECKS), ("story", STORIES), ("pain", PAINS)])
def test_every_number_is_named_by_a_test_and_means_something(kind: str, table: dict[int, str]) -> None:
    found = named(kind)
    missing = {number: meaning for number, meaning in table.items() if number not in found}
    assert not missing, "no test names them"
    assert not found - table.keys(), "nobody knows what they mean"
