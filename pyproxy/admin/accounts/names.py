"""What accounts and tokens may be called."""

from __future__ import annotations

import re

from pyproxy.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}", re.ASCII)


def check_name(name: str) -> str:
    """The name without blanks around it. Raises `ConfigurationError`.

    No colon, which ends the user name in HTTP Basic (RFC 7617).
    """
    name = name.strip()
    if not name:
        raise ConfigurationError("is missing", key="name", suggestion="for example ada or ci-deploy")
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            "is no name", key="name", suggestion="use letters, digits, and . _ @ + - inside; 64 characters at most"
        )
    return name
