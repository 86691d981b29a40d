"""Good bytes to begin with: the corpora of the other tests, and what programs really send."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyproxy.errors import UpstreamTimeout
from pyproxy.net.sharing.progress import Progress, encode
from tests.distributions import make_sdist, make_wheel
from tests.documents import ROOT
from tests.simple.corpus import PAGES, PAGES_FOLDER

LOCKS = Path(__file__).parent.parent / "requirements" / "locks"

_INSTALLERS = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "application/vnd.pypi.simple.latest+json;q=1.0,application/*;q=0.5,*/*;q=0",
    "gzip, deflate, br;q=0.5, *;q=0",
)


def project_pages() -> Iterator[bytes]:
    for page in PAGES:
        yield bytes([0 if page.name.endswith(".json") else 1]) + page.body
    yield b"\x01" + (PAGES_FOLDER / "battered.html").read_bytes()
    yield b"\x05" + (PAGES_FOLDER / "devpi.html").read_text().encode("utf-16")


def project_lists() -> Iterator[bytes]:
    names = ["Quick_Fox", "quick-fox", "zope.interface", "x", "a" * 60]
    yield json.dumps({"meta": {"api-version": "1.4"}, "projects": [{"name": name} for name in names]}).encode()
    links = "".join(f'<a href="/simple/{name}/">{name}</a><br>\n' for name in names)
    yield f"<!DOCTYPE html><html><head><title>Simple index</title></head><body>{links}</body></html>".encode()
    meta = '<meta name="pypi:repository-version" content="1.0">'
    yield f"<html><head>{meta}</head><body><!-- <a href=no>no</a> -->{links}<script>'<a'</script></body>".encode()
    yield f"<h1>Index of /</h1><a href='../'>../</a>{links}<a href=long-name/>long-na..&gt;</a>".encode()


def json_documents() -> Iterator[bytes]:
    wheel, content, _ = make_wheel("quick-fox", "1.0")
    entry = {
        "filename": wheel,
        "url": f"https://files.example.org/{wheel}",
        "digests": {"sha256": "1" * 64, "md5": "2" * 32},
        "size": len(content),
        "packagetype": "bdist_wheel",
        "upload_time_iso_8601": "2024-01-01T00:00:00.000000Z",
        "yanked": False,
    }
    info = {"name": "Quick.Fox", "version": "1.0", "summary": "…", "download_url": "https://files.example.org/x"}
    whole = {"info": info, "last_serial": 7, "releases": {"1.0": [entry], "0.9": []}, "urls": [entry]}
    more = {"vulnerabilities": [{"id": "PYSEC-1", "fixed_in": ["1.1"]}], "ownership": {"roles": []}}
    yield b"\xff" + json.dumps(whole | more).encode()
    yield b"\x00" + json.dumps({"info": info, "urls": [entry]}).encode()


def metadata() -> Iterator[bytes]:
    yield make_wheel("quick-fox", "1.0", metadata_extra="Requires-Dist: x>=1; extra == 'a'\nProvides-Extra: a\n")[2]
    yield (
        b"Metadata-Version: 2.4\r\nName: Quick.Fox\r\nVersion: 1.0.0\r\nDynamic: Requires-Dist\r\nKeywords: a,b c\r\n"
        b"Project-URL: Home, https://example.org/\r\nAuthor: =?utf-8?q?F=C3=BCchslein?=\r\nSummary: \xc3\xbc\xff\r\n"
        b"Description-Content-Type: text/x-rst; charset=UTF-8\r\nLicense: a\r\n  |b\r\nClassifier: x\r\n\r\n# Body\r\n"
    )


def names() -> Iterable[bytes]:
    return [
        *(b"Quick_Fox", b"zope.interface", b"quick_fox-1.0-py3-none-any.whl", b"quick-fox-1.0.0b2.tar.gz"),
        *(b"torch-2.4.0+cu124-cp312-cp312-linux_x86_64.whl", b"quick_fox-1!2.0.tar.gz.metadata", b"a.win32-py2.7.exe"),
        *("füchse-1.0.zip".encode(), b"quick-fox-1.0-2.noarch.rpm", b"x-variants.json", b"..", b"a b-1.zip"),
    ]


def addresses() -> Iterable[bytes]:
    return [
        *(b"root/pypi/+simple/quick_fox/", b"repository/x/simple/quick-fox/", b"simple/simple/quick-fox/"),
        *(b"packages/ab/cd/quick_fox-1.0-py3-none-any.whl.metadata", b"root/pypi/+f/1/2/quick-fox-1.0.tar.gz"),
        *(
            b"quick-fox/json",
            b"pypi/quick-fox/",
            b"simple/quick-fox/1.0/",
            b"healthz/",
            b"index/quick%2Dfox",
            b"%ff/json",
        ),
    ]


def ranges() -> Iterable[bytes]:
    headers = (
        b"bytes=0-99",
        b"bytes=-65536",
        b"bytes=100-",
        b"Bytes = 5 - 7",
        b"bytes=0-0,5-9",
        b"bytes=9-3",
        b"b=1-2",
    )
    return [b"\x00\x01\x00\x00" + header for header in headers]


def accepts() -> Iterable[bytes]:
    return [header.encode() for header in _INSTALLERS]


def forwarded() -> Iterable[bytes]:
    return [
        b"10.0.0.1\n203.0.113.9, 10.0.0.2\nhttps\npypi.example.org:8443\n/team/py",
        b"fd00::1\n2001:db8::7, ::ffff:10.0.0.2, fe80::1%eth0\nHTTPS, http\n[2001:db8::1]:443\n/",
        b"-\nunknown, _hidden, 10.0.0.1:5000\nwss\na/b\n//evil.example.org",
    ]


def api_bodies() -> Iterable[bytes]:
    return [
        b'{"name": "first", "url": "https://index.example.org/", "priority": 1, "projects": ["a-*"]}',
        b'{"index_ttl": "5m", "active": false, "password": null}',
    ]


def messages() -> Iterator[bytes]:
    yield encode(Progress())
    yield encode(Progress(began=True, size=100, upstream="first", released=50))
    yield encode(Progress(began=True, size=100, upstream="first", released=100, sha256="0" * 64))
    yield encode(Progress(error=UpstreamTimeout("first", "sent nothing for 10 s")))
    yield encode(Progress(error=OSError("disk")))


def configurations() -> Iterator[bytes]:
    yield (ROOT / "pyproxy.yaml").read_bytes()
    yield b"server: {host: '::1', port: ${PORT}, trusted_proxies: [10.0.0.0/8]}\ncache: {index_ttl: 1h, offline: yes}\n"
    yield b"upstreams:\n- {name: a, url: 'https://u:p@e.example.org/', projects: [x-*], priority: 1}\n- &x {name: b}\n"
    yield b"SERVER__PORT=9000\nSERVER__TRUSTED_PROXIES=10.0.0.0/8, ::1\nSTORAGE__MAX_SIZE=50GB\nCACHE__INDEX_TTL=5m\n"


def requirements() -> Iterator[bytes]:
    yield (LOCKS / "requirements.txt").read_bytes()
    yield (
        b"# all kinds\nflask[async]>=3,<4; python_version >= '3.11'\n-r other.txt\n-c constraints.txt\n-e .\n"
        b"demo==1.0 \\\n    --hash=sha256:" + b"0" * 64 + b"\n--index-url https://u:${PORT}@index.example.org/simple\n"
        b"x @ https://files.example.org/x-1.0.zip\n./local.whl\n--no-binary :all:\n--pre\ngit+https://g.example.org/x\n"
    )


def locks() -> Iterator[bytes]:
    for number, name in enumerate(("uv.lock", "pylock.toml", "poetry.lock")):
        yield bytes([number]) + (LOCKS / name).read_bytes()


def wheels() -> Iterator[bytes]:
    yield make_wheel("quick-fox", "1.0")[1]
    yield make_wheel("quick-fox", "1.0", size=2000)[1]
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            with archive.open("quick_fox-1.0.dist-info/METADATA", "w", force_zip64=True) as member:
                member.write(b"Metadata-Version: 2.1\nName: quick-fox\nVersion: 1.0\n")
            archive.writestr("quick_fox/__init__.py", b"#" * 300)
            archive.comment = b"a comment"
        yield buffer.getvalue()


def sdists() -> Iterator[bytes]:
    packed = make_sdist("quick-fox", "1.0")[1]
    yield packed
    yield gzip.decompress(packed)
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
            for name in ("quick_fox-1.0/" + "long" * 40 + ".py", "quick_fox-1.0/PKG-INFO"):
                member = tarfile.TarInfo(name)
                member.size = 30
                archive.addfile(member, io.BytesIO(b"Metadata-Version: 2.1\nName: q\n"))
        yield buffer.getvalue()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as written:
        written.writestr("quick_fox-1.0/PKG-INFO", b"Metadata-Version: 2.1\n")
    yield zipped.getvalue()


def archives() -> Iterator[bytes]:
    yield b"\x00" + make_wheel("quick-fox", "1.0")[1]
    yield b"\x01" + make_sdist("quick-fox", "1.0")[1]
    yield b"\x08" + make_wheel("quick-fox", "1.0")[2]
    yield b"\x07MZ\x90"
    yield b"\x0a" + gzip.decompress(make_sdist("quick-fox", "1.0")[1])
