"""Start, watch, restart and stop child processes; none outlives its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum

import structlog

from heatpump_twin.errors import ChildError

PARENT_WATCH = "HPTWIN_WATCH_PARENT"
RESTART_DELAY = 5.0
CRASHES_ALLOWED = 3
CRASH_WINDOW = 120.0
STOP_TIMEOUT = 3.0

log = structlog.stdlib.get_logger(__name__)


class ChildState(IntEnum):
    """State of a child process: a code of ``twin.hmi_state`` in the catalogue."""

    NOT_USED = 0
    STARTING = 1
    RUNNING = 2
    NOT_ANSWERING = 3
    ENDED = 4


@dataclass(frozen=True, slots=True)
class Children:
    """Child processes of a twin; None: not on this site."""

    plant: Child | None = None
    hmi: Child | None = None
    arguments: Sequence[str] = ()
    """The site and its settings, as a process of ours is told of them."""

    def __iter__(self) -> Iterator[Child]:
        return (child for child in (self.plant, self.hmi) if child is not None)


class Child:
    """One supervised process running ``hptwin ARGUMENTS``.

    The child writes to our own standard output and error, so its traceback is seen where ours
    would be. It gets a pipe as standard input and ends when that closes: also if we are killed.
    """

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.restarts = 0
        self._command = [sys.executable, "-m", "heatpump_twin", *arguments]
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def state(self) -> ChildState:
        """State of the process."""
        return ChildState.ENDED if self.pid is None else ChildState.RUNNING

    async def run(self) -> None:
        """Keep the child alive until cancelled; then stop it. Raise `ChildError` if it can't."""
        crashes: deque[float] = deque(maxlen=CRASHES_ALLOWED)
        loop = asyncio.get_running_loop()
        try:
            while True:
                process = await self.start()
                code = await process.wait()
                self._process = None
                crashes.append(loop.time())
                log.error("a child process ended by itself", child=self.name, exit_code=code)
                # Three in two minutes is no accident: an end with a reason is better than a loop
                # that fills the log.
                if len(crashes) == CRASHES_ALLOWED and crashes[-1] - crashes[0] < CRASH_WINDOW:
                    raise ChildError(
                        f"{self.name} ended {CRASHES_ALLOWED} times within {CRASH_WINDOW:.0f} s "
                        f"(last exit code {code}); its output above says why"
                    )
                # A pause, so that a port or a file of the one that died is free again.
                await asyncio.sleep(RESTART_DELAY)
                self.restarts += 1
        finally:
            await self.stop()

    async def start(self) -> asyncio.subprocess.Process:
        """Start the process unless it was started already; `run` then takes care of it."""
        if self._process is None:
            # A session of its own: Ctrl-C in the terminal reaches the parent only, which then
            # stops its children in order.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, PARENT_WATCH: "1"},
                start_new_session=True,
            )
            log.info("started a child process", child=self.name, pid=self._process.pid)
        return self._process

    async def stop(self) -> None:
        """Stop the process: SIGTERM, then SIGKILL after `STOP_TIMEOUT`."""
        process, self._process = self._process, None
        if process is not None:
            await end(process, self.name)


async def end(process: asyncio.subprocess.Process, name: str) -> None:
    """End a child process: SIGTERM, then SIGKILL after `STOP_TIMEOUT`."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        log.warning("a child process did not stop in time and is killed", child=name)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def end_with_parent() -> bool:
    """In a child: send ourselves SIGTERM when the parent's end of standard input closes.

    Return whether we are a child.
    """
    if os.environ.get(PARENT_WATCH) != "1":
        return False

    # A pipe and not a signal of the kernel: it works on every Unix, and also where the parent was
    # killed before the child got here. The parent writes nothing; what comes is thrown away.
    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    # A thread, since the read blocks and the child's event loop is not running yet.
    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
    return True
