"""The two fields of a new password."""

from __future__ import annotations

from pyproxy.admin.accounts.passwords import check_password
from pyproxy.errors import ConfigurationError
from pyproxy.handlers.admin.forms import Form, sentence

NOT_THE_SAME = "This is not the same password."


def new_password(form: Form, name: str, problems: dict[str, str]) -> str:
    """What stands in ``password`` and ``again``, for the account of this name; what is wrong goes into ``problems``."""
    password = form.secret("password")
    try:
        check_password(password, name)
    except ConfigurationError as error:
        problems["password"] = sentence(error)
    else:
        if form.secret("again") != password:
            problems["again"] = NOT_THE_SAME
    return password
