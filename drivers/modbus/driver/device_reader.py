"""Read the points of one device by its plan, and find out what of it the device answers."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.block_inquiry import Inquiry
from heatpump_twin.drivers.modbus.driver.device_requests import DeviceRequests
from heatpump_twin.drivers.modbus.driver.learned_blocks import LearnedBlocks, PlannedBlock
from heatpump_twin.drivers.modbus.driver.prepared_poll import PreparedPoll, TakenBlocks
from heatpump_twin.drivers.modbus.driver.reader_log import ReaderLog
from heatpump_twin.drivers.modbus.driver.refused_points import ABSENT_AFTER, RefusedPoints
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, lone_blocks, plan
from heatpump_twin.drivers.modbus.profile.profile import PollClass, Profile, ProfilePoint
from heatpump_twin.drivers.modbus.wire.link import NotSentError, UnansweredProbeError
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.protocol import LinkError

Send = Callable[[Request], Awaitable[bytes]]

RETRY_REFUSED = 60.0
"""Time between attempts to read one of the points that were refused for long. [s]"""


class DeviceReader:
    """Read blocks of registers; divide those that the device does not answer as a whole.

    What is not answered even alone is Bad. It is asked for again behind each poll, together with
    what else was refused once one of them is answered, and less often once it counts as absent.
    """

    def __init__(
        self,
        profile: Profile,
        points: Mapping[str, Point],
        requests: DeviceRequests,
        clock: Clock,
        name: str = "",
        retry_refused: float = RETRY_REFUSED,
    ) -> None:
        self.refused = RefusedPoints(requests.timeout, retry_refused)
        self.began = 0.0
        """When the last poll's first answered request left, by the loop's clock. [s]"""
        self._profile = profile
        self._index = {name: point.index for name, point in points.items()}
        self._requests = requests
        self._clock = clock
        self._log = ReaderLog(name, profile)
        self._good_block: ReadBlock | None = None
        """A block that was answered in the last poll that was answered."""
        self._attempts = 0
        """Attempts since the device answered last."""
        self._wanted = [point for point in profile.samples if point.point in points]
        fast = [point for point in self._wanted if point.poll is PollClass.FAST]
        self._learned = {
            True: LearnedBlocks(plan(profile, self._wanted)),
            False: LearnedBlocks(plan(profile, fast)),
        }
        """By whether a poll is one of everything or of the fast points only."""
        self._polls: dict[bool, PreparedPoll] = {}

    @property
    def divided(self) -> int:
        """Number of blocks of the plan that are not read as a whole."""
        return sum(block.is_divided for block in self._learned[True].planned)

    def forget(self) -> None:
        """Ask for everything again, as after a reboot; what was learnt of blocks stays for now."""
        self._good_block = None
        for name in list(self.refused.by_name):
            self._include(name)
        for learned in self._learned.values():
            learned.hurry()

    async def read(self, *, everything: bool, dead: bool = False) -> Frame:
        """Read the fast points, or all of them, into one frame. Raises `LinkError`.

        A point that is refused is in the frame once, with a Bad status; not again until it changes.
        ``dead`` says that the device did not answer the last time.
        """
        try:
            frame = await self._read(everything=everything, dead=dead)
        except UnansweredProbeError:
            raise  # the attempt itself is still to be made
        except LinkError:
            self._attempts += dead
            raise
        self._attempts = 0
        return frame

    async def _read(self, *, everything: bool, dead: bool) -> Frame:
        learned = self._learned[everything]
        learned.polls += 1
        sign = await self._sign_of_life() if dead else None
        poll = self._poll(everything=everything)
        taken = TakenBlocks()
        try:
            for block, request in zip(poll.blocks, poll.requests, strict=True):
                data = await self._requests.read(request)
                if not taken.blocks:
                    self.began = self._requests.sent_at
                # Each block has a source time of its own: a poll of many may take seconds.
                taken.add(block, data, self._clock.now())
        except LinkError as error:
            # A dead device gets one time-out an attempt: others may wait for the link.
            silences = 1 if dead else 2
            inquiry = Inquiry(
                self._requests.read_block,
                lambda block, data: self._note_answer(taken, block, data),
                silences=silences,
                sign_of_life=taken.blocks[-1] if taken.blocks else sign,
                last_good=self._other_good_block(poll.blocks),
            )
            await inquiry.run(poll.blocks[len(taken.blocks) :], error)
            if inquiry.sign_of_life is None:  # there were few blocks, and all were refused
                raise
            frame = self._learn(taken, inquiry, everything=everything)
        else:
            frame = poll.frame(taken.answers, taken.times)
        if taken.blocks:
            self._good_block = taken.blocks[0]
        return frame

    async def read_point(self, point: ProfilePoint) -> Frame:
        """Read one point alone, with requests of its own. Raises `LinkError`."""
        return await self._alone(point, self._requests.read)

    async def read_held(self, point: ProfilePoint) -> list[int]:
        """Return the words that are held where a point is written. Raises `LinkError`."""
        rules, space = point.write, point.write_space
        if rules is None or space is None:
            raise ValueError(f"{point.point} cannot be written")
        unit = self._requests.unit
        request = Request.read(unit, space, point.write_address, point.size)
        data = await self._requests.read(request)
        words = list(struct.unpack(f">{point.size}H", data))
        if point.scale_factor_address is not None:
            request = Request.read(unit, point.space, point.scale_factor_address, 1)
            words.append(int.from_bytes(await self._requests.read(request), "big"))
        return words

    def has_more(self, *, everything: bool) -> bool:
        """Tell whether `look_again` has something to ask for."""
        return bool(self.refused.by_name) or self._learned[everything].is_divided

    async def look_again(self, emit: Callable[[Frame], None], *, everything: bool) -> None:
        """Ask for refused points, and for a divided block as a whole.

        Behind the frame of a poll, so that they delay none of the others.
        """
        now = asyncio.get_running_loop().time()
        names = self.refused.due(now) if self.refused.by_name else []
        asked: set[str] = set()
        while names:
            name = names.pop(0)
            asked.add(name)
            if await self._answers_again(name, emit):
                # What made the device refuse this one seems to be over: for the others, too?
                names = [other for other in self.refused.by_name if other not in asked]
        planned = self._learned[everything].to_try()
        if planned is not None:
            await self._try_whole(planned, emit, everything=everything)

    # ── a poll that is not answered as planned ────────────────────────────────────────────────────
    def _note_answer(self, taken: TakenBlocks, block: ReadBlock, data: bytes) -> None:
        if not taken.blocks:
            self.began = self._requests.sent_at
        taken.replace(block, data, self._clock.now())

    async def _sign_of_life(self) -> ReadBlock | None:
        """Ask a dead device for one point alone, every other attempt. Raises `LinkError`.

        It may be the blocks of the plan that it does not answer.
        """
        if self._attempts % 2 == 0:
            return None
        point = self._wanted[(self._attempts + 1) // 2 % len(self._wanted)]
        block = lone_blocks(point)[0]
        await self._requests.once(self._requests.of(block))
        return block

    def _other_good_block(self, blocks: Sequence[ReadBlock]) -> ReadBlock | None:
        """Return what the last poll was answered, of a device that does not answer all blocks."""
        good = self._good_block
        if not any(learned.is_divided for learned in self._learned.values()):
            return None
        return None if any(block is good for block in blocks) else good

    def _learn(self, taken: TakenBlocks, inquiry: Inquiry, *, everything: bool) -> Frame:
        """Keep what an inquiry found out, and return its frame."""
        learned = self._learned[everything]
        learned.learn(taken.blocks, inquiry.left, inquiry.divided)
        # A device that was lost is found again with everything. If it does not answer its fast
        # points as a block, their next poll would lose it once more, and so for ever.
        if everything:
            self._learned[False].follow(learned)
        self._polls.clear()
        bad = [self._refuse(name, why) for name, why in inquiry.refused.items()]
        if inquiry.reason is not None:
            names = {point.point for block in inquiry.unanswered for point in block.points}
            index = [self._index[name] for name in sorted(names)]
            bad.append(Frame.bad(index, inquiry.reason.status, self._clock.now()))
        return Frame.concat([self._frame(taken.blocks, taken.answers, taken.times), *bad])

    async def _answers_again(self, name: str, emit: Callable[[Frame], None]) -> bool:
        """Ask for a refused point alone; tell whether it was answered."""
        refusal = self.refused.by_name[name]
        send = self._requests.once if refusal.is_absent else self._requests.read
        try:
            emit(await self._alone(self._profile.by_name[name], send))
        except NotSentError:
            return False
        except LinkError as error:
            emit(self._refuse(name, error))
            return False
        self._restore(name)
        return True

    async def _try_whole(
        self, planned: PlannedBlock, emit: Callable[[Frame], None], *, everything: bool
    ) -> None:
        """Ask for a divided block as a whole, and read it so again if that is answered."""
        learned = self._learned[everything]
        try:
            data = await self._requests.read_block(planned.whole)
        except NotSentError:
            return
        except LinkError as error:
            if learned.keep_divided(planned, error):
                self._log.divided(planned)
            return
        emit(self._frame([planned.whole], [data], [self._clock.now()]))
        for point in planned.whole.points:
            self._restore(point.point)
        if learned.heal(planned):
            self._log.healed(planned)
        self._polls.pop(everything, None)

    async def _alone(self, point: ProfilePoint, send: Send) -> Frame:
        """Read one point and nothing else."""
        taken = TakenBlocks()
        for block in lone_blocks(point):
            taken.add(block, await send(self._requests.of(block)), self._clock.now())
        return self._frame(taken.blocks, taken.answers, taken.times)

    def _refuse(self, name: str, error: LinkError) -> Frame:
        """Record that a point was refused, and return its Bad sample if that is news."""
        before = self.refused.by_name.get(name)
        known = before is not None and before.error.status == error.status
        refusal = self.refused.note(name, error, asyncio.get_running_loop().time())
        if refusal.times == ABSENT_AFTER:
            self._log.absent(name, error)
        index = [] if known else [self._index[name]]
        return Frame.bad(index, error.status, self._clock.now())

    def _restore(self, name: str) -> None:
        """Read a point that is answered with the others again."""
        refusal = self.refused.by_name.get(name)
        if refusal is not None:
            if refusal.is_absent:
                self._log.answered(name)
            self._include(name)

    def _include(self, name: str) -> None:
        del self.refused.by_name[name]
        for everything, learned in self._learned.items():
            learned.restore(self._profile.by_name[name])
            self._polls.pop(everything, None)

    def _poll(self, *, everything: bool) -> PreparedPoll:
        poll = self._polls.get(everything)
        if poll is None:
            poll = self._polls[everything] = self._prepared(self._learned[everything].blocks)
        return poll

    def _prepared(self, blocks: Sequence[ReadBlock]) -> PreparedPoll:
        return PreparedPoll(self._profile, self._requests.unit, self._index, blocks)

    def _frame(
        self, blocks: Sequence[ReadBlock], answers: Sequence[bytes], times: Sequence[int]
    ) -> Frame:
        return self._prepared(blocks).frame(answers, times)
