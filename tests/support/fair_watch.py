"""Seconds as they would have been on a machine with nothing else to do.

Where a promise is in seconds and keeping it takes several processes, nobody can move their clocks.
The kernel counts for each thread how long it was ready to run and waited for a processor
(``/proc/PID/task/TID/schedstat``, second figure, ns). That time is the machine's, not ours. On an
idle machine it is next to nothing, and what is measured is what passed. Threads that wait at the
same time are all counted, so that the busier the machine, the more is forgiven.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from patience import until


class FairWatch:
    """Times an event that some processes, and what they have started, bring about."""

    def __init__(self, *processes: int) -> None:
        self._threads = [
            folder
            for process in processes
            for member in _family(process)
            for folder in Path(f"/proc/{member}/task").iterdir()
        ]
        self._threads.append(Path("/proc/thread-self").resolve())
        self._first = {thread: _waited(thread) for thread in self._threads}
        self._last = dict(self._first)
        self._began = time.monotonic()

    def until(self, condition: Callable[[], object]) -> float:
        """Wait for the event and return its seconds."""

        def looked() -> object:
            for thread in self._threads:
                self._last[thread] = max(self._last[thread], _waited(thread))
            return condition()

        until(looked)
        passed = time.monotonic() - self._began
        return passed - sum(self._last.values()) + sum(self._first.values())


def _family(process: int) -> list[int]:
    root = psutil.Process(process)
    return [root.pid, *(child.pid for child in root.children(recursive=True))]


def _waited(thread: Path) -> float:
    with suppress(OSError):  # it has ended
        return int((thread / "schedstat").read_text().split()[1]) / 1e9
    return 0.0
