"""Deliver one message, in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from heatpump_twin.twin_engine.detached import detached
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
    """Deliver a message; raise `DeliveryError` if it was not taken."""
    try:
        await asyncio.wait_for(detached(lambda: send(letter), "notification"), LONGEST)
    except TimeoutError:
        raise DeliveryError(f"it was not taken within {LONGEST:g} s") from None
