"""A monitored attribute that is no point of the image: status, text, array, structure."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from asyncua import ua

from heatpump_twin.server.space.index_range import parsed, part_of
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.space.value_rows import SERVER, SOURCE, STAMPS
from heatpump_twin.server.subscription.item_settings import ItemSettings
from heatpump_twin.server.subscription.sample_log import OVERFLOW

OBJECT = 30
"""Values that take as much memory as an item that is an object."""


class ValueItem:
    """One monitored item whose values are objects; they come when they change."""

    def __init__(
        self,
        number: int,
        target: ua.ReadValueId,
        settings: ItemSettings,
        mode: ua.MonitoringMode,
        stamps: ua.TimestampsToReturn,
        news: Callable[[ValueItem], None],
    ) -> None:
        self.number = number
        self.target = target
        self.settings = settings
        self.mode = mode
        self.stamps = stamps
        self.listener = 0
        """Handle of its listener in the address space."""
        self.triggered = False
        self._news = news
        self._queue: deque[ua.DataValue] = deque()
        self._latest: ua.DataValue | None = None
        self._old: ua.DataValue | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def handle(self) -> int:
        """The client's handle."""
        return self.settings.handle

    @property
    def queued(self) -> int:
        """Number of values that wait."""
        return len(self._queue)

    @property
    def room(self) -> int:
        """Values that it may hold, itself counted as some."""
        return self.settings.size + OBJECT

    @property
    def reportable(self) -> bool:
        """Whether there is something to report."""
        return bool(self._queue) and (self.mode is ua.MonitoringMode.Reporting or self.triggered)

    def take(self, most: int) -> list[ua.MonitoredItemNotification]:
        """Return what is to be reported, ``most`` at most, and forget it."""
        count = min(most, len(self._queue))
        taken = [
            ua.MonitoredItemNotification(self.handle, self._stamped(self._queue.popleft()))
            for _ in range(count)
        ]
        self.triggered &= bool(self._queue)
        return taken

    def change(self, settings: ItemSettings, stamps: ua.TimestampsToReturn) -> None:
        """Take other settings; what is queued stays, as far as it fits."""
        self.settings, self.stamps = settings, stamps
        waiting, self._queue = list(self._queue), deque()
        for value in waiting:
            self._put(value)
        self._due = 0.0
        if self._timer is not None:
            self.stop()
            if self._latest is not None:
                self.offer(self._latest)

    def set_mode(self, mode: ua.MonitoringMode) -> None:
        """Sample, report or do neither from now on."""
        self.mode = mode
        if mode is ua.MonitoringMode.Disabled:
            self.stop()
            self._queue.clear()
            self._old = None
            self._due = 0.0

    def restart(self, value: ua.DataValue) -> None:
        """Report a value whatever the filter says, as it is the first or was asked for."""
        self._old = None
        self._due = 0.0
        self.offer(value)

    def stop(self) -> None:
        """Wait for no sample any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def offer(self, value: ua.DataValue) -> None:
        """Sample a new value, at once or when the next sample is due."""
        if self.mode is ua.MonitoringMode.Disabled:
            return
        self._latest = value
        gap = self.settings.gap
        if gap:
            if self._timer is not None:
                return
            loop = asyncio.get_running_loop()
            now = loop.time()
            if self._due > now:
                self._timer = loop.call_at(self._due, self._wake)
                return
            self._due = self._due + gap if self._due + gap > now else now + gap
        self._sample(value)

    def _wake(self) -> None:
        self._timer = None
        self._due += self.settings.gap
        if self._latest is not None:
            self._sample(self._latest)

    def _sample(self, value: ua.DataValue) -> None:
        value = self._part(value)
        # The dead band is measured from what was last reported: a slow drift must not stay unseen.
        if self._old is None or _passes(self.settings, self._old, value):
            self._old = value
            self._put(value)
            self._news(self)

    def _put(self, value: ua.DataValue) -> None:
        queue, size = self._queue, self.settings.size
        if len(queue) < size:
            queue.append(value)
        elif size == 1:
            queue[0] = value
        elif self.settings.oldest:
            queue.popleft()
            queue[0] = _overflown(queue[0])
            queue.append(value)
        else:
            queue[-1] = _overflown(value)

    def _part(self, value: ua.DataValue) -> ua.DataValue:
        """Return what is reported of a value: of an array or text, the index range."""
        span = parsed(self.target.IndexRange) if self.target.IndexRange else None
        if span is None or (value.StatusCode is not None and value.StatusCode.is_bad()):
            return value
        part = part_of(value.Value, span)
        nothing = status_code(ua.StatusCodes.BadIndexRangeNoData)
        return replace(value, Value=part, StatusCode=value.StatusCode if part else nothing)

    def _stamped(self, value: ua.DataValue) -> ua.DataValue:
        wanted = STAMPS[self.stamps]
        return replace(
            value,
            SourceTimestamp=value.SourceTimestamp if wanted & SOURCE else None,
            ServerTimestamp=value.ServerTimestamp if wanted & SERVER else None,
        )


def _overflown(value: ua.DataValue) -> ua.DataValue:
    code = int(value.StatusCode.value) if value.StatusCode else 0
    return replace(value, StatusCode=status_code(code | OVERFLOW))


def _passes(settings: ItemSettings, old: ua.DataValue, new: ua.DataValue) -> bool:
    """Tell whether a data change passes the filter of its item (OPC 10000-4, 7.22.2)."""
    # A new status passes every trigger and every dead band: a value that turned Bad is news.
    if old.StatusCode != new.StatusCode:
        return True
    if settings.trigger is ua.DataChangeTrigger.Status:
        return False
    before = old.Value.Value if old.Value else None
    now = new.Value.Value if new.Value else None
    if settings.band and _within(before, now, settings.band):
        return False
    if before != now:
        return True
    return (
        settings.trigger is ua.DataChangeTrigger.StatusValueTimestamp
        and old.SourceTimestamp != new.SourceTimestamp
    )


def _within(before: Any, now: Any, band: float) -> bool:
    """Tell whether a number, or each of an array, is within its dead band (OPC 10000-8, 7.2)."""
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(
            _within(one, other, band) for one, other in zip(before, now, strict=True)
        )
    both = isinstance(before, int | float) and isinstance(now, int | float)
    return both and abs(now - before) <= band
