"""DiagnosticInfos: texts beside status codes, for clients that ask (OPC 10000-4, 7.12, 7.32)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from asyncua import ua

OPERATION_ADDITIONAL_INFO = 0x80
"""Bit of ReturnDiagnostics that asks for a text per operation."""


def diagnostics(header: ua.RequestHeader, words: Sequence[str]) -> list[ua.DiagnosticInfo]:
    """Return a DiagnosticInfo per operation; none if the client wants no text or none is there."""
    if not header.ReturnDiagnostics & OPERATION_ADDITIONAL_INFO or not any(words):
        return []
    # An entry for each operation, also without a text: clients match them by index.
    return [_told(text) for text in words]


def _told(words: str) -> ua.DiagnosticInfo:
    # asyncua annotates its own mark of a text, and takes any.
    return ua.DiagnosticInfo(AdditionalInfo=cast("ua.String | None", words or None))
