"""An event loop whose time stands still while the machine lets its process wait.

A driver and the device that it polls share a test's process and its loop. On a busy machine the
kernel takes the processor away from both, for longer than a device has to answer; by the wall
clock the device would then be late without a fault of its own. By this loop's clock it is not: it
counts what its thread computes, and of a pause as much as the loop had asked for.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time


class PatientLoop(asyncio.SelectorEventLoop):
    """The loop that runs every test. It belongs to the thread that makes it."""

    def __init__(self) -> None:
        self._paused = _CountingSelector()
        self._computed = time.pthread_getcpuclockid(threading.get_ident())
        super().__init__(self._paused)

    def time(self) -> float:
        """Return the seconds that were computed or wanted for pauses."""
        return self._paused.seconds + time.clock_gettime(self._computed)


class _CountingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Adds up pauses, each no longer than was asked for."""

    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        began = time.monotonic()
        ready = super().select(timeout)
        paused = time.monotonic() - began
        self.seconds += paused if timeout is None else min(paused, max(timeout, 0.0))
        return ready
