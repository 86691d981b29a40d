"""``/`` for people: the address they used, lines that work with it, and nothing that a stranger wrote."""

from __future__ import annotations

import ipaddress
import netrc
import re
import tomllib
from configparser import ConfigParser
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import jinja2.meta
import pytest
import yaml

from pyproxy.app.templates import make_templates, resource_directory
from pyproxy.config.model import AccessConfig, ServerConfig
from pyproxy.handlers.home import HomePage
from pyproxy.handlers.static import StaticFiles
from tests.http.conftest import StartProxy
from tests.http.wire import get_raw

ADDRESSES = [
    "https://pypi.example.org",
    "https://pypi.example.org/team/py",
    "http://pypi.example.org:8080",
    "http://127.0.0.1:8080",
    "http://localhost:8080",
    "http://[::1]:8080",
    "http://[2001:db8::7]:8080",
    "https://10.1.2.3:8443",
]

TEMPLATES = make_templates(StaticFiles(resource_directory("static")))


class Reader(HTMLParser):
    """What a page holds: its blocks to copy, its headings, landmarks, identifiers, links and what it loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "pre":
            self.blocks.append("")
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "pre" in self._inside:
            self.blocks[-1] += data

    def values(self, *names: str) -> list[str]:
        return [value or "" for _, name, value in self.attributes if name in names]

    def block(self, beginning: str) -> str:
        """The only block that begins so."""
        (found,) = [block for block in self.blocks if block.startswith(beginning)]
        return found


def rendered(address: str, *, settled: bool = False, guarded: bool = False) -> str:
    page = HomePage.at(address, settled=settled, guarded=guarded)
    return TEMPLATES.get_template("home.html").render(page=page, root="./")


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_context_holds_what_the_page_is_rendered_from_and_nothing_else(address: str) -> None:
    """Every field and property of the documented context is used by the template, and it uses no other."""
    used = set()

    class Watched:
        def __init__(self, page: HomePage) -> None:
            self._page = page

        def __getattr__(self, name: str) -> object:
            used.add(name)
            return getattr(self._page, name)

    for yes in (False, True):
        for each in ADDRESSES:
            page = Watched(HomePage.at(each, settled=yes, guarded=yes))
            TEMPLATES.get_template("home.html").render(page=page, root="./")
    documented = {name for name in dir(HomePage) if not name.startswith("_")} - {"at"}
    assert used | {"address"} == documented
    assert set(HomePage.__dataclass_fields__) <= documented
    source = (resource_directory("templates") / "home.html").read_text(encoding="utf-8")
    assert jinja2.meta.find_undeclared_variables(TEMPLATES.parse(source)) <= {"page", "root", "asset"}
    assert f"{address}/simple/" in rendered(address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_block_has_this_address_and_is_what_its_tool_reads(address: str) -> None:
    """(pain 36)"""
    page, plain = Reader(rendered(address)), address.startswith("http://")
    index, host = f"{address}/simple/", address.split("/")[2]
    care = plain and not HomePage.at(address, settled=False).loopback

    pip = ConfigParser()
    pip.read_string(page.block("[global]"))
    assert pip["global"]["index-url"] == index
    assert pip["global"].get("trusted-host") == (host if plain else None)
    assert page.block("pip install").split() == [
        *("pip", "install", "--index-url", index),
        *(("--trusted-host", host) if plain else ()),
        "requests",
    ]
    assert page.block("pip config set").splitlines()[0] == f"pip config set global.index-url {index}"

    assert tomllib.loads(page.block("[[index]]")) == {"index": [{"url": index, "default": True}]}
    (uv,) = tomllib.loads(page.block("[[tool.uv.index]]"))["tool"]["uv"]["index"]
    assert uv == {"name": "pyproxy", "url": index, "default": True}
    (pdm,) = tomllib.loads(page.block("[[tool.pdm.source]]"))["tool"]["pdm"]["source"]
    assert pdm == {"name": "pypi", "url": index, "verify_ssl": not care}
    assert ("pdm config pypi.verify_ssl false" in page.block("pdm config")) is care
    (pipenv,) = tomllib.loads(page.block("[[source]]"))["source"]
    assert pipenv == {"name": "pyproxy", "url": index.rstrip("/"), "verify_ssl": not care}
    assert page.block("poetry") == f"poetry source add --priority=primary pyproxy {index}"

    variables = {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index} | ({"PIP_TRUSTED_HOST": host} if plain else {})
    assert yaml.safe_load(page.block("env:"))["env"] == variables
    assert yaml.safe_load(page.block("variables:"))["variables"] == variables
    assert dict(line.removeprefix("ARG ").split("=", 1) for line in page.block("ARG").splitlines()) == variables
    joined = page.block("ENV").removeprefix("ENV ").replace("\\\n", " ").split()
    assert dict(pair.split("=", 1) for pair in joined) == variables


@pytest.mark.parametrize(
    ("address", "care", "loopback"),
    [
        ("https://pypi.example.org", False, False),
        ("http://pypi.example.org:8080", True, False),
        ("http://10.0.0.7", True, False),
        ("http://[::1]:8080", False, True),
        ("http://localhost:8080", False, True),
        ("https://127.0.0.1:8443", False, True),
        ("http://localhost.example.org", True, False),
    ],
)
def test_plain_http_beyond_this_machine_says_how_to_get_tls(address: str, care: bool, loopback: bool) -> None:
    page = rendered(address)
    assert ("server.tls.certificate" in page) is care
    assert ("Only this machine" in page) is (loopback and address.startswith("http:"))
    assert ("A build has a loopback of its own" in page) is loopback


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_server_that_asks_who_one_is_has_lines_with_credentials(address: str, tmp_path: Path) -> None:
    page, parts = Reader(rendered(address, guarded=True)), urlsplit(address)
    index = f"{address}/simple/"
    (tmp_path / "netrc").write_text(page.block("machine "), encoding="utf-8")
    assert netrc.netrc(tmp_path / "netrc").hosts == {parts.hostname: ("token", "", "TOKEN")}

    (pip,) = [block.split() for block in page.blocks if block.startswith("pip install") and "TOKEN" in block]
    assert pip[3] == f"{parts.scheme}://token:TOKEN@{parts.netloc}{parts.path}/simple/"
    (uv,) = tomllib.loads(page.block("[[tool.uv.index]]"))["tool"]["uv"]["index"]
    assert f"UV_INDEX_{uv['name'].upper()}_PASSWORD=TOKEN" in page.block("export UV_INDEX")
    source = page.block("poetry source").split()[-2]
    assert page.block("poetry config") == f"poetry config http-basic.{source} token TOKEN"
    assert page.block("keyring set").splitlines()[0] == f"keyring set {parts.netloc} token"

    for block, token in (("env:", "${{ secrets.PYPROXY_TOKEN }}"), ("variables:", "$PYPROXY_TOKEN")):
        (variables,) = yaml.safe_load(page.block(block)).values()
        with_token = index.replace("://", f"://token:{token}@")
        assert (variables["PIP_INDEX_URL"], variables["UV_DEFAULT_INDEX"]) == (with_token, with_token)


def test_a_server_that_is_open_to_everybody_speaks_of_no_credentials() -> None:
    assert "TOKEN" not in rendered("https://pypi.example.org")
    assert "credentials" not in Reader(rendered("https://pypi.example.org")).values("id")


async def test_the_page_is_open_also_where_installing_is_not(start_proxy: StartProxy) -> None:
    """Else nobody would learn how to send credentials."""
    proxy = await start_proxy(access=AccessConfig(anonymous_read=False))
    assert (await proxy.get("/simple/")).status == 401
    answer = await proxy.get("/")
    assert answer.status == 200
    assert b"Say who you are" in answer.body


def test_lock_files_are_told_of_and_who_chooses_their_address() -> None:
    page = rendered("https://pypi.example.org")
    for name in ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"):
        assert name in page
    assert "server.public_url" in page
    assert "chosen by this server’s administrator" in rendered("https://pypi.example.org", settled=True)


def test_the_page_can_be_read_by_machines_and_by_those_who_listen() -> None:
    page = Reader(rendered("http://pypi.example.org:8080"))
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("nav") == page.tags.count("header") == 1
    assert page.values("lang") == ["en"]
    identifiers = page.values("id")
    assert len(set(identifiers)) == len(identifiers)
    assert set(page.values("aria-labelledby")) <= set(identifiers)
    assert {href[1:] for href in page.values("href") if href.startswith("#")} <= set(identifiers)
    assert page.tags.count("img") == len([name for tag, name, _ in page.attributes if (tag, name) == ("img", "alt")])


def test_a_strict_content_security_policy_takes_nothing_from_the_page() -> None:
    """No inline style or script, no handler attributes, nothing from another host."""
    text = rendered("https://pypi.example.org")
    page = Reader(text)
    assert "style" not in page.tags
    assert not [name for _, name, _ in page.attributes if name == "style" or name.startswith("on")]
    assert not re.search(r"<script[^>]*>[^<]+", text)
    loaded = [value for tag, name, value in page.attributes if tag in ("link", "script", "img") and name != "alt"]
    files = [value for value in loaded if value and value.startswith("./static/")]
    assert len(files) == 4
    names = [file.removeprefix("./static/").partition("?")[0] for file in files]
    assert all((resource_directory("static") / name).is_file() for name in names)
    assert all("://" not in href for href in page.values("href", "src"))


async def test_the_address_is_the_one_the_visitor_used(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await get_raw(proxy.port, b"/", headers=b"X-Forwarded-Host: evil.example.org\r\n", host=b"pypi.lan:8080")
    assert b"http://pypi.lan:8080/simple/" in answer.body
    assert b"evil" not in answer.body


async def test_a_trusted_fronts_address_is_the_visitors(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),)))
    headers = b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: pypi.example.org\r\nX-Forwarded-Prefix: /team\r\n"
    answer = await get_raw(proxy.port, b"/", headers=headers)
    assert b"index-url = https://pypi.example.org/team/simple/" in answer.body
    assert b"trusted-host =" not in answer.body


async def test_the_public_url_wins(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, public_url="https://pypi.example.org/py/"))
    answer = await get_raw(proxy.port, b"/", host=b"pypi.lan:8080")
    assert b"https://pypi.example.org/py/simple/" in answer.body
    assert b"pypi.lan" not in answer.body


@pytest.mark.parametrize(
    "host",
    [
        b"<script>alert(1)</script>",
        b'a"onload=x',
        b"evil.example.org/path",
        b"user:secret@evil.example.org",
        b"evil.example.org:80:90",
        b"evil example",
        b"{{7*7}}",
        b"ev\xc3\xadl",
        b"a" * 300,
        b"",
    ],
)
async def test_an_odd_host_header_is_not_repeated(host: bytes, start_proxy: StartProxy) -> None:
    """The page shows the socket's address instead, or the request is refused altogether."""
    proxy = await start_proxy()
    answer = await get_raw(proxy.port, b"/", host=host)
    assert answer.status in (200, 400)
    assert not host or host not in answer.body
    if answer.status == 200:
        assert f"index-url = {proxy.url}/simple/".encode() in answer.body


async def test_the_page_and_what_it_loads_answer_head_too(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    for path in ("/", "/static/pyproxy.css", "/static/favicon.svg", "/static/copy.js"):
        got, head = await proxy.get(path), await proxy.get(path, method="HEAD")
        assert (got.status, head.status, head.body) == (200, 200, b"")
        assert got.headers["Content-Type"] == head.headers["Content-Type"]


async def test_an_error_page_finds_its_files_behind_any_prefix(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    for path in ("/simple/-/", "/a/b/c", "/-"):
        answer = await proxy.get(path, {"Accept": "text/html,application/xhtml+xml"})
        assert answer.status == 404
        (styles,) = re.findall(rb'<link rel="stylesheet" href="([^"]+)"', answer.body)
        (home,) = re.findall(rb'<a class="brand" href="([^"]+)"', answer.body)
        for prefix in ("http://h", "http://h/team/py"):
            assert urljoin(f"{prefix}{path}", styles.decode()) .partition("?")[0] == f"{prefix}/static/pyproxy.css"
            assert urljoin(f"{prefix}{path}", home.decode()) == f"{prefix}/"
