"""Run a coroutine until the process is told to stop."""

from __future__ import annotations

import asyncio
import faulthandler
import io
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Any

import structlog

log = structlog.stdlib.get_logger(__name__)

START_LIMIT = 3.0
"""Longest time that a start which was told to stop may go on. [s]"""
END_LIMIT = 20.0
"""Longest time from the end of the work to the end of the process. [s]"""


class StopRequest(asyncio.Event):
    """Event that SIGTERM or Ctrl-C sets; a start that is under way is broken off by it.

    A start may block the event loop for seconds, for example while it imports. So the signal is
    heard outside of the loop as well, and where a start has not come to its end in `START_LIMIT`
    the process ends without it: nothing has been polled or recorded so far, and child processes end
    with their parent.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._free = threading.Event()
        """Not set during a start."""
        self._free.set()

    def listen(self) -> None:
        """Listen to SIGTERM and Ctrl-C. In the main thread."""
        # An event in place of KeyboardInterrupt, which would break off whatever is being written
        # to a device; SIGTERM and Ctrl-C thus stop in the same order.
        for number in (signal.SIGTERM, signal.SIGINT):
            # Not the loop's own handlers, which run when the loop does.
            signal.signal(number, self._heard)

    def started(self) -> None:
        """Note that the start is over: from now on a stop takes the time that it needs."""
        self._free.set()

    @asynccontextmanager
    async def ends_start(self) -> AsyncIterator[None]:
        """Break off what is inside if the stop comes before the end of the start."""
        self._free.clear()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine runs in a task)

        async def watch() -> None:
            await self.wait()
            if not self._free.is_set():
                task.cancel()

        watching = asyncio.create_task(watch())
        try:
            yield
        except asyncio.CancelledError:
            if not self.is_set() or self._free.is_set():
                raise
            task.uncancel()
            log.info("stopped while starting")
        finally:
            watching.cancel()

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop has ended: so does the process
            self._loop.call_soon_threadsafe(self.set)
        if not self._free.is_set():
            # A daemon: it is no reason to stay where the start breaks off by itself.
            threading.Thread(target=self._give_up, name="stop", daemon=True).start()

    def _give_up(self) -> None:
        if not self._free.wait(START_LIMIT):
            log.info("stopped while starting: it could not be broken off in order")
            os._exit(0)


def end_at_once() -> None:
    """Let SIGTERM end this process at once, with 0: while it loads there is nothing to stop."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def until_stopped(main: Callable[[StopRequest], Coroutine[Any, Any, None]]) -> None:
    """Run ``main(stop)``; SIGTERM and Ctrl-C set the event and the process ends with 0."""

    async def body() -> None:
        stop = StopRequest()
        stop.listen()
        try:
            await main(stop)
        finally:
            _end_soon()

    try:
        asyncio.run(body())
    finally:
        faulthandler.cancel_dump_traceback_later()


def _end_soon() -> None:
    """End the process after `END_LIMIT`, whatever keeps it, and have it say what that is.

    All is written, and what is left belongs to libraries: tasks that do not end, and threads that
    wait for somebody who does not answer.
    """
    # Without a standard error that is a file there is nowhere to say it.
    with suppress(AttributeError, io.UnsupportedOperation, RuntimeError, ValueError):
        faulthandler.dump_traceback_later(END_LIMIT, exit=True, file=sys.stderr)
