"""Run work in an event loop that Ctrl-C ends, also while it waits for a device."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_until_ctrl_c(work: Coroutine[Any, Any, _T]) -> _T:
    """Run work to its end and return its result. Raises KeyboardInterrupt after Ctrl-C.

    `asyncio.run` hears Ctrl-C between two steps of Python only. One that comes just before the loop
    begins to wait is not seen until something else happens, which may be a long time-out. The
    loop's own signal handlers wake it.
    """

    async def body() -> _T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine runs in a task)
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            return await work
        finally:
            # What may take long after that, such as a look-up of a name that is under way, is
            # broken off by a second Ctrl-C.
            loop.remove_signal_handler(signal.SIGINT)

    # As `asyncio.run` has it: where Ctrl-C is ignored, or is somebody else's, it stays so.
    hears = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not hears or threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)
    try:
        return asyncio.run(body())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
