"""The addresses of the server and what answers at each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import tornado.web
from tornado.httputil import HTTPServerConnectionDelegate

from pyproxy.admin.administration import Administration
from pyproxy.app.admin_routes import admin_routes
from pyproxy.app.api_routes import api_routes
from pyproxy.config.model import LogFormat
from pyproxy.handlers.access_log import AccessLog
from pyproxy.handlers.admin.base import XSRF_COOKIE
from pyproxy.handlers.base import Services
from pyproxy.handlers.files import FileHandler
from pyproxy.handlers.health import HealthHandler, ReadyHandler
from pyproxy.handlers.home import HomeHandler
from pyproxy.handlers.legacy_json import LegacyJsonHandler
from pyproxy.handlers.metrics import Expose, MetricsHandler
from pyproxy.handlers.request_ends import Count, Record, RequestEnds
from pyproxy.handlers.short_way import ShortWay
from pyproxy.handlers.simple import ListHandler, ProjectHandler, SlashHandler
from pyproxy.handlers.static import FaviconHandler, RobotsHandler, StaticFiles, StaticHandler
from pyproxy.handlers.warm_files import find_file
from pyproxy.handlers.warm_pages import find_page
from pyproxy.handlers.wrong_addresses import UploadHandler, WrongAddressHandler

Checks = Mapping[str, Callable[[], str | None]]
"""What ``/readyz`` looks at, by name; each says what is wrong, or ``None``."""


def make_app(
    services: Services,
    administration: Administration,
    *,
    static: StaticFiles,
    checks: Checks,
    expose: Expose,
    count: Count,
    record: Record,
    log_format: LogFormat,
) -> HTTPServerConnectionDelegate:
    """The application, and the short way around it. The patterns that are asked for most come first."""
    shared = {"services": services}
    ends = RequestEnds(AccessLog(log_format), count, record)
    application = tornado.web.Application(
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
            (r"/static/([a-z0-9.-]+)", StaticHandler, {**shared, "files": static}),
            *admin_routes(services, administration),
            *api_routes(services, administration),
        ],
        default_handler_class=WrongAddressHandler,
        default_handler_args=shared,
        log_function=ends,
        xsrf_cookie_name=XSRF_COOKIE,
    )
    return ShortWay(services, ends, application, (find_page, find_file))
