"""What is measured. A scenario is called once in each round; whom it asks first changes with the round.

*Warm*: the page or file has been asked for before. *Cold*: a server of its own with an empty cache; nginx has no
cache, so there a cold file is measured against asking nginx, everybody's upstream, directly.
"""

from __future__ import annotations

from collections.abc import Callable

from running import Run

from scenarios import clients, files, pages, resources

SCENARIOS: dict[str, Callable[[Run], None]] = {
    "small-page": pages.small_page,
    "big-pages": pages.big_pages,
    "small-wheel": files.small_wheel,
    "large-file": files.large_file,
    "cold-file": files.cold_file,
    "cold-page": pages.cold_page,
    "herd": files.herd,
    "install": clients.installation,
    "remote": clients.remote,
    "resolve": clients.resolution,
    "start": resources.start,
    "huge-file": resources.huge_file,
    "workers": resources.workers,
    "growth": resources.growth,
}
