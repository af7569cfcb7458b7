"""Every process that a test starts: none outlives the test's own, however that ends.

The kernel kills each when its parent dies (``PR_SET_PDEATHSIG``, set by ``setpriv``). Processes
that these start in turn carry the mark of the run, by which the `janitor` finds them.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from patience import PATIENCE

Argument = str | Path
MORTAL = ("/usr/bin/setpriv", "--pdeathsig", "KILL", "--")
"""Before a command: it dies with its parent."""
_PR_SET_PDEATHSIG = 1


def mortal(*command: Argument) -> list[str]:
    """Return the command of a process that dies with its parent."""
    return [*MORTAL, *map(str, command)]


def die_with_parent() -> None:
    """Let the kernel kill this process when the thread ends that started it (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start(*command: Argument, **options: Any) -> subprocess.Popen[str]:
    """Start a process in a group of its own; `kill` ends it. It talks text."""
    return subprocess.Popen(mortal(*command), text=True, start_new_session=True, **options)


def run(*command: Argument, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a process to its end and keep what it says."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    with started(*command, **_with_input(streams)) as process:
        out, err = process.communicate(options.get("input"), timeout=PATIENCE)
    return subprocess.CompletedProcess([*command], process.returncode, out, err)


def _with_input(options: dict[str, Any]) -> dict[str, Any]:
    given = {"stdin": subprocess.PIPE} if "input" in options else {}
    return given | {name: value for name, value in options.items() if name != "input"}


@contextmanager
def started(*command: Argument, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and see to its end."""
    process = start(*command, **options)
    try:
        yield process
    finally:
        kill(process)


@asynccontextmanager
async def spawned(*command: Argument, **options: Any) -> AsyncIterator[Process]:
    """Start a process beside a test's event loop, and see to its end."""
    process = await asyncio.create_subprocess_exec(
        *mortal(*command), start_new_session=True, **options
    )
    try:
        yield process
    finally:
        _kill_group(process.pid)
        await process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process with its group, unless it has ended, and close what it was read by."""
    if process.poll() is None:
        _kill_group(process.pid)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def end(process: subprocess.Popen[str], by: int = signal.SIGTERM) -> int:
    """Ask a process to end, wait until it has, and return its exit code."""
    process.send_signal(by)
    return process.wait(PATIENCE)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
