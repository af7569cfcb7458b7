"""Store the value of a setpoint before its first write, and release the override."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace

import numpy as np
import structlog

from heatpump_twin.config.catalogue import Point, PointKind
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import (
    BAD_RESOURCE_UNAVAILABLE,
    GOOD,
    UNCERTAIN,
    is_bad,
    is_good,
)
from heatpump_twin.twin_engine.commands.commands import TWIN, CommandHandler, CommandResult
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite
from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.override import Override, overridable
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import sentences, value_text

log = structlog.stdlib.get_logger(__name__)

_SAME = 1e-6
"""Two values that a device reads back are the same register or they are not."""
_NOT_KNOWN = Text("What it was before is not known, so it cannot be released.", Context.MESSAGES)
_NOT_LOADED = Text(
    "Nothing was written: the database that remembers what to release cannot be read.",
    Context.MESSAGES,
)
_NOTHING = Text("Nothing is overridden.", Context.MESSAGES)
_RELEASE = Text("release", Context.MESSAGES)
_TAKEN_BACK = Text("it was not taken in time, and is not to be taken later", Context.MESSAGES)


class OverrideBook:
    """Overrides of all heat pumps: a `CommandHandler` in front of the one that writes.

    Before the first write of a setting its last Good value is on disk; what cannot be remembered is
    not written. A write that brings the value back to what it was ends the override.
    """

    def __init__(
        self,
        image: Image,
        commands: CommandHandler,
        store: ProgramStore,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        self._image = image
        self._commands = commands
        self._store = store
        self._clock = clock
        self._changed = changed
        self._points: dict[str, Point] = {}
        self._watched = np.empty(0, dtype=bool)
        self._last_good = np.empty(0)
        self._active: dict[str, Override] | None = None
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._written_at: dict[str, int] = {}
        self.grow()
        image.subscribe(self._note)

    def grow(self) -> None:
        """Watch the points added to the table. Active overrides stay."""
        image, first = self._image, len(self._watched)
        more = [image.table[index] for index in range(first, len(image.table))]
        self._points |= {point.key: point for point in more if overridable(point)}
        watched = np.array([overridable(point) for point in more], dtype=bool)
        self._watched = np.append(self._watched, watched)
        # Only Good values: a release would write a doubtful one back as if the owner had set it.
        known = image.status[first:] >> 30 == GOOD
        self._last_good = np.append(self._last_good, np.where(known, image.value[first:], np.nan))

    def restore(self, overrides: Mapping[str, Override]) -> None:
        """Load the overrides of the last run; nothing is written before this."""
        self._active = dict(overrides)

    def of(self, asset: str) -> Mapping[str, Override]:
        """Return the active overrides of a heat pump, by point id, in the table's order."""
        points = self._image.table.by_asset.get(asset, {})
        active = self._active or {}
        return {p.id: active[p.key] for p in points.values() if p.key in active}

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has a setting that could be overridden."""
        return any(point.asset == asset for point in self._points.values())

    async def write(
        self, key: str, value: float, *, user: str, origin: str, reason: str = ""
    ) -> CommandResult:
        """Write a point; see `Commands.write`."""
        point = self._points.get(key)
        if point is None:
            return await self._commands.write(key, value, user=user, origin=origin, reason=reason)
        # The value before and the write belong together: a second caller between them would take
        # the first one's value for the owner's.
        async with self._turn[key]:
            try:
                # On disk before the wire: after a crash between the two a release writes back
                # what is there already; in the other order the owner's value would be lost.
                before = await self._remembered(point, user)
            except ProgramStoreError as error:
                log.error("command not carried out", key=key, user=user, error=str(error))
                status = BAD_RESOURCE_UNAVAILABLE
                refused = RefusedWrite(key, value, user, origin, status, _NOT_LOADED, reason)
                await self._commands.refuse(refused)
                return CommandResult(status, math.nan, value, None, _NOT_LOADED)
            result = await self._commands.write(key, value, user=user, origin=origin, reason=reason)
            return await self._settled(point, before, result)

    def holds(self, key: str) -> bool:
        """Tell whether an override is active and known to hold a value."""
        override = (self._active or {}).get(key)
        return override is not None and override.written is not None

    def last_write(self, key: str) -> int | None:
        """Return when this run wrote an override last. [µs since the Unix epoch]"""
        return self._written_at.get(key)

    def in_hand(self, key: str) -> bool:
        """Tell whether a write of a point is under way."""
        return key in self._turn and self._turn[key].locked()

    async def take_back(self, key: str, value: float, *, user: str, origin: str) -> None:
        """Write a value again that a point is thought to have; no override begins or ends."""
        async with self._turn[key]:
            await self._commands.write(key, value, user=user, origin=origin, reason=_TAKEN_BACK)

    async def refresh(self, key: str) -> None:
        """Write an override's value again, as the twin's own.

        Not while the device is away: the attempts would fill the audit.
        """
        point = self._points[key]
        async with self._turn[key]:
            override = (self._active or {}).get(key)
            away = is_bad(int(self._image.status[point.index]))
            if override is None or override.written is None or away:
                return
            # Past `write`: a refresh neither begins nor ends an override, and what a device reads
            # back instead is not what was asked for.
            self._written_at[key] = self._clock.now()
            await self._commands.write(
                key,
                override.written,
                user=TWIN,
                origin="refresh",
                reason=Phrase("set by {user}; the device falls back by itself", user=override.user),
            )

    async def refuse(self, refused: RefusedWrite) -> None:
        """Record an attempt that was turned away before it got here."""
        await self._commands.refuse(refused)

    async def release(
        self, asset: str, *, user: str, origin: str, points: Collection[str] | None = None
    ) -> Verdict:
        """Release overrides of a heat pump, all or those of some points: write back the values."""
        overrides = {
            point: override
            for point, override in self.of(asset).items()
            if points is None or point in points
        }
        # The main switch comes last: what it switches on finds its settings in place.
        order = sorted(overrides, key=lambda point: point == "unit_enabled")
        if not order:
            return Verdict(GOOD, _NOTHING)
        results, words = [], []
        for point_id in order:
            override = overrides[point_id]
            # Also of one that may not be written any more: the write is refused, and says so.
            point = self._image.table.by_key[override.key]
            # Asked before the write, which makes the image show the released value.
            aside = self._changed_at_the_unit(point, override)
            result = await self.write(
                override.key, override.before, user=user, origin=origin, reason=_RELEASE
            )
            if is_good(result.status):
                await self._forget(override.key)
            results.append(result)
            words += [result.message, aside]
        done = sum(is_good(result.status) for result in results)
        if done == len(results):
            return Verdict(GOOD, sentences(words))
        count = Phrase("{done} of {all} released.", done=done, all=len(results))
        # A Bad status would say that nothing was done (and could carry no text to most clients).
        return Verdict(
            UNCERTAIN if done or not is_bad(results[0].status) else results[0].status,
            sentences([count, *words]),
        )

    def _note(self, frame: Frame) -> None:
        good = self._watched[frame.point] & (frame.status >> 30 == GOOD) & np.isfinite(frame.value)
        # Kept while the device is away: the last Good value is what the owner will expect to get
        # back.
        self._last_good[frame.point[good]] = frame.value[good]

    async def _remembered(self, point: Point, user: str) -> Override | None:
        """Return the override of a point, stored if new; None: its value before is not known."""
        if self._active is None:
            raise ProgramStoreError("it was not read yet")
        known = self._active.get(point.key)
        value = float(self._last_good[point.index])
        if known is not None or math.isnan(value):
            return known
        fresh = Override(point.key, value, None, self._clock.now(), user)
        await self._store.keep(fresh)
        return fresh

    async def _settled(
        self, point: Point, before: Override | None, result: CommandResult
    ) -> CommandResult:
        """Store, update or drop the override of a point after a write."""
        assert self._active is not None  # noqa: S101 (`_remembered` has seen it)
        known = point.key in self._active
        if before is None:
            message = sentences([result.message, _NOT_KNOWN]) if result.touched else result.message
            return replace(result, message=message)
        held = result.read_back
        if not result.touched:
            # Nothing reached the device, so a record made a moment ago for this write is not
            # true.
            if not known:
                await self._forget(point.key)
        # Somebody has written the old value by hand: that ends the override as a release does.
        elif held is not None and abs(held - before.before) < _SAME:
            await self._forget(point.key)
        else:
            self._active[point.key] = replace(before, written=held)
            self._written_at[point.key] = self._clock.now()
            self._changed(point.asset)
            await self._try(self._store.keep(self._active[point.key]), point.key)
        return result

    async def _forget(self, key: str) -> None:
        assert self._active is not None  # noqa: S101
        if self._active.pop(key, None) is not None:
            self._changed(self._points[key].asset)
        await self._try(self._store.drop(Override, key), key)

    async def _try(self, storing: Awaitable[None], key: str) -> None:
        """Store what has happened already; log a failure, as the write stands all the same."""
        try:
            await storing
        except ProgramStoreError as error:
            log.error("override not stored", key=key, error=str(error))

    def _changed_at_the_unit(self, point: Point, override: Override) -> str:
        index = point.index
        now = float(self._image.value[index])
        if override.written is None or not is_good(int(self._image.status[index])):
            return ""
        # Codes and switches are whole numbers: half of one is the middle between two of them.
        step = _SAME if point.spec.kind is PointKind.ANALOG else 0.5
        if abs(now - override.written) < step:
            return ""
        return Phrase(
            "(It had been changed at the unit, to {value}.)", value=value_text(point.spec, now)
        )
