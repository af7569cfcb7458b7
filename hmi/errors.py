"""Errors between a person and the twin.

::

    HmiError
    ├── LoginRefusedError      wrong user or password
    └── TwinUnreachableError   nobody answers at the endpoint, or not as the pinned server would
        └── LoginDelayedError  too many have failed: no password is looked at for a while
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


class LoginDelayedError(TwinUnreachableError):
    """The server looks at no password for so many seconds (`wait`)."""

    def __init__(self, text: str, wait: int) -> None:
        super().__init__(text)
        self.wait = wait
