"""Which program answers."""

from __future__ import annotations

import msgspec

from pyproxy.handlers.api.moments import answer_of
from pyproxy.handlers.api.operation import Call, operation


class Version(msgspec.Struct, kw_only=True, frozen=True):
    """The running server, and what it is made with."""

    pyproxy: str
    python: str
    tornado: str
    libcurl: str
    sqlite: str


async def get_version(call: Call) -> Version:
    """Tell the version of the server, and of what it is made with."""
    return answer_of(Version, call.admin.settings.programs)


OPERATIONS = (operation("GET", "/version", get_version),)
