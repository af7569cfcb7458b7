"""How late the event loop runs: the first thing to look at when clients see old values."""

from __future__ import annotations

import asyncio

_PERIOD = 0.5


class LoopLag:
    """Measures the lateness of a timer. [s]"""

    def __init__(self) -> None:
        self.last = 0.0
        self.worst = 0.0

    async def run(self) -> None:
        """Measure for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _PERIOD
            await asyncio.sleep(_PERIOD)
            self.last = loop.time() - due
            self.worst = max(self.worst, self.last)
