"""A doubt whether the next response of a unit is the one to the next request."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from itertools import islice

from heatpump_twin.drivers.modbus.profile.profile import Space
from heatpump_twin.drivers.modbus.wire.request import EXCEPTION_LENGTH, Request

_OTHER_TABLE = {
    Space.COIL: Space.HOLDING, Space.DISCRETE: Space.INPUT,
    Space.INPUT: Space.HOLDING, Space.HOLDING: Space.INPUT,
}  # fmt: skip
_PROBES = 3
"""Probes of a doubt, not counting one of another table."""
_LATEST = 16
"""How many of the reads that were answered are looked at for probes."""


class Reply(IntEnum):
    """What came for a read the last time it was sent; the higher, the worse a probe it is."""

    DATA = 0
    EXCEPTION = 1
    """It tells nothing of the registers, so that it may be the one to another request."""
    SILENCE = 2


class KnownReads:
    """What one unit replied to each read that was sent to it."""

    def __init__(self) -> None:
        self._replies: dict[bytes, Reply] = {}
        self._answered: dict[bytes, Request] = {}
        """The reads that were answered the last time, the latest last."""

    def note(self, read: Request, reply: Reply) -> None:
        """Record what came for a read."""
        self._replies[read.pdu] = reply
        self._answered.pop(read.pdu, None)
        if reply is Reply.DATA:
            self._answered[read.pdu] = read

    def probes(self, lost: Request) -> list[Request]:
        """Return reads whose responses cannot be taken for that to a lost request.

        Nor for each other: they differ in the length of their data, or in the function code. One
        at least is of another table, as an exception repeats the function code and nothing else.
        """
        place = next(reversed(self._answered.values()), lost)
        other = Request.read(lost.unit, _OTHER_TABLE[place.table], place.address, 1)
        # Of a unit that has answered nothing yet, the table that was asked may be the reason.
        reads = [*self._reads(lost), other] if self._answered else [other, *self._reads(lost)]
        by_shape: dict[tuple[int, int], Request] = {}
        # The likeliest first. The order among equals stays.
        for probe in sorted(reads, key=lambda read: self._rank(read, lost)):
            if _shape(probe) != _shape(lost):
                by_shape.setdefault(_shape(probe), probe)
        found = [*islice(by_shape.values(), _PROBES)]
        if all(probe.function == lost.function for probe in found):
            found.append(other)
        return found

    def _rank(self, read: Request, lost: Request) -> Reply:
        """Return how bad a probe a read is by what came for it; it was not sent: it is good."""
        reply = self._replies.get(read.pdu, Reply.DATA)
        is_told = reply is Reply.EXCEPTION and read.function != lost.function
        return Reply.DATA if is_told else reply

    def _reads(self, lost: Request) -> Iterator[Request]:
        """Give reads that the unit of a lost request may answer.

        It may keep silent about one register for good. What is certain not to concern the registers
        of the lost request comes first, and of that what was answered in the same form.
        """
        known = [*islice(reversed(self._answered.values()), _LATEST)]
        yield from (read for read in known if not read.overlaps(lost))
        near = [read for place in known or [lost] for read in _around(place)]
        apart = [read for read in near if not read.overlaps(lost)]
        yield from (read for read in apart if any(place.contains(read) for place in known))
        yield from known
        yield from apart
        yield from near


class Doubt:
    """A request whose response may still come, and what to ask until it cannot any more."""

    def __init__(self, lost: Request, known: KnownReads) -> None:
        self.probes = known.probes(lost)
        self.rests_until = 0.0
        """Until when the unit is left alone, once none of them is left. [s]"""
        self.is_past_lost = False
        """Whether the unit has responded since: as a bus keeps the order, no older one can come."""
        self._lost = lost
        self._known = known

    def is_dispelled_by(self, response: bytes, probe: Request) -> bool:
        """Tell whether a response is certainly the one to a probe."""
        self.is_past_lost = True
        reply = Reply.EXCEPTION if len(response) == EXCEPTION_LENGTH else Reply.DATA
        self._known.note(probe, reply)
        # An exception has the same length whatever it is about, so that its function has to differ.
        return reply is Reply.DATA or probe.function != self._lost.function


def _shape(request: Request) -> tuple[int, int]:
    return request.function, request.response_length


def _around(place: Request) -> Iterator[Request]:
    """Give short reads that begin or end where another request does."""
    step = 8 if place.table.of_bits else 1
    for count in (1 + i * step for i in range(3)):
        for start in (place.address, max(0, place.end - count)):
            yield Request.read(place.unit, place.table, start, count)
