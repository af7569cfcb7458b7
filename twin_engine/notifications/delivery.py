"""Deliver one message, in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from heatpump_twin.twin_engine.notifications.letter import Letter

Send = Callable[[Letter], None]
"""Delivers a message, or raises `DeliveryError`; it may block for as long as it likes."""

TIMEOUT = 10.0
"""Of each step of a delivery. [s]"""
LONGEST = 60.0
"""Of all steps together: who answers drop by drop takes none either. [s]"""


class DeliveryError(Exception):
    """A message was not taken. What it says has no address and no secret in it."""


async def deliver(send: Send, letter: Letter) -> None:
    """Deliver a message; raise `DeliveryError` if it was not taken.

    Not on the threads that all share: a receiver that never answers would keep one of them from the
    history. And as a daemon, so that a stop does not wait for it either.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell(error: Exception | None) -> None:
        if not done.done():
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

    def work() -> None:
        problem: Exception | None = None
        try:
            send(letter)
        except Exception as error:  # noqa: BLE001 (the boundary of the thread: it is raised there)
            problem = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, problem)

    threading.Thread(target=work, name="notification", daemon=True).start()
    try:
        await asyncio.wait_for(done, LONGEST)
    except TimeoutError:
        raise DeliveryError(f"it was not taken within {LONGEST:g} s") from None
