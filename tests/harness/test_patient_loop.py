"""The loop of all tests: its time is that of the test, whatever else the machine does."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from patient_loop import PatientLoop


async def test_it_runs_the_tests() -> None:
    assert isinstance(asyncio.get_running_loop(), PatientLoop)


async def test_a_pause_takes_as_long_as_was_asked_for() -> None:
    loop = asyncio.get_running_loop()
    began, real = loop.time(), time.monotonic()
    await asyncio.sleep(0.05)
    assert loop.time() - began >= 0.05
    assert time.monotonic() - real >= 0.05


async def test_a_deadline_is_not_used_up_while_the_thread_cannot_run() -> None:
    answered = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(0.2):
        loop.call_later(0.1, answered.set_result, "in time")
        threading.Event().wait(0.3)  # the thread stands still, as on a busy machine
        assert await answered == "in time"


async def test_a_deadline_passes_while_nothing_happens() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.Event().wait()


async def test_what_is_computed_counts() -> None:
    loop = asyncio.get_running_loop()
    began, used = loop.time(), time.thread_time()
    while time.thread_time() - used < 0.05:
        pass
    assert loop.time() - began >= 0.05
