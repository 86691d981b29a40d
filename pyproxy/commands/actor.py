"""Who runs a command, for the audit log."""

from __future__ import annotations

import os
import pwd

from pyproxy.storage.audit import Actor


def command_actor() -> Actor:
    """The user of the operating system, whatever the environment says."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user need not have one
        name = f"user {os.getuid()}"
    return Actor(name=name, origin="command")
