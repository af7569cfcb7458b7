"""Supervision of child processes: a real process that ends, hangs or is busy."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import processes
import psutil
import pytest
from patience import PATIENCE, until

from heatpump_twin.runtime.children import Child, ChildState, Patience

QUICK = Patience(
    first_pause=0.05, longest_pause=0.4, healthy=PATIENCE, late=1.0, hung=6.0, start=PATIENCE
)


class Answering:
    """What a child is asked: it answers if it runs, and not while it is stopped."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self.serves = True

    async def __call__(self, patience: float) -> bool:
        pid = self.child.pid if self.child else None
        if pid is None or not self.serves:
            return False
        return psutil.Process(pid).status() != psutil.STATUS_STOPPED


@asynccontextmanager
async def supervised(
    *arguments: str, patience: Patience = QUICK
) -> AsyncIterator[tuple[Child, Answering]]:
    answering = Answering()
    child = answering.child = Child("hmi", arguments, answering, patience)
    task = asyncio.create_task(child.run())
    try:
        yield child, answering
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert child.pid is None


SERVES_FOR_EVER = ("plant", "--profile", "eastron-sdm120", "--port", "0", "--control-port", "0")


async def test_a_child_that_dies_is_started_again_for_ever_after_a_growing_pause(
    eventually,
) -> None:
    pauses = []
    patience = Patience(first_pause=0.5, longest_pause=2.0, healthy=PATIENCE)
    async with supervised(*SERVES_FOR_EVER, patience=patience) as (child, _):
        for _ in range(4):
            await eventually(lambda: child.state is ChildState.RUNNING)
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            await eventually(lambda: child.state is ChildState.ENDED)
            assert "exit code -9" in child.detail
            await eventually(lambda: "again after" in child.detail)
            pauses.append(child.detail.partition("again after ")[2].partition(",")[0])
        await eventually(lambda: child.restarts == 4)
    assert pauses == ["0 s", "1 s", "2 s", "2 s"]


async def test_a_child_that_cannot_live_is_tried_for_ever(eventually) -> None:
    async with supervised("no-such-command") as (child, _):
        await eventually(lambda: child.restarts >= 5)
    assert "exit code 2" in child.detail


async def test_a_child_that_hangs_is_told_of_killed_and_replaced(eventually) -> None:
    async with supervised(*SERVES_FOR_EVER) as (child, _):
        await eventually(lambda: child.state is ChildState.RUNNING)
        hanging = child.pid
        assert hanging is not None
        os.kill(hanging, signal.SIGSTOP)
        await eventually(lambda: child.state is ChildState.NOT_ANSWERING)
        assert "no answer for" in child.detail
        await eventually(lambda: child.state is ChildState.RUNNING)
        assert child.pid != hanging
        assert not psutil.pid_exists(hanging)


async def test_a_child_that_lives_and_does_not_serve_is_replaced_too(eventually) -> None:
    async with supervised(*SERVES_FOR_EVER) as (child, answering):
        await eventually(lambda: child.state is ChildState.RUNNING)
        first, answering.serves = child.pid, False
        await eventually(lambda: child.state is ChildState.NOT_ANSWERING)
        await eventually(lambda: child.restarts == 1)
        answering.serves = True
        await eventually(lambda: child.state is ChildState.RUNNING)
        assert child.pid != first


async def test_a_child_that_answers_again_is_left_alone(eventually) -> None:
    patience = Patience(late=0.5, hung=PATIENCE, look=0.05)
    async with supervised(*SERVES_FOR_EVER, patience=patience) as (child, answering):
        await eventually(lambda: child.state is ChildState.RUNNING)
        first, answering.serves = child.pid, False
        await eventually(lambda: child.state is ChildState.NOT_ANSWERING)
        answering.serves = True
        await eventually(lambda: child.state is ChildState.RUNNING)
        assert (child.pid, child.restarts) == (first, 0)


PARENT = """
import asyncio, os, sys
from heatpump_twin.runtime.children import Child

async def never(patience):
    return False

async def main():
    child = Child("hmi", sys.argv[1:], never)
    process = await child.start()
    print("child", process.pid, flush=True)
    await process.wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("state", ["at once", "running", "stopped"])
def test_no_child_outlives_a_parent_that_is_killed(state: str) -> None:
    with processes.started(
        sys.executable, "-c", PARENT, *SERVES_FOR_EVER, stdout=-1, stderr=-1
    ) as parent:
        assert parent.stdout is not None
        line = next(line for line in parent.stdout if line.startswith("child"))
        child = psutil.Process(int(line.split()[1]))
        if state != "at once":
            until(lambda: child.net_connections("tcp"))
        if state == "stopped":
            child.suspend()
            until(lambda: child.status() == psutil.STATUS_STOPPED)
        parent.kill()
        parent.wait(PATIENCE)
        _, alive = psutil.wait_procs([child], timeout=PATIENCE)
        assert alive == []
