"""The deriver: compute derived points when their inputs arrive, and feed them to the image."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import structlog

from heatpump_twin.config.catalogue import PointRole, PointTable
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_OUT_OF_RANGE, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED
from heatpump_twin.twin_engine.derive.asset_deriver import AssetDeriver
from heatpump_twin.twin_engine.derive.derivation import Derivation
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR, day_of
from heatpump_twin.twin_engine.derive.energy.energy_curve import SEEN
from heatpump_twin.twin_engine.derive.plausibility.plausibility import Plausibility
from heatpump_twin.twin_engine.derive.record_check import COMPUTED
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.sample import Sample

log = structlog.stdlib.get_logger(__name__)

_MOST_READINGS = 200_000
"""More than one reading of a counter per second for a day is not needed."""
_NEWEST = 8
"""Samples before midnight that are looked through for one that has a value."""
_ABSENCE = 60 * 24 * HOUR
"""What a counter gained while the twin was away is spread over the days up to this long."""
_NOBODY = -1
_NOT_REPORTED = (
    *COMPUTED,
    PointRole.EXPECTED,
    PointRole.COMPARED,
    PointRole.PREDICTED,
    PointRole.JUDGED,
)


class Deriver:
    """Deriver of all heat pumps: computes derived points from the image, frame by frame.

    It has what is measured judged before the image holds it (`Plausibility`).
    """

    def __init__(
        self,
        image: Image,
        site: Site,
        history: HistoryReader,
        clock: Clock,
        derivation: Derivation | None = None,
    ) -> None:
        self._image = image
        self._derivation = derivation
        self._history = history
        self._clock = clock
        self._zone = ZoneInfo(site.site.timezone)
        self._plausibility = Plausibility(image, site, clock)
        self._assets: list[_Asset] = []
        self._asset_of_input = np.empty(0, dtype=np.int64)
        self.grow()
        for heat_pump in site.heat_pumps:
            self._follow(heat_pump)

    async def start(self) -> None:
        """Restore the day's energy counters from the history."""
        for asset in self._assets:
            await self._restore(asset)

    async def add(self, heat_pump: HeatPump) -> None:
        """Add a heat pump whose points are in the table."""
        await self._restore(self._follow(heat_pump))

    def grow(self) -> None:
        """Append rows for points added to the table; nothing is derived from them yet."""
        more = np.full(len(self._image.table) - len(self._asset_of_input), _NOBODY)
        self._asset_of_input = np.append(self._asset_of_input, more)
        self._plausibility.grow()

    def remove(self, asset: str) -> None:
        """Remove a heat pump: its points are judged and derived no more."""
        self._plausibility.remove(asset)
        for number, known in enumerate(self._assets):
            if known.name == asset:
                # The place in the list stays: the numbers of the others are in the array.
                self._asset_of_input[self._asset_of_input == number] = _NOBODY

    def _follow(self, heat_pump: HeatPump) -> _Asset:
        table = self._image.table
        inputs = _inputs(table, heat_pump.id)
        deriver = AssetDeriver(inputs, heat_pump.plate, self._zone, heat_pump.id, self._derivation)
        asset = _Asset(table, heat_pump.id, deriver)
        self._asset_of_input[list(asset.inputs.values())] = len(self._assets)
        self._assets.append(asset)
        self._plausibility.add(heat_pump)
        return asset

    async def _restore(self, asset: _Asset) -> None:
        now = self._clock.now()
        midnight, _ = day_of(now, self._zone)
        for counter, memory in asset.deriver.recalling():
            key = f"{asset.name}.{counter}"
            try:
                before = await self._history.read_raw(
                    key, midnight - _ABSENCE, midnight - SEEN, limit=_NEWEST, reverse=True
                )
                recorded = await self._history.read_raw(
                    key, midnight - SEEN, now, limit=_MOST_READINGS
                )
            # A day that begins at zero, said in the log, is better than a site that waits for a
            # database.
            except DatabaseAway as error:
                log.warning("today's energy starts at zero", point=key, error=str(error))
                continue
            try:
                memory.restore(counter, Samples.concat([before[::-1], recorded]))
            except Exception:  # the boundary of one counter: the site starts all the same
                log.exception("today's energy starts at zero", point=key)

    def derive(self, frame: Frame) -> None:
        """Compute the derived points of a frame that is in the image. A sink of the image."""
        # Each heat pump once a frame, however many of its points the frame has. Its own derived
        # points come by here too, and nobody takes them: no input is derived (`_inputs`).
        affected = np.unique(self._asset_of_input[frame.point])
        for number in affected[affected >= 0].tolist():
            self._update(self._assets[number])

    def _update(self, asset: _Asset) -> None:
        image = self._image
        status = image.status[asset.index]
        # A number that cannot be is shown, and is no number to go on with.
        status[status == UNCERTAIN_ENGINEERING_UNITS_EXCEEDED] = BAD_OUT_OF_RANGE
        inputs = {
            point: Sample(value, status, time)
            for point, value, status, time in zip(
                asset.inputs,
                image.value[asset.index].tolist(),
                status.tolist(),
                image.time[asset.index].tolist(),
                strict=True,
            )
        }
        derived = asset.deriver.update(inputs)
        p = asset.outputs
        value, state, time = zip(*derived.values(), strict=True)
        frame = Frame(
            p, np.array(value, float), np.array(state, np.uint32), np.array(time, np.int64)
        )
        # Only what has changed goes on, or each frame of one point would send all derived ones to
        # every sink. NaN equals nothing, so its status alone tells whether it is news.
        same_value = (frame.value == image.value[p]) | np.isnan(frame.value)
        news = (frame.time != image.time[p]) | (frame.status != image.status[p]) | ~same_value
        image.ingest(Frame(p[news], frame.value[news], frame.status[news], frame.time[news]))


class _Asset:
    """Table indices of the inputs and the derived points of one heat pump."""

    def __init__(self, table: PointTable, name: str, deriver: AssetDeriver) -> None:
        points = table.by_asset[name]
        self.name = name
        self.deriver = deriver
        self.inputs = {point: points[point].index for point in sorted(deriver.inputs)}
        self.index = list(self.inputs.values())
        self.outputs = np.array([points[point].index for point in deriver.points], dtype=np.int32)


def _inputs(table: PointTable, asset: str) -> frozenset[str]:
    points = table.by_asset[asset]
    return frozenset(id_ for id_, point in points.items() if point.spec.role not in _NOT_REPORTED)
