"""``hptwin reload``: make a running twin read its site file again."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.reload.reload_outcome import ReloadOutcome
from heatpump_twin.safekeeping.command_audit import audited
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

TIMEOUT = 60.0
"""Longest wait for the outcome; a device that is being written to is waited for. [s]"""
_PAUSE = 0.05

command = typer.Typer(add_completion=False)


@command.command()
def reload_site(
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Where the state of the running twin lies."),
    ] = None,
) -> None:
    """Have a running twin read its site file again: heat pumps come and go, the rest goes on."""
    directory = DataDirectory.open(data)
    # Before the signal: the outcome that is waited for began later than this, and one that is
    # left from an earlier reload did not.
    begun = SystemClock().now()
    try:
        with audited(directory, AuditKind.RELOAD, "site file", "reload requested"):
            os.kill(_running_twin(directory), signal.SIGHUP)
    except (ProcessLookupError, PermissionError) as error:
        raise TwinError(f"the twin on {directory.root} cannot be told: {error.strerror}") from error
    outcome = _await_outcome(directory, begun)
    if not outcome.taken:
        raise TwinError(str(outcome))
    Console().print(str(outcome), highlight=False, markup=False, soft_wrap=True)


def _running_twin(data: DataDirectory) -> int:
    """Return the process id of the twin that works on a data directory."""
    try:
        with data.lock.open() as file:
            try:
                # The lock and not the number in the file tells whether a twin runs: after a crash
                # the number may be that of another process by now, which SIGHUP would end.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                content = file.read()
                # A twin that has locked but not yet written its number is no twin to signal.
                if content.strip().isdecimal():
                    return int(content)
    except (FileNotFoundError, IsADirectoryError):
        pass
    raise TwinError(
        f"no twin runs on {data.root}; start one with `hptwin run`, or name its directory with "
        "--data"
    )


def _await_outcome(data: DataDirectory, begun: int) -> ReloadOutcome:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        outcome = ReloadOutcome.read(data)
        # A signal carries no answer; the file does (ADR 8).
        if outcome is not None and outcome.begun >= begun:
            return outcome
        _running_twin(data)  # or there is no use in waiting
        time.sleep(_PAUSE)
    raise TwinError(f"the twin has not answered within {TIMEOUT:.0f} s; its log says why")
