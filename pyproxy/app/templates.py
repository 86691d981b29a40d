"""The templates of the pages for people, and the files that go with them."""

from __future__ import annotations

from pathlib import Path

import jinja2

import pyproxy
from pyproxy.admin import amounts
from pyproxy.admin.visible import visible
from pyproxy.handlers.static import StaticFiles


def make_templates(files: StaticFiles) -> jinja2.Environment:
    """Everything is escaped, and nothing undefined passes unnoticed.

    ``asset`` gives the address of a static file below the root; amounts and times are filters: ``{{ size | data }}``,
    ``{{ at | ago(now) }}``, ``{{ at | until(now) }}``, ``{{ at | iso }}``, ``{{ seconds | span }}``,
    ``{{ seconds | took }}``,
    ``{{ number | counted("file") }}``. Text from outside goes through ``visible``.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_directory("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["asset"] = files.address
    environment.filters |= {
        "ago": amounts.ago,
        "until": amounts.until,
        "iso": amounts.iso,
        "span": amounts.span,
        "took": amounts.took,
        "data": amounts.data,
        "counted": amounts.count,
        "visible": visible,
    }
    return environment


def resource_directory(name: str) -> Path:
    """``templates`` or ``static``: inside the installed package, or at the top of a checkout."""
    package = Path(pyproxy.__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
