"""Ctrl-C ends a command that waits for a device, whenever it comes."""

from __future__ import annotations

import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from typing import Any

import hptwin
import psutil
import pytest
from processes import spawned

HJ = "panasonic-aquarea-hj"
UNHEARD = """
import runpy, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
runpy.run_module("heatpump_twin", run_name="__main__", alter_sys=True)
"""
"""Ctrl-C interrupts no system call of this process's main thread.

So it is for a signal that comes between the last look for one and the call that then waits.
"""


@pytest.fixture
async def silent(serve: Any, tank: Any) -> Any:
    """A device that takes requests and says nothing."""
    gateway = await serve({1: (HJ, tank)})
    gateway.faults.silent = True
    return gateway


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["scan", "--units", "1-3"], 130),
        (["read", "--profile", HJ], 130),
        (["read", "--profile", HJ, "--watch", "600"], 0),
    ],
)
async def test_ctrl_c_is_heard_in_the_moment_before_waiting(
    silent: Any, eventually: Any, arguments: list[str], code: int
) -> None:
    command, *options = arguments
    async with spawned(
        sys.executable, "-c", UNHEARD, command, f"127.0.0.1:{silent.port}", *options,
        "--timeout", "600", stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
    ) as process:  # fmt: skip
        await eventually(lambda: silent.requests > 0)
        child = psutil.Process(process.pid)
        await eventually(lambda: child.status() == psutil.STATUS_SLEEPING)
        process.send_signal(signal.SIGINT)
        ran = await hptwin.ended(process)
    assert ran.code == code
    assert "Traceback" not in ran.err


async def test_a_command_that_hangs_is_ended_and_shows_where(silent: Any, eventually: Any) -> None:
    async with hptwin.running("read", f"127.0.0.1:{silent.port}", "--profile", HJ) as process:
        await eventually(lambda: silent.requests > 0)
        with pytest.raises(pytest.fail.Exception, match=r"hangs(.|\n)*asyncio.*in run\w*\n"):
            await hptwin.ended(process, within=0)
