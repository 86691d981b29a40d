"""What goes wrong with a request to the API as such, beside the errors that everything shares."""

from __future__ import annotations

from pyproxy.handlers.statuses import Problem


class ApiProblem(Exception):
    """The request is refused, for ``problem``."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.title)


NO_OPERATION = Problem(
    404, "There is no such operation", "The operations are described by the document at /api/v1/openapi.json."
)

PACKAGES_ONLY = Problem(
    403,
    "This token only reads packages",
    "The API takes tokens with the role viewer, who sees everything but secrets, or admin, who changes things.",
)

FOR_ANOTHER_SITE = Problem(
    403,
    "A browser sends this for the page of another site",
    "Nothing was changed. Scripts in pages of other sites cannot use this API.",
)

WITHOUT_CREDENTIALS = (
    "Send a token (Authorization: Bearer pyproxy_…), or an account's name and password as HTTP Basic. Being signed in "
    "to the pages does not count here. Tokens are made in the pages, or with: pyproxy token add NAME"
)
"""The detail of every 401."""
