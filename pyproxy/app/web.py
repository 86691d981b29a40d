"""The addresses of the server and what answers at each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2
import tornado.web

import pyproxy
from pyproxy.config.model import LogFormat
from pyproxy.handlers.access_log import AccessLog
from pyproxy.handlers.base import Services
from pyproxy.handlers.files import FileHandler
from pyproxy.handlers.health import HealthHandler, ReadyHandler
from pyproxy.handlers.home import HomeHandler
from pyproxy.handlers.legacy_json import LegacyJsonHandler
from pyproxy.handlers.metrics import Expose, MetricsHandler
from pyproxy.handlers.request_ends import Count, RequestEnds
from pyproxy.handlers.simple import ListHandler, ProjectHandler, SlashHandler
from pyproxy.handlers.static import FaviconHandler, RobotsHandler, StaticHandler
from pyproxy.handlers.wrong_addresses import UploadHandler, WrongAddressHandler

Checks = Mapping[str, Callable[[], str | None]]
"""What ``/readyz`` looks at, by name; each says what is wrong, or ``None``."""


def make_app(
    services: Services, *, checks: Checks, expose: Expose, count: Count, log_format: LogFormat
) -> tornado.web.Application:
    """The application. Files' patterns come first: they are asked for most."""
    shared = {"services": services}
    return tornado.web.Application(
        [
            (r"/simple/([^/]+)(/?)", ProjectHandler, shared),
            (r"/files/([^/]+)/(?:([0-9a-f]{64})/)?([^/]+)", FileHandler, shared),
            # Whoever has put /pypi/simple/ into an installer asks for pages, which end in a slash.
            (r"/pypi/(?!simple/.*/$)([^/]+)/(?:([^/]+)/)?json/?", LegacyJsonHandler, shared),
            (r"/simple/", ListHandler, shared),
            (r"/simple", SlashHandler, shared),
            (r"/", HomeHandler, shared),
            (r"/legacy/?", UploadHandler, shared),
            (r"/robots\.txt", RobotsHandler, shared),
            (r"/favicon\.ico", FaviconHandler, shared),
            (r"/healthz", HealthHandler, shared),
            (r"/metrics", MetricsHandler, {**shared, "expose": expose}),
            (r"/readyz", ReadyHandler, {**shared, "checks": checks}),
            (r"/static/([a-z0-9.-]+)", StaticHandler, {**shared, "directory": resource_directory("static")}),
        ],
        default_handler_class=WrongAddressHandler,
        default_handler_args=shared,
        log_function=RequestEnds(AccessLog(log_format), count),
    )


def make_templates() -> jinja2.Environment:
    """The pages for people: everything escaped, and nothing undefined passes unnoticed."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_directory("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def resource_directory(name: str) -> Path:
    """``templates`` or ``static``: inside the installed package, or at the top of a checkout."""
    package = Path(pyproxy.__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
