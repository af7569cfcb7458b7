"""Identity of the HMI: its OPC UA client certificate and the secret of its session cookies."""

from __future__ import annotations

import secrets
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import set_aside, write_private

log = structlog.stdlib.get_logger(__name__)

APPLICATION_URI = "urn:heatpump-twin:hmi"
_VALID_DAYS = 36_500
"""Nobody but the twin sees the certificate; one made by a clock of 1970 must do in 2026."""
_SECRET_BYTES = 32
_SHORTEST_SECRET = 32
"""Characters; a shorter one was cut, and cookies signed with it could be forged."""


@dataclass(frozen=True, slots=True)
class HmiIdentity:
    """Identity of the HMI, kept in the data directory, readable by its owner only."""

    certificate: Path
    private_key: Path
    cookie_secret: str

    @classmethod
    def open(cls, data: DataDirectory) -> HmiIdentity:
        """Load the certificate, key and cookie secret; make what is missing.

        What is damaged is set aside and made again, with a warning: nobody but the twin beside it
        knows them. The pair is torn where a start was broken off between its two files.
        """
        certificate, key = data.hmi / "client.der", data.hmi / "client.pem"
        _set_aside_unless_pair(certificate, key)
        if not (certificate.exists() and key.exists()):
            _make_certificate(certificate, key)
        return cls(certificate, key, _secret(data.hmi / "session-secret"))


def _set_aside_unless_pair(certificate: Path, key: Path) -> None:
    if not (certificate.exists() and key.exists()):
        return
    try:
        own = load_pem_private_key(key.read_bytes(), None).public_key()
        shown = x509.load_der_x509_certificate(certificate.read_bytes())
        if own != shown.public_key():
            reason = "they do not belong together"
        elif not shown.not_valid_before_utc <= datetime.now(UTC) < shown.not_valid_after_utc:
            reason = "the certificate is not valid now"
        else:
            return
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = str(error)
    kept = [str(_aside(path)) for path in (certificate, key)]
    log.warning("the HMI's certificate is made again", reason=reason, kept=kept)


def _secret(path: Path) -> str:
    if path.exists():
        secret = path.read_bytes().decode("ascii", "replace").strip()
        if len(secret) >= _SHORTEST_SECRET and secret.isascii():
            return secret
        kept = str(_aside(path))
        log.warning("the HMI's session secret was damaged: everybody logs in anew", kept=kept)
    write_private(path, secrets.token_urlsafe(_SECRET_BYTES))
    return path.read_text("utf-8")


def _aside(path: Path) -> Path:
    return set_aside(path, time.time_ns() // 1000)


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
