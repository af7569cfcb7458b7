"""How long a test waits: until what it waits for has happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

PATIENCE = 600.0
"""When what was waited for does not come any more, on the busiest machine. [s]

It ends a test that hangs, and nothing else: no test may tell from it what is quick or slow.
"""

Found = TypeVar("Found")


def until(
    condition: Callable[[], Found | None],
    *,
    ignoring: tuple[type[Exception], ...] = (),
    otherwise: Callable[[], str] = lambda: "",
) -> Found:
    """Wait until a condition gives something, and return it; ``otherwise`` says what was instead.

    For what cannot tell by itself that something has happened: a browser, another process.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            found = condition()
        except ignoring:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"it never came: {condition}\n{otherwise()}")
        time.sleep(0.05)
