"""Certificates for tests: an authority of our own, server and client certificates, and a self-signed one."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = ("127.0.0.1", "localhost")
_NOW = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


class Authority:
    """Makes certificates into a directory. ``certificate`` is the PEM file that makes a client trust them."""

    def __init__(self, directory: Path, name: str = "test authority") -> None:
        self._directory = directory
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._own = _certificate(name, (), self._key, issuer=None, issuer_key=self._key, authority=True)
        self._count = 0
        self.certificate = directory / f"{name.replace(' ', '-')}.pem"
        self.certificate.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        name: str,
        hosts: Sequence[str] = (),
        *,
        begin: datetime.datetime | None = None,
        end: datetime.datetime | None = None,
    ) -> tuple[Path, Path]:
        """PEM files of a certificate and its key; valid from long ago far into the future unless told otherwise."""
        self._count += 1
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(
            name,
            hosts,
            key,
            issuer=self._own.subject,
            issuer_key=self._key,
            begin=begin or _NOW,
            end=end or _END,
        )
        return _write(self._directory, f"{self._name}-{self._count}".replace(" ", "-"), certificate, key)

    def server_context(self, hosts: Sequence[str] = HOSTS, *, clients: Authority | None = None) -> ssl.SSLContext:
        """For ``UpstreamServer.start``; with ``clients`` a client certificate of that authority is required."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.issue(hosts[0], hosts))
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients.certificate)
        return context


def self_signed(directory: Path, hosts: Sequence[str] = HOSTS) -> tuple[Path, Path]:
    """PEM files of a certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(hosts[0], hosts, key, issuer=None, issuer_key=key)
    return _write(directory, "self-signed", certificate, key)


def self_signed_context(directory: Path, hosts: Sequence[str] = HOSTS) -> ssl.SSLContext:
    """For ``UpstreamServer.start``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*self_signed(directory, hosts))
    return context


def _certificate(
    name: str,
    hosts: Sequence[str],
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    authority: bool = False,
    begin: datetime.datetime = _NOW,
    end: datetime.datetime = _END,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(
    directory: Path, stem: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    certificate_path, key_path = directory / f"{stem}.crt", directory / f"{stem}.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_path, key_path
