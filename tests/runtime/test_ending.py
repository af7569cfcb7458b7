"""A twin stops, whatever its loops and the libraries under them make of it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import processes
import pytest
from structlog.testing import capture_logs

from heatpump_twin.runtime.ending import end_all, where

STUCK = """\
import asyncio, threading, time
from heatpump_twin import stopping

stopping.END_LIMIT = 0.5

async def deaf():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

async def main(stop):
    stuck = {stuck}
    await asyncio.sleep(0)
    print("all is written", flush=True)

stopping.until_stopped(main)
"""


async def test_a_loop_that_swallows_its_cancellation_is_told_again() -> None:
    async def look() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def deaf_once() -> None:
        while True:
            await look()
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(deaf_once()), asyncio.create_task(asyncio.sleep(0))]
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await end_all(tasks, insist=0.01)
    assert all(task.done() for task in tasks)
    assert tasks[0].cancelled()
    told = [log for log in logs if "told again" in log["event"]]
    assert told
    assert "deaf_once" in told[0]["at"]


async def test_a_task_tells_where_it_is() -> None:
    async def inner() -> None:
        await asyncio.Event().wait()

    async def outer() -> None:
        await inner()

    task = asyncio.create_task(outer())
    await asyncio.sleep(0)
    names = [place.split(".")[-1].partition(":")[0] for place in where(task).split(" > ")]
    assert names == ["outer", "inner", "wait"]
    task.cancel()


@pytest.mark.parametrize(
    "stuck",
    ["asyncio.create_task(deaf())", "asyncio.create_task(asyncio.to_thread(time.sleep, 3600))"],
)
def test_a_process_whose_work_is_over_ends_and_says_what_kept_it(stuck: str) -> None:
    result = processes.run(sys.executable, "-c", STUCK.format(stuck=stuck))
    assert result.stdout == "all is written\n"
    assert result.returncode == 1
    assert "Timeout" in result.stderr
    assert "most recent call first" in result.stderr
