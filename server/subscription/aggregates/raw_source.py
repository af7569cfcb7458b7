"""The samples that aggregates are computed of: of points in columns, of others one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from asyncua import ua

from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.server.subscription.point_rows import PointItem
from heatpump_twin.server.subscription.point_sampler import PointSampler
from heatpump_twin.server.subscription.sample_log import REPORTING, SampleLog
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples

WITH_TIME = int(ua.DataChangeTrigger.StatusValueTimestamp)
ONLY = 1
"""Id of the one item that the log of a source has."""


class RawSource(Protocol):
    """Where an aggregate has its samples from."""

    def take(self, now: int) -> Samples:
        """Return what was sampled since the last time, up to now [µs]."""
        ...

    def close(self) -> None:
        """Sample no more."""
        ...


class PointSource:
    """The samples of a point, with a row and a log of their own, beside those of clients."""

    def __init__(self, sampler: PointSampler, point: int, kind: int, gap: float, room: int) -> None:
        self._sampler = sampler
        self.log = SampleLog(sampler.rows)
        self.log.capacity = room
        self._place = sampler.open_aside(self)
        asked = PointItem(
            row=sampler.rows.take(), point=point, place=self._place, item=ONLY, kind=kind,
            mode=REPORTING, handle=0, size=room, oldest=True, stamps=0,
            gap=gap, band=0.0, percent=0.0, trigger=WITH_TIME,
        )  # fmt: skip
        self._rows = sampler.rows.fill([asked])
        sampler.add(self._rows)
        sampler.watch(self._rows)

    def fire(self, item: int) -> None:
        """Have nothing reported: nothing is linked to a source."""

    def take(self, now: int) -> Samples:  # noqa: ARG002 - samples have their own times
        """Return what was sampled since the last time."""
        self._sampler.catch_up()
        taken = self.log.take(int(self._sampler.rows.table["size"][self._rows[0]]))
        return Samples(taken.value, taken.status, taken.time)

    def close(self) -> None:
        """Sample no more."""
        self._sampler.close(self._place, self._rows)


class ListenedSource:
    """The samples of any other number: it is heard when it changes, and stands in between."""

    def __init__(
        self,
        aspace: TwinAddressSpace,
        node: ua.NodeId,
        stored: ua.DataValue,
        clock: Callable[[], int],
        step: int,
    ) -> None:
        self._aspace = aspace
        self._clock = clock
        self._step = step
        """Sampling interval. [µs]"""
        self._next = clock()
        """When the next sample is due. [µs]"""
        self._heard: list[tuple[int, float, int]] = [(self._next, *_plain(stored))]

        async def listen(_handle: int, value: ua.DataValue) -> None:
            self._heard.append((self._clock(), *_plain(value)))

        _, self._listener = aspace.add_datachange_callback(node, ua.AttributeIds.Value, listen)

    def take(self, now: int) -> Samples:
        """Return a sample for each interval of sampling that has begun."""
        if self._next > now:
            return NO_SAMPLES
        time = np.arange(self._next, now + 1, self._step)
        self._next = int(time[-1]) + self._step
        heard, value, status = (np.array(column) for column in zip(*self._heard, strict=True))
        at = np.maximum(np.searchsorted(heard, time, "right") - 1, 0)
        self._heard = self._heard[-1:] if int(heard[-1]) <= now else self._heard[int(at[-1]) :]
        return Samples(value[at].astype(np.float64), status[at].astype(np.uint32), time)

    def close(self) -> None:
        """Listen no more."""
        self._aspace.delete_datachange_callback(self._listener)


def _plain(value: ua.DataValue) -> tuple[float, int]:
    number = content(value)
    status = int(value.StatusCode.value) if value.StatusCode is not None else 0
    return (float(number) if isinstance(number, bool | int | float) else np.nan), status
