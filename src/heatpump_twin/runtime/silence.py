"""How long a process has not answered, in seconds in which it could have."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

_LONGEST_TICK = 2.0
"""What is counted at most for the time between two looks. [s]"""


class Silence:
    """Time since a process answered last. [s]

    Not counted is time in which nobody could have answered: where we were stopped ourselves, or the
    whole machine was; and, on Linux, where the process was ready to run and waited for a processor.
    So a busy machine makes nobody look dead, and a stopped process looks so as soon as ever.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self.answered()

    def answered(self) -> None:
        """Note that the process has answered just now."""
        self.seconds = 0.0
        self._looked = time.monotonic()
        self._waited = _waited(self._process)

    def look(self) -> float:
        """Count the time since the last look, and return the whole silence. [s]"""
        now, waited = time.monotonic(), _waited(self._process)
        passed = min(now - self._looked, _LONGEST_TICK)
        self.seconds += max(0.0, passed - max(0.0, waited - self._waited))
        self._looked, self._waited = now, waited
        return self.seconds


def _waited(process: int) -> float:
    """Return how long the main thread of a process has waited for a processor so far. [s]"""
    with suppress(OSError, IndexError, ValueError):  # it has ended, or there is no such file
        return int(Path(f"/proc/{process}/schedstat").read_text("ascii").split()[1]) / 1e9
    return 0.0
