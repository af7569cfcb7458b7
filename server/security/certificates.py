"""Application instance certificates: make, encode and read them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from heatpump_twin.config.hosts import listens_everywhere
from heatpump_twin.config.settings import OpcUaSettings
from heatpump_twin.server.errors import CertificateError

KEY_BITS = 2048
VALIDITY = dt.timedelta(days=5 * 365)
ORGANIZATION = "heatpump-twin"
"""Tells a certificate that a twin made from one that somebody gave it."""


@dataclass(frozen=True, slots=True)
class ApplicationIdentity:
    """An application instance certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def self_signed(
    uri: str,
    hosts: Sequence[str],
    name: str,
    now: dt.datetime,
    *,
    server: bool,
    key: rsa.RSAPrivateKey | None = None,
) -> ApplicationIdentity:
    """Make an application instance certificate (OPC 10000-6, 6.2.2) for a key, or a new one."""
    key = key or new_key()
    subject = x509.Name(
        [
            # X.520 ends a common name at 64 characters; cryptography refuses a longer one.
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
        ]
    )
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if server:
        purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
    # What OPC 10000-6, 6.2.2 asks for; key_cert_sign, as the certificate signs itself.
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True,
        data_encipherment=True, key_agreement=False, key_cert_sign=True, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    alternatives = [x509.UniformResourceIdentifier(uri), *map(_general_name, hosts)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A client whose clock is a little late must not see a certificate from the future.
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False
        )
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .sign(key, hashes.SHA256())
    )
    return ApplicationIdentity(certificate, key)


def new_key() -> rsa.RSAPrivateKey:
    """Make a key for an application instance certificate."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def is_of_twin(certificate: x509.Certificate) -> bool:
    """Tell whether a twin made a certificate for itself."""
    organizations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return certificate.issuer == certificate.subject and any(
        name.value == ORGANIZATION for name in organizations
    )


@dataclass(frozen=True, slots=True)
class ServerNames:
    """What the server is called: what its certificate says of it."""

    uri: str | None
    """ApplicationUri; None: the one that it has, or one that is made from the machine's name."""
    required: tuple[str, ...]
    """Names and addresses without which a certificate is made again: those of the site file."""
    found: tuple[str, ...] = ()
    """Names and addresses that the machine has today. A certificate that lacks one stays: clients
    would have to trust another, each time that a container is made."""

    @property
    def hosts(self) -> list[str]:
        """All names and addresses for a certificate that is made now."""
        return list(dict.fromkeys((*self.required, *self.found)))


def server_names(settings: OpcUaSettings) -> ServerNames:
    """Return what a server is called, by its settings and by the machine that it runs on."""
    everywhere = listens_everywhere(settings.host)
    required = () if everywhere else (settings.host,)
    found = [socket.gethostname(), "localhost", "127.0.0.1"]
    if everywhere:
        found += _addresses()
    return ServerNames(settings.application_uri, (*required, *settings.names), tuple(found))


def _addresses() -> list[str]:
    """Return the addresses of this machine's interfaces, but those that hold on one link only."""
    adapters = ifaddr.get_adapters()
    # Of an IPv6 address ifaddr says the flow and the scope, too.
    ips = [ip.ip for adapter in adapters for ip in adapter.ips]
    addresses = [ipaddress.ip_address(ip if isinstance(ip, str) else ip[0]) for ip in ips]
    return [str(address) for address in addresses if not address.is_link_local]


def new_application_uri() -> str:
    """Make an ApplicationUri from the machine's name."""
    return f"urn:heatpump-twin:{socket.gethostname().lower()}"


def application_uri(certificate: x509.Certificate) -> str | None:
    """Return the ApplicationUri that a certificate names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return uris[0] if uris else None


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-1 thumbprint, as OPC UA tools show it (OPC 10000-6, 6.7.2.3)."""
    return certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - a name, not a proof


def alternative_names(certificate: x509.Certificate) -> set[str]:
    """Return the ApplicationUri and the hosts that a certificate names."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may issue others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def read_certificate(path: Path) -> x509.Certificate:
    """Read a certificate, DER or PEM."""
    try:
        content = path.read_bytes()
        # By content, not by suffix: .crt and .cer are used for both.
        if content.startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except (OSError, ValueError) as error:
        raise CertificateError(f"{path} is not a certificate (DER or PEM): {error}") from error


def der(certificate: x509.Certificate) -> bytes:
    """Return a certificate encoded as DER, as it is sent to clients."""
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return a private key encoded as PEM, for its owner-only file."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        # The password would have to lie beside it: the server starts unattended.
        serialization.NoEncryption(),
    )
