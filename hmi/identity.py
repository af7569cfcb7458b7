"""Identity of the HMI: its OPC UA client certificate and the secret of its session cookies."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from heatpump_twin.config.data_directory import DataDirectory, write_private

APPLICATION_URI = "urn:heatpump-twin:hmi"
_VALID_DAYS = 3650
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class HmiIdentity:
    """Identity of the HMI, kept in the data directory, readable by its owner only."""

    certificate: Path
    private_key: Path
    cookie_secret: str

    @classmethod
    def open(cls, data: DataDirectory) -> HmiIdentity:
        """Load the certificate, key and cookie secret; make what is missing."""
        certificate, key = data.hmi / "client.der", data.hmi / "client.pem"
        if not (certificate.exists() and key.exists()):
            _make_certificate(certificate, key)
        secret = data.hmi / "session-secret"
        if not secret.exists():
            write_private(secret, secrets.token_urlsafe(_SECRET_BYTES))
        return cls(certificate, key, secret.read_text("utf-8").strip())


def _make_certificate(certificate: Path, key_file: Path) -> None:
    # Who starts the HMI asks for its certificate first, and asyncua takes long to load.
    from asyncua.crypto.cert_gen import (
        dump_private_key_as_pem,
        generate_private_key,
        generate_self_signed_app_certificate,
    )

    key = generate_private_key()
    names: list[x509.GeneralName] = [
        x509.UniformResourceIdentifier(APPLICATION_URI),
        x509.DNSName(socket.gethostname()),
    ]
    made = generate_self_signed_app_certificate(
        key, "heatpump-twin HMI", {}, names, [ExtendedKeyUsageOID.CLIENT_AUTH], _VALID_DAYS
    )
    # Where a start is broken off between the two, `open` makes both again.
    write_private(key_file, dump_private_key_as_pem(key))
    write_private(certificate, made.public_bytes(Encoding.DER))
