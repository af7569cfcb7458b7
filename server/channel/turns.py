"""Turns of the event loop: long requests are served piece by piece, and nobody waits for one."""

from __future__ import annotations

import asyncio
import time
from collections import deque

PIECE = 0.002
"""How long a request may keep the event loop before others get their turn. [s]"""


class Turns:
    """The turns of the event loop that long requests get: one piece of one request in each.

    Whatever else is ready runs between two pieces: the polls, the record, small requests. Who has
    several long requests waiting gets no more turns than who has one.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def wait(self, who: str) -> None:
        """Wait for a turn of ``who``: the user or, of anonymous ones, the host."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._give)
        self._waiting.setdefault(who, deque()).append(turn)
        await turn

    def _give(self) -> None:
        """Give one turn, to the one who has waited longest for one."""
        while self._waiting:
            who = next(iter(self._waiting))
            turns = self._waiting.pop(who)
            turn = turns.popleft()
            if turns:
                self._waiting[who] = turns  # behind all others
            # A turn that nobody waits for any more belongs to a connection that has ended.
            if not turn.done():
                turn.set_result(None)
                break
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._give)


class Turn:
    """The turn of one request; a small one has its first turn at once."""

    def __init__(self, turns: Turns, who: str, *, small: bool) -> None:
        self._turns = turns
        self._who = who
        self._end = time.perf_counter() + PIECE if small else 0.0

    async def go_on(self) -> None:
        """Return at once while the turn lasts; else wait for the next one."""
        if time.perf_counter() >= self._end:
            await self._turns.wait(self._who)
            self._end = time.perf_counter() + PIECE
