"""DiagnosticInfos: texts beside status codes, for clients that ask (OPC 10000-4, 7.12, 7.32)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

from asyncua import ua
from asyncua.common.utils import ServiceError

SERVICE_ADDITIONAL_INFO = 0x04
"""Bit of ReturnDiagnostics that asks for a text about the service as a whole."""
OPERATION_ADDITIONAL_INFO = 0x80
"""Bit of ReturnDiagnostics that asks for a text per operation."""


class RetryLaterError(ServiceError):
    """A request is refused that may be made again after a while."""

    def __init__(self, code: int, wait: float) -> None:
        super().__init__(code)
        self.words = f"RetryAfter={math.ceil(wait)}"
        """For programs: whole seconds, as HTTP has them in its header (RFC 9110, 10.2.3)."""


def of_fault(header: ua.RequestHeader | None, error: Exception) -> ua.DiagnosticInfo | None:
    """Return what a ServiceFault tells beside its status; None: nothing, or nobody has asked."""
    asked = header is not None and header.ReturnDiagnostics & SERVICE_ADDITIONAL_INFO
    return _told(error.words) if asked and isinstance(error, RetryLaterError) else None


def diagnostics(header: ua.RequestHeader, words: Sequence[str]) -> list[ua.DiagnosticInfo]:
    """Return a DiagnosticInfo per operation; none if the client wants no text or none is there."""
    if not header.ReturnDiagnostics & OPERATION_ADDITIONAL_INFO or not any(words):
        return []
    # An entry for each operation, also without a text: clients match them by index.
    return [_told(text) for text in words]


def _told(words: str) -> ua.DiagnosticInfo:
    # asyncua annotates its own mark of a text, and takes any.
    return ua.DiagnosticInfo(AdditionalInfo=cast("ua.String | None", words or None))
