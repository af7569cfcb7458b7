"""What is free goes back to the system, as the system counts it."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest
from patience import PATIENCE

_FRAGMENTED = """
import asyncio, psutil
from heatpump_twin.web import free_memory

def megabytes():
    return psutil.Process().memory_info().rss / 1e6

async def pass_once():
    free_memory._BETWEEN = 0.05
    closed = asyncio.Event()
    task = asyncio.create_task(free_memory.keep_returning_free_memory(closed))
    await asyncio.sleep(0.5)
    assert megabytes() > full - 30, "something was looked for without a closed page"
    closed.set()
    while megabytes() > full - 60:
        await asyncio.sleep(0.05)
    task.cancel()

class Page: pass

free_memory.return_free_memory()
pages = []
for _ in range(400):
    page = Page()
    page.itself, page.pieces = page, [bytes(1000) for _ in range(250)]
    pages.append((page, bytes(1000)))
full = megabytes()
last = [kept for _, kept in pages]
del page, pages
asyncio.run(pass_once())
print(f"{full:.0f} MB, then {megabytes():.0f} MB, {len(last)} blocks live")
"""
"""100 MB of closed pages, each of them a cycle, with a block that lives after each of them."""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this C library returns it by itself"
)
def test_closed_pages_between_blocks_that_live_are_given_back() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _FRAGMENTED], capture_output=True, text=True, timeout=PATIENCE
    )
    assert told.returncode == 0, told.stderr
    assert "400 blocks live" in told.stdout


def test_the_web_pages_do_without_numpy() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import heatpump_twin.hmi.app, sys; print('numpy' in sys.modules)"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (told.returncode, told.stdout.strip()) == (0, "False"), told.stderr
