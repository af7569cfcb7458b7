"""Run a coroutine until the process is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any


def until_stopped(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run ``main(stop)``; SIGTERM and Ctrl-C set the event and the process ends with 0."""

    async def body() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        # An event in place of KeyboardInterrupt, which would break off whatever is being written
        # to a device; SIGTERM and Ctrl-C thus stop in the same order.
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await main(stop)

    asyncio.run(body())
