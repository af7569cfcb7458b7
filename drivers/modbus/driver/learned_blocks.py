"""The blocks in which one device really answers: the poll plan's, divided where it has to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from heatpump_twin.drivers.modbus.profile.poll_plan import Part, ReadBlock, lone_blocks
from heatpump_twin.drivers.modbus.profile.profile import ProfilePoint
from heatpump_twin.drivers.protocol import LinkError

_LONGEST = 64
"""Most polls between two attempts to read a divided block as a whole."""
_CONVINCED = 2
"""Failed attempts after which a division is no accident but a property of the device."""


@dataclass
class PlannedBlock:
    """One block of the poll plan, and the parts in which it is read."""

    whole: ReadBlock
    parts: list[ReadBlock] = field(default_factory=list)
    reason: LinkError | None = None
    """What came instead of an answer to the whole."""
    due: int = 0
    """Poll at which the whole is tried again."""
    step: int = 1
    trials: int = 0
    is_told: bool = False

    @property
    def is_divided(self) -> bool:
        """Whether it is not read as a whole."""
        return len(self.parts) != 1 or self.parts[0] is not self.whole


class LearnedBlocks:
    """The blocks of one kind of poll, as far as they were divided by what the device answered."""

    def __init__(self, planned: Iterable[ReadBlock]) -> None:
        self.planned = [PlannedBlock(block, [block]) for block in planned]
        self.polls = 0
        self.is_divided = False
        """Whether any of them is not read as a whole."""
        self._left: list[ReadBlock] = []
        self._of = {
            (part.point.point, part.address): planned
            for planned in self.planned
            for part in planned.whole.parts
        }

    @property
    def blocks(self) -> list[ReadBlock]:
        """The blocks to ask for, in the order of the plan; last those that time was too short for.

        A device that is slow to say what it does not answer must not keep the rest from flowing.
        """
        parts = [part for planned in self.planned for part in planned.parts]
        left = {id(part) for part in self._left}
        return [part for part in parts if id(part) not in left] + self._left

    def learn(
        self,
        answered: Sequence[ReadBlock],
        left: Sequence[ReadBlock],
        divided: Sequence[tuple[ReadBlock, LinkError]],
    ) -> None:
        """Read from now on in the blocks that were answered, or are left to be asked for."""
        self._left = list(left)
        for planned in self.planned:
            planned.parts.clear()
        for block in sorted([*_widest(answered), *left], key=lambda block: block.address):
            self._planned(block).parts.append(block)
        for block, error in divided:
            planned = self._planned(block)
            if block is planned.whole:
                planned.reason = error
                planned.due = self.polls + planned.step
        self._note()

    def follow(self, other: LearnedBlocks) -> None:
        """Divide blocks as a poll of more has learnt to, and leave out what that leaves out."""
        of = {
            (part.point.point, part.address): block
            for block in other.blocks
            for part in block.parts
        }
        for planned in self.planned:
            whole = planned.whole
            groups: dict[int, list[Part]] = {}
            for part in whole.parts:
                if block := of.get((part.point.point, part.address)):
                    groups.setdefault(id(block), []).append(part)
            # What lies in one block that is answered is answered as well.
            if list(groups.values()) == [list(whole.parts)]:
                continue
            self._forget_left(planned)
            planned.parts = [ReadBlock(whole.space, tuple(parts)) for parts in groups.values()]
            planned.due = self.polls + planned.step
        self._note()

    def to_try(self) -> PlannedBlock | None:
        """Return a divided block that is to be tried as a whole now."""
        for planned in self.planned:
            if planned.is_divided and planned.due <= self.polls and len(planned.whole.parts) > 1:
                return planned
        return None

    def heal(self, planned: PlannedBlock) -> bool:
        """Read a block as a whole again; tell whether its division had been told of."""
        told, planned.is_told = planned.is_told, False
        self._forget_left(planned)
        planned.parts = [planned.whole]
        planned.step, planned.trials = 1, 0
        self._note()
        return told

    def keep_divided(self, planned: PlannedBlock, error: LinkError) -> bool:
        """Try a block later again; tell whether its division is to be told of now."""
        planned.reason = error
        planned.trials += 1
        planned.step = min(2 * planned.step, _LONGEST)
        planned.due = self.polls + planned.step
        if planned.trials < _CONVINCED or planned.is_told:
            return False
        planned.is_told = True
        return True

    def restore(self, point: ProfilePoint) -> None:
        """Read a point again that was left out, and try its blocks as a whole soon."""
        for lone in lone_blocks(point):
            planned = self._of.get((point.point, lone.address))
            if planned is None or any(lone.parts[0] in part.parts for part in planned.parts):
                continue
            if len(planned.whole.parts) == 1:
                planned.parts = [planned.whole]
            else:
                planned.parts.append(lone)
                planned.parts.sort(key=lambda block: block.address)
                planned.step, planned.due = 1, self.polls + 1
        self._note()

    def hurry(self) -> None:
        """Try all divided blocks as a whole at the next poll."""
        for planned in self.planned:
            planned.step, planned.due = 1, self.polls + 1

    def _forget_left(self, planned: PlannedBlock) -> None:
        """Have none of a block's parts wait behind the others any more."""
        parts = {id(part) for part in planned.parts}
        self._left = [block for block in self._left if id(block) not in parts]

    def _note(self) -> None:
        self.is_divided = any(planned.is_divided for planned in self.planned)

    def _planned(self, block: ReadBlock) -> PlannedBlock:
        first = block.parts[0]
        return self._of[first.point.point, first.address]


def _widest(blocks: Sequence[ReadBlock]) -> list[ReadBlock]:
    """Leave out blocks all of which is in another one, such as those that were a sign of life."""
    found: list[ReadBlock] = []
    inside: set[tuple[str, int]] = set()
    for block in sorted(blocks, key=lambda block: -len(block.parts)):
        places = {(part.point.point, part.address) for part in block.parts}
        if not places <= inside:
            found.append(block)
        inside |= places
    return found
