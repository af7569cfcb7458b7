"""How a device proves over TLS that it is the right one: an authority, a name, a fingerprint."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatpump_twin.config.connection import DeviceConnection

TLS_OPTIONS = {"ca", "cert", "key", "server_name", "fingerprint"}
_FILES = ("ca", "cert", "key")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Options of a ``tls://`` connection. There is none that merely turns verification off."""

    ca: str | None = None
    """File of authorities, or the device's own certificate; default: the system's authorities."""
    cert: str | None = None
    key: str | None = None
    server_name: str | None = None
    """The name that the certificate has, where it is not the host of the address."""
    fingerprint: str | None = None
    """SHA-256 of the device's certificate, which is then the only one that counts."""

    @classmethod
    def of(cls, address: DeviceConnection) -> TlsOptions:
        """Return the options of an address. Raises ValueError."""
        found = {key: text for key, text in address.options.items() if key in TLS_OPTIONS}
        if "fingerprint" in found:
            digits = re.sub(r"[:\s]", "", found["fingerprint"]).lower().removeprefix("sha256")
            if not _FINGERPRINT.fullmatch(digits):
                raise ValueError(
                    "fingerprint is SHA-256 in 64 hexadecimal digits; "
                    "`openssl x509 -noout -fingerprint -sha256` prints it"
                )
            if beside := {"ca", "server_name"} & set(found):
                names = ", ".join(sorted(beside))
                raise ValueError(f"fingerprint allows one certificate only: leave out {names}")
            found["fingerprint"] = digits
        return cls(**found)

    def arguments(self, host: str) -> dict[str, Any]:
        """Return what asyncio has to know of TLS to connect to a host. Raises OSError."""
        return {"ssl": self._context(), "server_hostname": self.server_name or host}

    def verify(self, transport: asyncio.BaseTransport) -> None:
        """Compare the certificate of a new connection with the fingerprint. Raises OSError."""
        if self.fingerprint is None:
            return
        shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        found = hashlib.sha256(shown or b"").hexdigest()
        if found != self.fingerprint:
            raise ssl.SSLError(
                f"the certificate's fingerprint is {found}, not the one in the connection; "
                "is it the right device, and was its certificate renewed?"
            )

    @staticmethod
    def advice(error: Exception) -> str:
        """Return what to do about a certificate that is not trusted, as the end of a sentence."""
        if not isinstance(error, ssl.SSLCertVerificationError):
            return ""
        return (
            "; give its authority with ca=FILE, its name with server_name=, or the certificate "
            "itself with fingerprint=SHA256"
        )

    def _context(self) -> ssl.SSLContext:
        for option in _FILES:  # ssl's own error does not name the file
            file = getattr(self, option)
            if file is not None and not Path(file).is_file():
                raise FileNotFoundError(f"there is no file {file} ({option}=)")
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.fingerprint is not None:
            # Not unverified: nothing is sent before `verify` has compared the certificate itself.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.cert:
            context.load_cert_chain(self.cert, self.key)
        return context
