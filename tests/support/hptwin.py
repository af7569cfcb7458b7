"""The command line as its user runs it: as a process beside a test's event loop, or `here`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
import warm_start
from patience import PATIENCE
from processes import kill, spawned

from heatpump_twin.cli.app import main

_WITH_CTRL_C = """
import faulthandler, runpy, signal
faulthandler.enable()
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("heatpump_twin", run_name="__main__", alter_sys=True)
"""
"""A shell takes Ctrl-C from what it runs in the background; a person has it."""
MARGIN = 60.0
"""Time that a command has beside that of one response. [s]"""


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def here(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ran:
    """Run a command that talks to nobody in this process, which is quicker."""
    code: int | str | None = 0
    with pytest.MonkeyPatch.context() as patch, _own_logging(patch):
        patch.setattr(sys, "argv", ["hptwin", *map(str, arguments)])
        patch.setattr(os, "umask", lambda mode: mode)
        try:
            main()
        except SystemExit as end:
            code = end.code
    out, err = capsys.readouterr()
    return Ran(int(code or 0), out, err)


@contextmanager
def _own_logging(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a command set up its logging, which ends with it: others look at what is logged, too."""
    root, configure = logging.getLogger(), structlog.configure
    handlers, level = root.handlers[:], root.level
    # A logger that is kept would write by this set-up for ever.
    patch.setattr(
        structlog,
        "configure",
        lambda **given: configure(**{**given, "cache_logger_on_first_use": False}),
    )
    root.handlers.clear()  # which a set-up by force would close
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()


def running(*arguments: object, **streams: Any) -> AbstractAsyncContextManager[Process]:
    """Start ``hptwin`` and see to its end; without an input of its own it has none."""
    return spawned(
        sys.executable,
        "-c",
        _WITH_CTRL_C,
        *map(str, _patient(*arguments)),
        **{"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE, **streams},
    )


def _patient(*arguments: object) -> Sequence[object]:
    """Let devices, which a test's own process plays, take their time unless the test has a word."""
    asks = arguments[0] in ("read", "scan", "write") and "--timeout" not in arguments
    return (*arguments, "--timeout", PATIENCE) if asks else arguments


async def run(*arguments: object) -> Ran:
    """Run ``hptwin`` to its end: a copy of a process that has loaded it (`warm_start`)."""
    process = warm_start.start(*map(str, _patient(*arguments)), stdout=PIPE, stderr=PIPE)
    try:
        out, err = await asyncio.to_thread(process.communicate, timeout=PATIENCE + MARGIN)
    finally:
        kill(process)
    return Ran(process.returncode, out, err)


async def interrupted(process: Process) -> Ran:
    """Press Ctrl-C."""
    process.send_signal(signal.SIGINT)
    return await ended(process)


async def ended(process: Process, within: float = PATIENCE + MARGIN) -> Ran:
    """Wait for the end; a process that hangs is ended, and the test fails with its stacks."""
    talk = asyncio.ensure_future(process.communicate())
    try:
        done, _ = await asyncio.wait([talk], timeout=within)
        if not done:
            process.send_signal(signal.SIGABRT)  # it then prints what its threads are at
        out, err = ((said or b"").decode() for said in await talk)
    finally:
        talk.cancel()
    if not done:
        pytest.fail(f"the command hangs; it said:\n{out}{err}")
    assert process.returncode is not None
    return Ran(process.returncode, out, err)
