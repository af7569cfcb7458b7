"""Errors of the runtime that a person can act upon; they are shown without a traceback.

The tree::

    TwinError
    ├── DataInUseError     another twin works on the data directory
    ├── PortInUseError     a TCP port that we need is taken
    └── UnreadableError    examining a site file failed in a way that is a bug
"""

from __future__ import annotations


class TwinError(Exception):
    """Root: the message says what is wrong, where, and what to do."""


class DataInUseError(TwinError):
    """Another twin works on the data directory."""


class PortInUseError(TwinError):
    """A TCP port that we need is taken; the message says which, and how to choose another."""


class UnreadableError(TwinError):
    """Examining a site file failed in a way that nobody foresaw; the cause has the traceback."""
