"""Measure how late the event loop runs, the first suspect when clients see old values."""

from __future__ import annotations

import asyncio

_PERIOD = 0.5


class LoopLag:
    """Lateness of a timer on the event loop. [s]"""

    def __init__(self) -> None:
        self.last = 0.0
        self.worst = 0.0

    async def run(self) -> None:
        """Measure the lateness of the event loop twice a second, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            # From now and not from the last due time: one long block counts once, not in each
            # later tick.
            due = loop.time() + _PERIOD
            await asyncio.sleep(_PERIOD)
            self.last = loop.time() - due
            self.worst = max(self.worst, self.last)
