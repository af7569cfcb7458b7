"""Memory of a process that makes pages: what is free goes back to the system."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from typing import Final

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
"""Parameters of mallopt(3)."""
_PAGE_OF_HTML = 65_536
"""Blocks of this size and more are given back as soon as they are free. [B]"""
_BETWEEN: Final = 3.0
"""Between a page that is given up and the return of what was its, and between two returns. [s]"""


def return_free_memory() -> None:
    """Have memory returned to the system when it is free, where the C library can.

    Called once, when all is imported. glibc by itself raises its thresholds as soon as a large
    block is freed once, and keeps what comes free after that between blocks that live.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _PAGE_OF_HTML)
        mallopt(_TRIM_THRESHOLD, 2 * _PAGE_OF_HTML)
        # The few threads of such a process read files: no arena for each of them.
        mallopt(_ARENA_MAX, 1)
    # What has been imported stays: no collection has to look at it again.
    gc.collect()
    gc.freeze()


async def keep_returning_free_memory(closed: asyncio.Event) -> None:
    """Return what is free between blocks that live after pages were closed, until cancelled.

    ``closed`` is set whenever a page is given up: where none is, nothing is looked for.

    A page is made of many large pieces and leaves few small ones, and the C library gives back
    only what is free at the end of its heap, unless it is asked. Closed pages are cycles, which
    Python by itself looks for too seldom: it counts objects, and these are few and large.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while True:
        await closed.wait()
        # Pages are closed one after another, and looked for together.
        await asyncio.sleep(_BETWEEN)
        closed.clear()
        gc.collect()
        if trim is not None:
            trim(0)
