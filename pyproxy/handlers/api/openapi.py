"""The description of the API, for programs."""

from __future__ import annotations

from typing import Any

from pyproxy.handlers.api.document import document
from pyproxy.handlers.api.operation import Call, operation


async def get_openapi(call: Call) -> dict[str, Any]:
    """Describe this API as an OpenAPI 3.1 document.

    Everybody may read it, without credentials.
    """
    # The first time takes as long as many requests for packages.
    return await call.admin.desk.run(document, call.operations, call.server)


OPERATIONS = (operation("GET", "/openapi.json", get_openapi, may="anybody"),)
