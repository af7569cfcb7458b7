"""Kill what carries the mark of a test run when that run is over, however it ended.

A process of its own: it waits until its input closes, which the kernel does for whoever is killed.
It then kills and names all that is left, until nothing is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "HPTWIN_TEST_RUN"
"""The variable that processes inherit: the ids of the runs that they are part of."""


class Janitor:
    """The run's janitor, seen from the run."""

    def __init__(self) -> None:
        run = uuid.uuid4().hex
        before = os.environ.get(MARK)
        # A session of its own: Ctrl-C in the terminal is for the run.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, run],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        os.environ[MARK] = f"{before} {run}" if before else run

    def finish(self) -> list[str]:
        """Have everything killed that is left, and return what it was."""
        return self._process.communicate()[0].splitlines()


def marked(run: str) -> Iterator[tuple[int, str]]:
    """Find the living processes of a run, with their command lines."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or is another user's
            variables = (folder / "environ").read_bytes().split(b"\0")
            mine = next((v for v in variables if v.startswith(f"{MARK}=".encode())), b"")
            if run.encode() in mine and int(folder.name) != os.getpid():
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                yield int(folder.name), line.decode(errors="replace").strip()


def sweep(run: str) -> Iterator[str]:
    """Kill the processes of a run until there are none."""
    told: set[int] = set()
    while left := list(marked(run)):
        for process, line in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            if process not in told:
                told.add(process)
                yield f"{process}: {line}"
        time.sleep(0.01)


if __name__ == "__main__":
    sys.stdin.read()
    for killed in sweep(sys.argv[1]):
        with suppress(BrokenPipeError):
            print(killed, flush=True)
