"""Work in a thread of its own that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def detached(work: Callable[[], T], name: str) -> T:
    """Return what blocking work returns, or raise what it raises.

    Not on the threads that all share: somebody far away who never answers would keep one of them
    from the history. And as a daemon, so that a stop does not wait for it either.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(outcome: Callable[[], None]) -> None:
        if not done.done():
            outcome()

    def run() -> None:
        try:
            outcome = partial(done.set_result, work())
        except Exception as error:  # noqa: BLE001 (the boundary of the thread: it is raised there)
            outcome = partial(done.set_exception, error)
        # The loop may be closed: nobody waits any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, outcome)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
