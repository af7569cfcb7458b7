"""Errors between a person and the twin.

::

    HmiError
    ├── LoginRefusedError      wrong user or password, or the account is locked for a while
    └── TwinUnreachableError   nobody answers at the endpoint, or not as the pinned server would
"""

from __future__ import annotations


class HmiError(Exception):
    """Root of this room's errors; its text is one sentence for a person."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class LoginRefusedError(HmiError):
    """The server knows no such user, or the password is wrong."""


class TwinUnreachableError(HmiError):
    """The OPC UA server cannot be reached, or refuses the connection."""
