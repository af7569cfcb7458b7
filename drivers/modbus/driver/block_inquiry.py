"""Ask a device for blocks, and divide those that it does not answer as a whole.

`hptwin read` and the running twin both ask in this way, so that they come to the same answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock
from heatpump_twin.drivers.modbus.wire.link import (
    HungUpError,
    NotSentError,
    UnansweredProbeError,
    is_unreachable,
)
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError
from heatpump_twin.drivers.protocol import LinkError

_REFUSALS = 16
"""Refusals of everything that was asked, after which the device counts as one that refuses all."""
_SECOND = 1
"""Attempts that are left to a block that was met with silence once."""
_OF_THE_MOMENT = 4
"""What a refusal counts that says nothing of the addresses: busy, or no way to the device."""
_SILENCES = 6
"""Time-outs that one inquiry may take once the device has answered something."""
_IN_A_ROW = 2
"""Time-outs in a row after which it is looked whether the device is still there."""

ReadData = Callable[[ReadBlock], Awaitable[bytes]]


def is_silence(error: LinkError) -> bool:
    """Tell whether a device did not answer, or not properly, rather than refuse."""
    return error.is_silence if isinstance(error, ModbusExceptionError) else True


@dataclass
class Inquiry:
    """One walk over blocks: what was answered, what was not even when asked for alone.

    A block is divided once it was refused, or met with silence twice, while the device answers
    other blocks. Raises `LinkError` when the device answers nothing at all, or no longer.

    Parameters
    ----------
    read : coroutine function
        Reads the data of one block; raises `LinkError`.
    taken : callable
        Is told of each block that is answered, with its data.
    silences : int
        Time-outs without any answer after which the device is dead.
    refusals : int
        Refusals without any answer after which the device refuses all.
    patience : int
        Time-outs that are worth waiting for once it has answered; later blocks are `left`.
    sign_of_life : ReadBlock or None
        A block that the device has answered just now.
    last_good : ReadBlock or None
        A block that it has answered before, if that is none of those that are asked for.
    """

    read: ReadData
    taken: Callable[[ReadBlock, bytes], None]
    silences: int = _IN_A_ROW
    refusals: int = _REFUSALS
    patience: int = _SILENCES
    sign_of_life: ReadBlock | None = None
    last_good: ReadBlock | None = None
    refused: dict[str, LinkError] = field(default_factory=dict)
    """By point: what came instead of an answer to it alone."""
    left: list[ReadBlock] = field(default_factory=list)
    """Blocks that are to be asked for another time."""
    unanswered: list[ReadBlock] = field(default_factory=list)
    """Those of them that were asked for this time."""
    reason: LinkError | None = None
    """What came instead of an answer to them."""
    divided: list[tuple[ReadBlock, LinkError]] = field(default_factory=list)
    """Blocks that had to be divided, and what came instead of an answer."""
    _elsewhere: ReadBlock | None = None
    """A sign of life that is none of the blocks that are asked for."""
    _silent: int = 0
    _in_a_row: int = 0
    _refused: int = 0

    async def run(self, blocks: Iterable[ReadBlock], failed: LinkError | None = None) -> None:
        """Ask for blocks, and then for the parts of those that are not answered.

        ``failed`` is what came for the first block, if it was asked for already.
        """
        # One lost packet must not divide a block.
        queue = deque((block, _SECOND + 1) for block in blocks)
        while queue:
            # Breadth first: what is answered as a whole should not wait for what is not.
            block, attempts = queue.popleft()
            error, failed = failed or await self._failure(block), None
            if error is None:
                continue
            self._count(error)
            await self._check_life(error)
            if self._silent > self.patience:
                queue.append((block, min(attempts, _SECOND)))
                self.left = [waiting for waiting, _ in queue]
                self.unanswered = [waiting for waiting, tries in queue if tries <= _SECOND]
                self.reason = error
                return
            if isinstance(error, NotSentError):
                queue.append((block, attempts))
            elif attempts > _SECOND and is_silence(error):
                # At once where the device is there, also to hang up; else others may be answered.
                is_there = self.sign_of_life is not None or isinstance(error, HungUpError)
                again = queue.appendleft if is_there else queue.append
                again((block, attempts - 1))
            elif len(block.parts) > 1:
                self.divided.append((block, error))
                queue += [(half, _SECOND + 1) for half in block.halves()]
            else:
                self.refused[block.parts[0].point.point] = error

    async def _failure(self, block: ReadBlock) -> LinkError | None:
        """Ask for a block; return what went wrong, None if it was answered."""
        try:
            data = await self.read(block)
        except LinkError as error:
            return error
        self.sign_of_life = block
        self._in_a_row = 0
        self.taken(block, data)
        return None

    def _count(self, error: LinkError) -> None:
        if is_silence(error):
            self._silent += 1
            self._in_a_row += 1
        else:
            assert isinstance(error, ModbusExceptionError)  # noqa: S101 (what is no silence)
            self._refused += 1 if error.concerns_addresses else _OF_THE_MOMENT
            self._in_a_row = 0

    async def _ask_last_good(self, error: LinkError) -> None:
        """Ask for what was answered in an earlier poll, where this one asks for other blocks."""
        block, self.last_good = self.last_good, None
        if block is None:
            raise error
        await self.read(block)
        self._elsewhere = block
        self.sign_of_life = block
        self._in_a_row = 0

    async def _check_life(self, error: LinkError) -> None:
        """Raise an error of the device if it answers nothing, or no longer."""
        if self.sign_of_life is None:
            if is_unreachable(error):
                raise error
            if self._in_a_row >= self.silences or self._refused >= self.refusals:
                await self._ask_last_good(error)
        elif self._in_a_row >= _IN_A_ROW:
            await self._ask_again(self.sign_of_life)

    async def _ask_again(self, block: ReadBlock) -> None:
        """Ask for what was answered, until a request for it leaves or it is not worth the time."""
        while self._silent <= self.patience:
            try:
                data = await self.read(block)
            except UnansweredProbeError:  # silent about what was asked in doubt, as before
                self._silent += 1
                continue
            self._in_a_row = 0
            if block is not self._elsewhere:
                self.taken(block, data)
            return
