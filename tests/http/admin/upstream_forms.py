"""The form of an upstream as a browser sends it: all that stands in it, with what a person changed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from selectolax.lexbor import LexborHTMLParser

from tests.http.admin.browser import Browser, Page

ADD = "/admin/upstreams/+add"


def standing(page: Page) -> dict[str, str]:
    """What a browser would send of the form, unchanged; a password's field is empty."""
    form = LexborHTMLParser(page.text).css_first("form#upstream")
    assert form is not None, page.words
    found: dict[str, str] = {}
    for control in form.css("input, select, textarea"):
        name, kind = control.attributes["name"], control.attributes.get("type")
        assert name is not None
        if control.tag == "select":
            chosen = control.css_first("option[selected]") or control.css_first("option")
            assert chosen is not None
            found[name] = chosen.attributes["value"] or ""
        elif control.tag == "textarea":
            found[name] = control.text().removeprefix("\n")
        elif kind == "checkbox":
            if "checked" in control.attributes:
                found[name] = "on"
        elif kind != "file":
            found[name] = control.attributes.get("value") or ""
    return found


async def send(
    browser: Browser,
    path: str,
    changes: Mapping[str, str | None],
    files: Mapping[str, bytes] | None = None,
    *,
    page: Page | None = None,
    to: str | None = None,
) -> Page:
    """Open the form (or take the ``page`` that was open already), change fields (``None``: untick), and send it."""
    fields: dict[str, str | None] = {**standing(page or await browser.get(path)), **changes}
    return await browser.send("POST", to or path, *multipart(fields, files or {}))


def multipart(fields: Mapping[str, str | None], files: Mapping[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """Body and headers (RFC 7578)."""
    boundary = secrets.token_hex(16)
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
        if value is not None
    ]
    parts += [
        f'Content-Disposition: form-data; name="{name}"; filename="x.pem"\r\n\r\n'.encode() + content
        for name, content in files.items()
    ]
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts) + b"--%s--\r\n" % boundary.encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def said_of(page: Page, field: str) -> str:
    """What stands beside a field as wrong; empty for nothing."""
    found = LexborHTMLParser(page.text).css_first(f"#{field}-problem")
    return found.text() if found else ""


def text_of(page: Page, selector: str) -> str:
    """The words of an element; empty where there is none."""
    found = LexborHTMLParser(page.text).css_first(selector)
    return " ".join(found.text(separator=" ").split()) if found else ""
