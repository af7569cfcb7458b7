"""End the loops of a twin, also those whose libraries do not hear that they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

log = structlog.stdlib.get_logger(__name__)

INSIST = 10.0
"""Time for a loop to end before it is told again; longer than any of them takes. [s]"""


async def end_all(tasks: Iterable[asyncio.Task[Any]], insist: float = INSIST) -> None:
    """Cancel tasks until all have ended; say of each that did not end at once where it is.

    A library may swallow a cancellation, as `asyncio.wait_for` does on Python 3.11, and a task that
    goes on for ever would keep the twin from ever writing the end of its history.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=insist)
        for task in pending:
            log.warning("a loop has not ended and is told again", at=where(task))


def where(task: asyncio.Task[Any]) -> str:
    """Return what a task is doing: its coroutines from the outside in, each with its line."""
    names = []
    work: Any = task.get_coro()
    while (frame := getattr(work, "cr_frame", None)) is not None:
        names.append(f"{work.__qualname__}:{frame.f_lineno}")
        work = work.cr_await
    return " > ".join(names)
