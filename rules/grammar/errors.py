"""The error of the grammar."""

from __future__ import annotations


class ExpressionError(ValueError):
    """A condition cannot be understood; the message says which part, and what may be written."""
