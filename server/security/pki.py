"""The certificates of the endpoint and of its clients, in the layout that OPC UA tools know.

::

    own/certs, own/private      our application instance certificate and its key
    trusted/certs, trusted/crl  clients (or their issuers) that may open a channel
    issuers/certs, issuers/crl  issuers that are needed to build a chain, not trusted by themselves
    rejected                    unknown clients that knocked: `hptwin cert trust` moves them
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, is_plausible
from heatpump_twin.server.errors import CertificateError
from heatpump_twin.server.security.certificates import (
    ApplicationIdentity,
    ServerNames,
    alternative_names,
    application_uri,
    der,
    is_authority,
    is_of_twin,
    new_application_uri,
    new_key,
    pem,
    read_certificate,
    self_signed,
    thumbprint,
)

log = structlog.stdlib.get_logger(__name__)

RENEWED_BEFORE = dt.timedelta(days=30)
MAX_REJECTED = 50
SUFFIXES = (".der", ".crt", ".cer", ".pem")


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """A trusted or rejected client certificate, as the command line lists it."""

    thumbprint: str
    subject: str
    uri: str
    expires: dt.datetime
    trusted: bool
    path: Path


class Pki:
    """The certificate folders of one twin."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock
        self._told: x509.Certificate | None = None
        self.made: list[tuple[str, str]] = []
        """Thumbprints of own certificates that were made, each with that of the one before."""
        self.trusted = root / "trusted" / "certs"
        self.rejected = root / "rejected"
        self.own_certificate = root / "own" / "certs" / "heatpump-twin.der"
        self.own_key = root / "own" / "private" / "heatpump-twin.pem"
        for folder in (
            self.trusted, self.rejected, self.own_certificate.parent, self.own_key.parent,
            root / "trusted" / "crl", root / "issuers" / "certs", root / "issuers" / "crl",
        ):  # fmt: skip
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    # ── our own ───────────────────────────────────────────────────────────────────────────────────
    def own(self, names: ServerNames) -> ApplicationIdentity:
        """Return the server's certificate and key; make them where there are none.

        A certificate that the twin made is made again, with the same key, when its time or its
        names no longer fit. What somebody else put there is never replaced.

        Raises
        ------
        CertificateError
            The key is missing, damaged or of another certificate.
        """
        if not self.own_key.exists():
            if self.own_certificate.exists():
                raise CertificateError(
                    f"{self.own_key} is missing, and clients trust its certificate: restore the "
                    f"key from a backup, or move {self.own_certificate} away for a new pair, "
                    "which every client has to trust anew"
                )
            return self._make(names, new_key())
        key = self._load_key()
        if not self.own_certificate.exists():
            # A first start that was broken off between the two: the key is written first.
            log.warning("certificate made again for its key", file=str(self.own_certificate))
            return self._make(names, key)
        identity = self._load_own(key)
        return self.renewed(names, identity) or identity

    def renewed(
        self, names: ServerNames, identity: ApplicationIdentity
    ) -> ApplicationIdentity | None:
        """Return a certificate in place of one that no longer fits; None: it fits, or must stay."""
        certificate, now = identity.certificate, self._now()
        begins, expires = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        in_time = begins <= now < expires - RENEWED_BEFORE
        present = alternative_names(certificate)
        uri = names.uri or application_uri(certificate) or new_application_uri()
        fits = in_time and {uri, *names.required} <= present
        if fits or not is_plausible(self._clock.now()):
            return None
        what = {
            "begins": begins.isoformat(),
            "expires": expires.isoformat(),
            "names": sorted(present),
            "asked": sorted({uri, *names.required}),
        }
        if not is_of_twin(certificate):
            if certificate != self._told:  # once, and not at each look
                log.warning(
                    "the certificate does not fit and was not made by the twin: replace it",
                    file=str(self.own_certificate), **what,
                )  # fmt: skip
            self._told = certificate
            return None
        log.warning("certificate renewed, with the same key", **what)
        return self._make(replace(names, uri=uri), identity.key)

    def _make(self, names: ServerNames, key: rsa.RSAPrivateKey) -> ApplicationIdentity:
        uri, hosts = names.uri or new_application_uri(), names.hosts
        name = f"heatpump-twin@{hosts[0]}"
        identity = self_signed(uri, hosts, name, self._now(), server=True, key=key)
        # The key first: a certificate always has its key, and `own` mends a key without one. The
        # key of a renewal is in its file already; that is replaced by nothing.
        if not self.own_key.exists():
            write_private(self.own_key, pem(key))
        before = ""
        if self.own_certificate.exists():
            before = thumbprint(read_certificate(self.own_certificate))
        write_private(self.own_certificate, der(identity.certificate))
        self.made.append((before, thumbprint(identity.certificate)))
        return identity

    def _load_key(self) -> rsa.RSAPrivateKey:
        try:
            key = serialization.load_pem_private_key(self.own_key.read_bytes(), None)
        # What it raises for a damaged file depends on where the damage is.
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise self._unusable(error) from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise CertificateError(f"{self.own_key} is not an RSA key; restore it from a backup")
        return key

    def _load_own(self, key: rsa.RSAPrivateKey) -> ApplicationIdentity:
        try:
            certificate = x509.load_der_x509_certificate(self.own_certificate.read_bytes())
            fits = key.public_key() == certificate.public_key()
            alternative_names(certificate)  # raises where the extensions are damaged
        except (OSError, ValueError, TypeError, x509.ExtensionNotFound) as error:
            raise self._unusable(error) from error
        if not fits:
            raise CertificateError(
                f"{self.own_key} is not the RSA key of {self.own_certificate}: restore both from "
                "a backup, or move both away for a new pair, which every client has to trust anew"
            )
        return ApplicationIdentity(certificate, key)

    def _unusable(self, error: Exception) -> CertificateError:
        # Not replaced by new ones: an administrator may have put them there, and clients trust
        # them.
        return CertificateError(
            f"{self.own_certificate} or its key {self.own_key} cannot be read ({error}): restore "
            "both from a backup, or move both away and start again for new ones, which every "
            "client has to trust anew"
        )

    # ── clients ───────────────────────────────────────────────────────────────────────────────────
    def list(self) -> list[CertificateEntry]:
        """Return the trusted and the rejected client certificates."""
        return [
            _entry(path, trusted=folder == self.trusted)
            for folder in (self.trusted, self.rejected)
            for path in _certificates(folder)
            if _is_readable(path)
        ]

    def trust(self, which: str | Path) -> CertificateEntry:
        """Trust a client certificate: a file, or the beginning of a rejected one's thumbprint."""
        path = Path(which)
        if not path.is_file():
            path = self._find(self.rejected, str(which))
        certificate = read_certificate(path)
        target = self.trusted / f"{thumbprint(certificate)}.der"
        # Into trusted first: with a crash in between it is in both folders, never in none.
        write_private(target, der(certificate))
        (self.rejected / target.name).unlink(missing_ok=True)
        return _entry(target, trusted=True)

    def reject(self, which: str) -> CertificateEntry:
        """Reject a trusted client certificate, named by the beginning of its thumbprint."""
        path = self._find(self.trusted, which)
        target = self.rejected / f"{thumbprint(read_certificate(path))}.der"
        write_private(target, der(read_certificate(path)))
        path.unlink()
        return _entry(target, trusted=False)

    def remember_rejected(self, certificate: x509.Certificate) -> None:
        """Keep an unknown client's certificate for a person to look at; the oldest go first."""
        path = self.rejected / f"{thumbprint(certificate)}.der"
        if path.exists():
            return
        # Strangers fill this folder: it must not fill the disk.
        kept = sorted(self.rejected.glob("*.der"), key=lambda other: other.stat().st_mtime_ns)
        try:
            for old in kept[: max(0, len(kept) - MAX_REJECTED + 1)]:
                old.unlink(missing_ok=True)
            write_private(path, der(certificate))
        # A full disk: it is refused all the same, and knocks again.
        except OSError as error:
            log.warning("a rejected certificate is not kept", file=str(path), error=error.strerror)

    def check(self, certificate: x509.Certificate, *, any_client: bool) -> str | None:
        """Return why a client's certificate may not open a secure channel; None: it may.

        Key length and signature algorithm: OPC 10000-7, the policies' CertificateKeyLength.
        """
        # In this order, so that a certificate that can never be used is not kept for a person to
        # trust.
        now, key = self._now(), certificate.public_key()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return "it is not valid now"
        if not isinstance(key, rsa.RSAPublicKey) or not 2048 <= key.key_size <= 4096:
            return "its key is not RSA with 2048 to 4096 bits"
        if isinstance(certificate.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
            return "it is signed with a broken hash"
        # What the policies ask of key and hash holds also where any client is welcome.
        if any_client:
            return None
        if application_uri(certificate) is None:
            return "it names no ApplicationUri"
        if self._is_trusted(certificate):
            return None
        self.remember_rejected(certificate)
        return "it is not trusted"

    def _is_trusted(self, certificate: x509.Certificate) -> bool:
        for issuer in self._readable(self.trusted):
            if issuer == certificate:
                return True
            # A trusted certificate without the CA flag vouches for itself alone.
            if issuer.subject != certificate.issuer or not is_authority(issuer):
                continue
            try:
                certificate.verify_directly_issued_by(issuer)
            # Several authorities may have one name (after a renewal): the next one may fit.
            except (ValueError, TypeError, InvalidSignature):
                continue
            if not issuer.not_valid_before_utc <= self._now() <= issuer.not_valid_after_utc:
                continue
            return not self._revoked(certificate, issuer)
        return False

    def _readable(self, folder: Path) -> Iterator[x509.Certificate]:
        # One that is damaged vouches for nobody, and keeps no other from doing it.
        return (read_certificate(path) for path in _certificates(folder) if _is_readable(path))

    def _revoked(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        """Tell whether an issuer revoked a certificate; "yes" if a list cannot be read."""
        for path in (self._root / "trusted" / "crl").iterdir():
            try:
                revoked = x509.load_der_x509_crl(path.read_bytes())
            except ValueError:
                log.error("revocation list cannot be read", path=str(path))
                return True
            if revoked.issuer != issuer.subject:
                continue
            if revoked.get_revoked_certificate_by_serial_number(certificate.serial_number):
                return True
        return False

    def _find(self, folder: Path, prefix: str) -> Path:
        found = [
            path
            for path in _certificates(folder)
            if _is_readable(path) and thumbprint(read_certificate(path)).startswith(prefix.lower())
        ]
        # An empty beginning fits all; with only one certificate there it would trust a stranger.
        if len(found) != 1 or not prefix:
            count = "no certificate" if not found else "more than one certificate"
            raise CertificateError(f"{count} in {folder} begins with {prefix!r}")
        return found[0]

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock.now() / MICROSECONDS, dt.UTC)


def _is_readable(path: Path) -> bool:
    try:
        read_certificate(path)
    except CertificateError as error:
        log.warning("a certificate is left out", error=str(error))
        return False
    return True


def _entry(path: Path, *, trusted: bool) -> CertificateEntry:
    certificate = read_certificate(path)
    return CertificateEntry(
        thumbprint(certificate),
        certificate.subject.rfc4514_string(),
        application_uri(certificate) or "",
        certificate.not_valid_after_utc,
        trusted,
        path,
    )


def _certificates(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES)
