"""Start, watch, restart and stop child processes; none outlives its parent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum

import structlog

from heatpump_twin.parent import child_environment
from heatpump_twin.runtime.silence import Silence
from heatpump_twin.twin_engine.wording import duration_text

STOP_TIMEOUT = 3.0
"""Longest time from SIGTERM to SIGKILL. [s]"""

log = structlog.stdlib.get_logger(__name__)

Probe = Callable[[float], Awaitable[bool]]
"""Tells whether the process does its work; it waits for the answer as long as it is told. [s]"""


class ChildState(IntEnum):
    """State of a child process: a code of ``twin.hmi_state`` in the catalogue."""

    NOT_USED = 0
    STARTING = 1
    RUNNING = 2
    NOT_ANSWERING = 3
    ENDED = 4


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a child may take. [s]"""

    first_pause: float = 2.0
    """From the end of a process to the next start; doubled with each that ends soon."""
    longest_pause: float = 300.0
    healthy: float = 300.0
    """A process that ran for so long ended for a new reason: the pause is short again."""
    late: float = 6.0
    """Silence after which a process counts as not answering."""
    hung: float = 60.0
    """Silence after which it is replaced."""
    start: float = 300.0
    """Silence from its start on after which it is replaced: loading takes longer than answering."""
    look: float = 2.0
    """Between two looks at a process that answers."""
    first_look: float = 0.1
    """Between two looks at a process that is starting."""


@dataclass(frozen=True, slots=True)
class Children:
    """Child processes of a twin; None: not on this site."""

    plant: Child | None = None
    hmi: Child | None = None
    arguments: Sequence[str] = ()
    """The site and its settings, as a process of ours is told of them."""

    def __iter__(self) -> Iterator[Child]:
        return (child for child in (self.plant, self.hmi) if child is not None)

    async def stop(self) -> None:
        """Stop all of them together."""
        await asyncio.gather(*(child.stop() for child in self))


class Child:
    """One supervised process running ``hptwin ARGUMENTS``.

    The child writes to our own standard output and error, so its traceback is seen where ours
    would be. One that ends is started again for ever, after a pause that grows; one that does not
    answer is killed first.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], probe: Probe, patience: Patience | None = None
    ) -> None:
        self.name = name
        self.restarts = 0
        self.running = asyncio.Event()
        """Set by its first answer."""
        self._command = [sys.executable, "-m", "heatpump_twin", *arguments]
        self._probe = probe
        self._patience = patience or Patience()
        self._process: asyncio.subprocess.Process | None = None
        self._silence: Silence | None = None
        self._answers = False
        self._end = "it has not been started"

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def state(self) -> ChildState:
        """State of the process."""
        if self.pid is None:
            return ChildState.ENDED
        silent = self._silence.seconds if self._silence else 0.0
        if self._answers:
            late = silent > self._patience.late
            return ChildState.NOT_ANSWERING if late else ChildState.RUNNING
        late = silent > self._patience.hung
        return ChildState.NOT_ANSWERING if late else ChildState.STARTING

    @property
    def detail(self) -> str:
        """What a person is told of its state."""
        silent = duration_text(self._silence.seconds if self._silence else 0.0)
        match self.state:
            case ChildState.ENDED if self._process is not None:  # just now
                return f"ended with exit code {self._process.returncode}"
            case ChildState.ENDED:
                return self._end
            case ChildState.STARTING:
                return f"starting for {silent}"
            case ChildState.NOT_ANSWERING:
                limit = self._patience.hung if self._answers else self._patience.start
                return f"no answer for {silent}; replaced after {duration_text(limit)}"
        return "answers"

    async def run(self) -> None:
        """Keep the child alive until cancelled; then stop it."""
        pause = self._patience.first_pause
        loop = asyncio.get_running_loop()
        try:
            while True:
                process = await self.start()
                began = loop.time()
                await self._attend(process)
                if loop.time() - began >= self._patience.healthy:
                    pause = self._patience.first_pause
                self._tell_end(process, pause)
                # A pause, so that a port or a file of the one that died is free again; a growing
                # one, so that a child that cannot live does not fill the log.
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._patience.longest_pause)
                self.restarts += 1
        finally:
            await self.stop()

    def _tell_end(self, process: asyncio.subprocess.Process, pause: float) -> None:
        code, again = process.returncode, duration_text(pause)
        self._process = self._silence = None
        self._end = f"ended with exit code {code}; started again after {again}, the log says why"
        log.error(
            "a child process ended by itself", child=self.name, exit_code=code, again_in=again
        )

    async def start(self) -> asyncio.subprocess.Process:
        """Start the process unless it was started already; `run` then takes care of it."""
        if self._process is None:
            # A session of its own: Ctrl-C in the terminal reaches the parent only, which then
            # stops its children in order.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                env=child_environment(),
                start_new_session=True,
            )
            self._silence, self._answers = Silence(self._process.pid), False
            log.info("started a child process", child=self.name, pid=self._process.pid)
        return self._process

    async def _attend(self, process: asyncio.subprocess.Process) -> None:
        """Watch a process until it has ended; kill it if it hangs."""
        ended = asyncio.create_task(process.wait())
        asking = asyncio.create_task(self._ask_again_and_again())
        try:
            while not ended.done():
                await asyncio.wait([ended, asking], timeout=1.0, return_when="FIRST_COMPLETED")
                if asking.done():
                    asking.result()  # it does not end but by a bug
                self._look(process)
        finally:
            ended.cancel()
            asking.cancel()

    def _look(self, process: asyncio.subprocess.Process) -> None:
        before, silence = self.state, self._silence
        if silence is None or self.pid is None:
            return
        seconds = silence.look()
        if self.state is ChildState.NOT_ANSWERING and before is not self.state:
            log.warning("a child process does not answer", child=self.name, pid=self.pid)
        if seconds > (self._patience.hung if self._answers else self._patience.start):
            log.error("a child process does not answer and is killed", child=self.name)
            # Not SIGTERM, which a stopped process does not get.
            with suppress(ProcessLookupError):
                process.kill()

    async def _ask_again_and_again(self) -> None:
        while True:
            # Waited for as long as it may take: who answers late is busy, and not dead.
            if await self._probe(self._patience.hung) and self._silence is not None:
                if self.state is ChildState.NOT_ANSWERING:
                    log.info("a child process answers again", child=self.name)
                self._silence.answered()
                self._answers = True
                self.running.set()
            await asyncio.sleep(self._patience.look if self._answers else self._patience.first_look)

    async def stop(self) -> None:
        """Stop the process: SIGTERM, then SIGKILL; at once if it does not answer anyway."""
        hangs = self.state is ChildState.NOT_ANSWERING
        process, self._process = self._process, None
        if process is not None:
            if hangs and process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
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
