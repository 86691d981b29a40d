"""What a server's chain of certificates says, and why it is not trusted, in words (RFC 5280, RFC 9525)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

# cryptography is imported where it is used: it takes 11 MB, and a server comes to need it with the first https.
if TYPE_CHECKING:
    from cryptography import x509

DAYS_OF_WARNING = 21
"""A certificate that ends sooner is worth a word; automatic renewal happens earlier."""


class Chain:
    """The certificates as they were sent, the server's own first; ``pems`` that cannot be read are left out."""

    def __init__(self, pems: Sequence[str]) -> None:
        from cryptography import x509

        found = []
        for pem in pems:
            try:
                found.append(x509.load_pem_x509_certificate(pem.encode()))
            except ValueError:
                break
        self.certificates = tuple(found)

    def __bool__(self) -> bool:
        return bool(self.certificates)

    @property
    def ends(self) -> datetime.datetime:
        """When the server's own certificate stops being valid."""
        return self.certificates[0].not_valid_after_utc

    @property
    def begins(self) -> datetime.datetime:
        """From when on it is valid."""
        return self.certificates[0].not_valid_before_utc

    @property
    def subject(self) -> str:
        """Whom it is for."""
        return _name(self.certificates[0].subject)

    @property
    def issuer(self) -> str:
        """Who vouches for it."""
        return _name(self.certificates[0].issuer)

    @property
    def last_issuer(self) -> str:
        """Who would have to be trusted: where the chain that was sent ends."""
        return _name(self.certificates[-1].issuer)

    @property
    def self_signed(self) -> bool:
        """Whether nobody else vouches for it."""
        return self.certificates[0].issuer == self.certificates[0].subject

    @property
    def complete(self) -> bool:
        """Whether it ends with an authority that vouches for itself."""
        return self.certificates[-1].issuer == self.certificates[-1].subject

    @property
    def hosts(self) -> list[str]:
        """The names and addresses that it is for."""
        from cryptography import x509

        try:
            names = self.certificates[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, ValueError):
            return []
        addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
        return [*names.get_values_for_type(x509.DNSName), *addresses]


def described(chain: Chain, tls_version: str) -> str:
    """A clause about a chain that is accepted."""
    if not chain:
        return f"{tls_version or 'encrypted'}; the certificate could not be read"
    return (
        f"{tls_version or 'encrypted'}; the certificate of {chain.subject} was issued by {chain.issuer} "
        f"and ends on {day(chain.ends)}"
    )


def distrusted(problem: str, chain: Chain, host: str, authorities: str, now: datetime.datetime) -> tuple[str, str]:
    """What is wrong, and what to do, for a chain that was refused with OpenSSL's ``problem``.

    ``authorities`` names the file it was checked against, for people.
    """
    if not chain:
        return f"the certificate is not trusted: {problem}", "set ca_bundle to a file with the authority to trust"
    if expired := next((each for each in chain.certificates if each.not_valid_after_utc < now), None):
        return (
            f"the certificate of {_name(expired.subject)} ended on {day(expired.not_valid_after_utc)}; "
            f"this machine's clock says {moment(now)}",
            "have the certificate renewed at the upstream; if the date here is wrong, set this machine's clock",
        )
    if chain.begins > now:
        return (
            f"the certificate of {chain.subject} is valid only from {moment(chain.begins)} on; "
            f"this machine's clock says {moment(now)}",
            "set this machine's clock, if it is that which is wrong",
        )
    if "match" in problem:
        named = ", ".join(chain.hosts[:8]) or chain.subject
        return (
            f"the certificate is for {named}, not for {host}",
            "use one of these names in url, or have a certificate issued for this one",
        )
    return _unknown_authority(problem, chain, authorities)


def _unknown_authority(problem: str, chain: Chain, authorities: str) -> tuple[str, str]:
    if chain.self_signed:
        return (
            f"the certificate of {chain.subject} is self-signed, and not in {authorities}",
            "get the certificate from those who run the server (not over this connection), and set "
            "ca_bundle=FILE with it",
        )
    ends = f"the chain ends at {chain.last_issuer}, which is not in {authorities}"
    advice = f"set ca_bundle=FILE with the certificate of {chain.last_issuer}"
    if len(chain.certificates) == 1:
        advice += "; if that is a well-known authority's, the server does not send its intermediate certificate"
    known = ("local issuer", "self-signed", "self signed", "first certificate")
    return (ends if any(word in problem for word in known) else f"{ends} ({problem})"), advice


def day(when: datetime.datetime) -> str:
    """A date for people: ``2031-05-17``."""
    return f"{when:%Y-%m-%d}"


def moment(when: datetime.datetime) -> str:
    """A moment for people: ``2031-05-17 08:00 UTC``."""
    return f"{when.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"


def _name(name: x509.Name) -> str:
    """The common name, else the organisation, else all of it."""
    from cryptography.x509.oid import NameOID

    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(kind):
            return str(attribute.value)
    return name.rfc4514_string() or "nobody"
