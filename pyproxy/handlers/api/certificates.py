"""The folder of certificates and keys that upstreams may name."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pyproxy.errors import ConfigurationError
from pyproxy.handlers.api.operation import Call, operation
from pyproxy.handlers.api.paging import Listing, PageQuery, cut
from pyproxy.handlers.api.upstream_fields import Name

Kind = Literal["ca_bundle", "client_certificate", "client_key"]


class Certificate(msgspec.Struct, kw_only=True, frozen=True):
    """A PEM file of the folder."""

    name: Annotated[str, Meta(description="By which upstreams name it.")]
    kinds: Annotated[list[Kind], Meta(description="The fields of an upstream that it may be used for.")]


class Certificates(Listing[Certificate], kw_only=True, frozen=True):
    """PEM files by name."""


class NewCertificate(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A PEM file to be kept."""

    kind: Annotated[Kind, Meta(description="What it is for.")]
    content: Annotated[str, Meta(description="The PEM text.", max_length=400 * 1024)]
    upstream: Annotated[Name, Meta(description="With whose name its own begins.")] = "upstream"


class KeptCertificate(msgspec.Struct, kw_only=True, frozen=True):
    """A PEM file that is kept; the same content gets the same name."""

    name: str
    kind: Kind


async def list_certificates(call: Call, query: PageQuery) -> Certificates:
    """List the certificates and keys that upstreams may name; never their content."""
    files = await call.admin.desk.run(call.admin.certificates.files)
    items, following = cut(
        files,
        lambda each: each.name,
        query,
        lambda each: Certificate(name=each.name, kinds=sorted(each.kinds)),
    )
    return Certificates(items=items, next=following)


async def keep_certificate(call: Call, body: NewCertificate) -> KeptCertificate:
    """Keep a certificate or key, for upstreams to name."""
    content = body.content.encode()
    try:
        name = await call.admin.desk.run(call.admin.certificates.keep, body.kind, content, body.upstream)
    except ConfigurationError as error:
        error.key = "content"
        raise
    await call.note("uploaded", f"certificate {name}")
    return KeptCertificate(name=name, kind=body.kind)


OPERATIONS = (
    operation("GET", "/certificates", list_certificates),
    operation(
        "POST",
        "/certificates",
        keep_certificate,
        example={"kind": "ca_bundle", "content": "-----BEGIN CERTIFICATE-----\n…", "upstream": "private"},
    ),
)
