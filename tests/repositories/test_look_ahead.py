from __future__ import annotations

import asyncio

import pytest

from pyproxy.errors import StorageError
from pyproxy.net.lull import Lull
from pyproxy.repositories.content import BytesContent
from pyproxy.repositories.look_ahead import AT_ONCE, BUSY, MOST_PAGES, MOST_REQUIREMENTS, LookAhead, required_names
from pyproxy.simple.model import NormalizedName

HEAD = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"


class Pages:
    """Pages that are found once ``open`` is set."""

    def __init__(self, *known: str) -> None:
        self.asked: list[str] = []
        self.known = set(known)
        self.open = asyncio.Event()

    async def find(self, project: NormalizedName) -> None:
        self.asked.append(project)
        await self.open.wait()
        self.known.add(project)

    def ahead(self, lull: Lull | None = None) -> LookAhead:
        return LookAhead("first", self.find, at_hand=lambda name: name in self.known, lull=lull or Lull())  # type: ignore[arg-type]


def metadata(*requirements: str) -> BytesContent:
    body = HEAD + "".join(f"Requires-Dist: {text}\n" for text in requirements).encode()
    return BytesContent(body, sha256=str(hash(body)), upstream="first")


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("requirement", "names"),
    [
        ("other", ("other",)),
        ("An.Other_one[extra] (>=1.0,<2)", ("an-other-one",)),
        ("other>=1; extra == 'docs'", ()),
        ("colorama; sys_platform == 'win32'", ()),
        ("other @ https://example.com/other-1.0.zip", ()),
        ("=!?", ()),
        ("o" * 300, ()),
        ("other" + "<1,<1" * 200, ()),
        ("\xff", ()),
    ],
)
def test_what_everybody_needs_who_installs_it_is_read(requirement: str, names: tuple[str, ...]) -> None:
    assert required_names(HEAD + f"Requires-Dist: {requirement}\n".encode("latin-1")) == names


def test_each_name_is_read_once_in_the_order_of_the_metadata() -> None:
    requirements = b"Requires-Dist: b>=1\nRequires-Dist: a\nRequires-Dist: B<2\n"
    assert required_names(HEAD + requirements) == ("b", "a")


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_a_description_requires_nothing(line: bytes) -> None:
    fields = HEAD.replace(b"\n", line) + b"Requires-Dist: a" + line
    assert required_names(fields + line + b"Requires-Dist: b" + line) == ("a",)


def test_thousands_of_other_fields_do_not_matter() -> None:
    others = "".join(f"field-{number % 195}: {number}\n" for number in range(20_000)).encode()
    assert required_names(HEAD + others + b"Requires-Dist: a\n" + others) == ("a",)


def test_a_field_that_is_cut_short_requires_nothing() -> None:
    assert required_names(HEAD + b"Requires-Dist: a\nRequires-Dist: typing-exten") == ("a",)


def test_of_endless_requirements_only_the_first_are_read() -> None:
    endless = "".join(f"Requires-Dist: p{number}\n" for number in range(3 * MOST_REQUIREMENTS))
    assert len(required_names(HEAD + endless.encode())) == MOST_REQUIREMENTS


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"PK\x03\x04", b"Requires-Dist"])
def test_what_is_no_metadata_requires_nothing(content: bytes) -> None:
    assert required_names(content) == ()


async def test_pages_are_asked_for_at_once_and_nobody_waits_for_them() -> None:
    pages = Pages()
    pages.ahead().after(metadata("a", "b"))
    await settled()
    assert pages.asked == ["a", "b"]
    assert not pages.known


async def test_what_is_known_or_being_asked_for_is_not_asked_for_again() -> None:
    pages = Pages("a")
    ahead = pages.ahead()
    for _ in range(2):
        ahead.after(metadata("a", "b"))
        await settled()
    assert pages.asked == ["b"]

    pages.open.set()
    await settled()
    pages.known.clear()
    ahead.after(metadata("a", "b"))
    await settled()
    assert pages.asked == ["b", "a", "b"], "what is stale is asked for again, though the metadata is not read again"


async def test_nothing_is_looked_ahead_where_much_is_arriving_anyway() -> None:
    pages, lull = Pages(), Lull()
    ahead = pages.ahead(lull)
    arriving = [lull.arriving() for _ in range(BUSY)]
    for each in arriving:
        each.__enter__()
    ahead.after(metadata("a"))
    await settled()
    assert pages.asked == []

    arriving.pop().__exit__(None, None, None)
    ahead.after(metadata("a"))
    await settled()
    assert pages.asked == ["a"]


async def test_so_many_pages_wait_for_their_turn_and_no_more() -> None:
    pages = Pages()
    ahead = pages.ahead()
    ahead.after(metadata(*(f"p{number}" for number in range(2 * MOST_PAGES))))
    pages.open.set()
    for _ in range(2 * MOST_PAGES):
        await settled()
    assert len(pages.asked) == MOST_PAGES

    ahead.after(metadata("later"))
    await settled()
    assert pages.asked[-1] == "later"


async def test_only_the_metadata_of_the_least_trusted_upstream_is_read() -> None:
    """A private index names what an installer may have from elsewhere, and what nobody else need hear of."""
    pages = Pages()
    private = metadata("company-secret")
    private.upstream = "private"
    pages.ahead().after(private)
    await settled()
    assert pages.asked == []


async def test_a_slow_upstream_is_asked_for_a_few_at_a_time() -> None:
    pages = Pages()
    pages.ahead().after(metadata(*(f"p{number}" for number in range(MOST_PAGES))))
    await settled()
    assert len(pages.asked) == AT_ONCE
    pages.known.add(f"p{AT_ONCE}")  # somebody has asked for it meanwhile
    pages.open.set()
    for _ in range(MOST_PAGES):
        await settled()
    assert len(pages.asked) == len(set(pages.asked)) == MOST_PAGES - 1


async def test_a_page_that_cannot_be_had_is_looked_for_again_the_next_time(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    async def find(project: NormalizedName) -> None:
        asked.append(project)
        raise StorageError("the disk is full") if len(asked) == 1 else RuntimeError("a defect")

    ahead = LookAhead("first", find, at_hand=lambda _: False, lull=Lull())  # type: ignore[arg-type]
    for _ in range(3):
        ahead.after(metadata("a"))
        await settled()
    assert asked == ["a"] * 3
    defects = [record for record in caplog.records if record.exc_info]
    assert [record.getMessage() for record in defects] == ["looking ahead at a failed"] * 2
