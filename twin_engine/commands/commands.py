"""Write to devices, the only way there is: range check, audit, write, read-back."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.config.phrase import Phrase
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.protocol import Driver, DriverError, WriteOutcome, WriteState
from heatpump_twin.drivers.status import (
    BAD_DEVICE_FAILURE,
    BAD_INVALID_STATE,
    BAD_NODE_ID_UNKNOWN,
    BAD_NOT_WRITABLE,
    BAD_RESOURCE_UNAVAILABLE,
    GOOD,
    UNCERTAIN,
    is_bad,
)
from heatpump_twin.drivers.write_range import out_of_range
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry
from heatpump_twin.twin_engine.commands.authorship import Authorship
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite
from heatpump_twin.twin_engine.errors import AuditError
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.wording import value_text

TWIN = "twin"
"""Who writes what nobody has asked for: the duties of a device that the twin keeps by itself."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Result of a command, its values in the point's unit."""

    status: int
    """OPC UA status: Good only when the device reads back what was asked for."""
    old: float
    requested: float
    read_back: float | None
    message: str
    """One sentence for a person: what happened and, if it failed, what to do."""

    @property
    def touched(self) -> bool:
        """Whether the device may hold something else than before."""
        return not is_bad(self.status) or self.read_back is not None


class CommandHandler(Protocol):
    """Protocol of a write path. Access rights of the caller were checked before."""

    async def write(
        self, key: str, value: float, *, user: str, origin: str, reason: str = ""
    ) -> CommandResult:
        """Write a point (``hp1.supply_setpoint``). Never raises for what a device does."""
        ...

    async def refuse(self, refused: RefusedWrite) -> None:
        """Record an attempt that was turned away before it got here."""
        ...


class Commands:
    """Write path to all devices: checks, records and hands a command to the point's driver.

    An attempt is on record before anything goes on the wire: what cannot be recorded is not done.
    """

    def __init__(
        self,
        table: PointTable,
        image: Image,
        drivers: Iterable[Driver],
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._table = table
        self._image = image
        self._owner: dict[int, Driver] = {}
        for driver in drivers:
            self.add(driver)
        self._audit = audit
        self._clock = clock
        self.authors = Authorship()
        self._turn: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def add(self, driver: Driver) -> None:
        """Add a driver: it writes the points that it feeds."""
        self._owner |= dict.fromkeys(driver.points, driver)

    async def remove(self, driver: Driver) -> None:
        """Remove a driver; wait for its writes under way."""
        for index in driver.points:
            self._owner.pop(index, None)
        # Ownership went first, so nobody new gets in; taking each turn once waits for those
        # inside.
        for index in self._turn.keys() & driver.points.keys():
            async with self._turn.pop(index):
                pass

    async def write(
        self, key: str, value: float, *, user: str, origin: str, reason: str = ""
    ) -> CommandResult:
        """Write a point and return the result. Writes to one point take turns."""
        point = self._table.by_key.get(key)
        driver = None if point is None else self._owner.get(point.index)
        entry = self._entry(key, value, user, origin, reason)
        if point is None:
            return await self._turn_away(entry, BAD_NODE_ID_UNKNOWN, f"There is no point {key}.")
        # Refusals are on record too: who tried what is a question of security, not of success.
        if driver is None or point.limits is None:
            message = f"{point.spec.title} cannot be written on {point.asset}."
            return await self._turn_away(entry, BAD_NOT_WRITABLE, message)
        if refusal := out_of_range(point.spec, point.limits, value):
            return await self._turn_away(entry, refusal.status, refusal.message)
        async with self._turn[point.index]:
            # Taken anew: the value before is that of the write which this one waited for.
            entry = replace(entry, time=self._clock.now(), old=self._old(point))
            return await self._carry_out(entry, point, driver, value)

    async def set_up(
        self, device: str, what: str, send: Callable[[], Awaitable[WriteOutcome]]
    ) -> None:
        """Carry out a start-up write of a device (``hp1.controller``), as the twin's own."""
        entry = replace(
            self._entry(device, math.nan, TWIN, "start-up", what), requested=None, old=None
        )
        try:
            number = await self._audit.append(entry)
            outcome = await send()
            status = GOOD if outcome.state is WriteState.CONFIRMED else outcome.status
            await self._audit.complete(
                number, status=status, read_back=None, message=outcome.message
            )
        # What cannot be recorded is not done; the device is read all the same.
        except AuditError as error:
            log.error("start-up write not carried out", device=device, error=str(error))

    async def refuse(self, refused: RefusedWrite) -> None:
        """Record an attempt that was turned away before it got here."""
        entry = self._entry(
            refused.key, refused.value, refused.user, refused.origin, refused.reason
        )
        await self._turn_away(entry, refused.status, refused.message)

    async def _carry_out(
        self, entry: AuditEntry, point: Point, driver: Driver, value: float
    ) -> CommandResult:
        try:
            # First on record as not complete, then on the wire: a write that ends with a power
            # cut must not have happened without a trace.
            number = await self._audit.append(entry)
        except AuditError as error:
            log.error("command not carried out", key=point.key, user=entry.user, error=str(error))
            message = f"Nothing was written, because it cannot be recorded: {error}."
            return _result(entry, BAD_RESOURCE_UNAVAILABLE, None, message)
        outcome = await self._send(point.index, value, driver, entry.user)
        status, message = _judge(outcome, point, value)
        try:
            # A failure here cannot undo the write, so the result stands and its message tells the
            # gap.
            await self._audit.complete(
                number, status=status, read_back=outcome.read_back, message=message
            )
        except AuditError as error:
            log.error("outcome not recorded", key=point.key, message=message, error=str(error))
            message = Phrase(
                "{outcome} The audit log has the attempt, but not this outcome.", outcome=message
            )
        return _result(entry, status, outcome.read_back, message)

    async def _send(self, index: int, value: float, driver: Driver, user: str) -> WriteOutcome:
        written = self.authors.begin(index, value, user, self._clock.now())
        read_back = None
        try:
            outcome = await driver.write(index, value)
            read_back = outcome.read_back
        # The request may have left before the error: unknown is the only honest outcome.
        except DriverError as error:
            outcome = WriteOutcome(WriteState.UNKNOWN, UNCERTAIN, None, str(error))
        finally:
            # Also if it was cancelled: what the device shows much later is not of this write.
            self.authors.end(written, read_back, self._clock.now())
        if outcome.state is WriteState.REFUSED:
            self.authors.discard(index, written)
        return outcome

    async def _turn_away(self, entry: AuditEntry, status: int, message: str) -> CommandResult:
        entry = replace(entry, status=status, message=message, complete=True)
        # Noted and not appended: nothing is to be kept from happening, and who repeats it without
        # end must not fill the disk.
        await self._audit.note(entry)
        return _result(entry, status, None, message)

    def _entry(self, key: str, value: float, user: str, origin: str, reason: str) -> AuditEntry:
        point = self._table.by_key.get(key)
        return AuditEntry(
            time=self._clock.now(),
            user=user,
            origin=origin,
            key=key,
            old=None if point is None else self._old(point),
            requested=value,
            read_back=None,
            status=UNCERTAIN,
            # What an entry says if the twin ends before `complete`: the truth then, and replaced
            # otherwise.
            message="The outcome is not on record.",
            reason=reason,
            complete=False,
        )

    def _old(self, point: Point) -> float | None:
        value = float(self._image.value[point.index])
        return None if is_bad(int(self._image.status[point.index])) or math.isnan(value) else value


def _judge(outcome: WriteOutcome, point: Point, value: float) -> tuple[int, str]:
    """Return the status and the sentence for the write outcome that a driver reports."""
    title, asked = point.spec.title, value_text(point.spec, value)
    held = value_text(point.spec, outcome.read_back)
    because = outcome.message.rstrip(".")
    match outcome.state:
        case WriteState.CONFIRMED:
            return GOOD, Phrase("{point} is {value}.", point=title, value=held)
        case WriteState.MISMATCH:
            return (
                BAD_DEVICE_FAILURE,
                f"{title} is {held} although {asked} was written: {because}. The device may limit "
                "the value itself, or follow another source.",
            )
        case WriteState.REFUSED:
            # A device may refuse with a status that is not Bad; a refused write must never look
            # done.
            status = outcome.status if is_bad(outcome.status) else BAD_INVALID_STATE
            return status, f"{title} was not changed: {because}."
        case WriteState.UNKNOWN:
            return UNCERTAIN, Phrase(
                "{value} was sent for {point}: {doubt}. Look at the value before trying again.",
                value=asked,
                point=title,
                doubt=because,
            )


def _result(entry: AuditEntry, status: int, read_back: float | None, message: str) -> CommandResult:
    old = math.nan if entry.old is None else entry.old
    requested = math.nan if entry.requested is None else entry.requested
    return CommandResult(status, old, requested, read_back, message)
