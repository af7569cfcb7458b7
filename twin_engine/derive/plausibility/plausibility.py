"""Judge measured values before anything follows from them, and tell which sensor is not believed.

The value stays as it was polled; its status says what it is good for:

=============================  =====================================================
status                         what follows from the value
=============================  =====================================================
UncertainEngineeringUnitsExceeded  nothing: derived points take it for Bad
UncertainSensorNotAccurate     what follows is Uncertain as well
=============================  =====================================================
"""

from __future__ import annotations

import numpy as np

from heatpump_twin.config.catalogue import PointRole
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.frame import Frame, Statuses
from heatpump_twin.drivers.status import (
    BAD,
    GOOD,
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED,
    UNCERTAIN_INITIAL_VALUE,
    UNCERTAIN_SENSOR_NOT_ACCURATE,
)
from heatpump_twin.twin_engine.derive.plausibility.contradictions import (
    CONTRADICTIONS,
    METER_HEAT,
    ContradictionWatch,
)
from heatpump_twin.twin_engine.derive.plausibility.flat_lines import FLAT_LINES, FlatLineWatch
from heatpump_twin.twin_engine.derive.plausibility.fleet_view import FleetView, Mask
from heatpump_twin.twin_engine.derive.plausibility.implausibility import (
    JUDGED_POINTS,
    OTHER_SENSOR,
    Implausibility,
    sensor_codes,
)
from heatpump_twin.twin_engine.derive.plausibility.pair_offset import PairOffset
from heatpump_twin.twin_engine.derive.plausibility.possible_values import Place
from heatpump_twin.twin_engine.derive.plausibility.value_limits import ValueLimits
from heatpump_twin.twin_engine.derive.sources import WATER_PAIRS
from heatpump_twin.twin_engine.image import Image

PERIOD = 1.0
"""How often what contradicts each other is looked at. [s]"""
_LONGEST = 120.0
"""Of a longer time without a frame nothing is known. [s]"""
_NONE = np.int8(Implausibility.NONE)


class Plausibility:
    """Judge of all measured values: each frame passes it before the image holds it."""

    def __init__(self, image: Image, site: Site, clock: Clock) -> None:
        self._image, self._clock = image, clock
        self._latitude = site.site.latitude
        self._limits = ValueLimits()
        self._view = FleetView()
        self._places: dict[str, int] = {}
        self._contradictions = [ContradictionWatch(record) for record in CONTRADICTIONS]
        self._flat_lines = [FlatLineWatch(record) for record in FLAT_LINES]
        self._offset = PairOffset()
        self._looked = clock.now()
        n = 0
        self._owner = np.empty(n, dtype=np.int64)
        """The heat pump that each point of the table is judged for; -1: it is not judged."""
        self._polled: Statuses = np.empty(n, dtype=np.uint32)
        """The statuses that the devices gave."""
        self._alone = np.empty(n, dtype=np.int8)
        """Reason by the sensor's own samples."""
        self._among = np.empty(n, dtype=np.int8)
        """Reason by what others show."""
        self._follows = np.empty(n, dtype=bool)
        """Made in a device from sensors that are not believed: no sensor itself."""
        self._code = np.empty(n, dtype=np.int64)
        self._told = np.empty((len(JUDGED_POINTS), 0), dtype=np.int64)
        self.grow()
        image.judge = self.judge

    def grow(self) -> None:
        """Append points added to the table; they are not judged yet."""
        size = len(self._image.table)
        n = size - len(self._owner)
        self._owner = np.append(self._owner, np.full(n, -1))
        self._polled = np.append(self._polled, np.full(n, BAD, dtype=np.uint32))
        self._alone = np.append(self._alone, np.full(n, _NONE))
        self._among = np.append(self._among, np.full(n, _NONE))
        self._follows = np.append(self._follows, np.zeros(n, dtype=bool))
        self._code = np.append(self._code, np.full(n, OTHER_SENSOR))
        self._limits.grow(size)

    def add(self, heat_pump: HeatPump) -> None:
        """Judge the measured points of a heat pump from now on."""
        points = self._image.table.by_asset[heat_pump.id]
        place = self._places[heat_pump.id] = self._view.add(points, heat_pump.plate)
        told = [points[point].index if point in points else -1 for point in JUDGED_POINTS]
        self._told = np.column_stack((self._told, told))
        codes = sensor_codes()
        judged = [point for point in points.values() if point.spec.role is PointRole.MEASURED]
        self._limits.know(judged, Place(heat_pump.plate, self._latitude))
        for point in judged:
            self._owner[point.index] = place
            self._code[point.index] = codes.get(point.id, OTHER_SENSOR)

    def remove(self, asset: str) -> None:
        """Judge the points of a heat pump no more."""
        place = self._places.pop(asset)
        self._view.remove(place)
        self._told[:, place] = -1
        self._owner[self._owner == place] = -1

    def judge(self, frame: Frame) -> Frame:
        """Return a frame with the statuses that its values deserve, and what else has changed."""
        p = frame.point
        # What is computed comes by here too, more often than what is measured.
        if not (self._owner[p] >= 0).any():
            return frame
        self._polled[p] = frame.status
        outside = self._limits.outside(frame)
        jumped = self._limits.jumped(frame, (frame.status < BAD) & ~outside)
        # A product and no `where`: this runs for each frame.
        self._alone[p] = Implausibility.OUT_OF_RANGE * outside + Implausibility.JUMP * jumped
        now = self._clock.now()
        if abs(now - self._looked) >= PERIOD * MICROSECONDS:
            # Before the frame is stored: what it brings is looked at the next time.
            more = self._look(min(abs(now - self._looked) / MICROSECONDS, _LONGEST), now)
            self._looked = now
            frame = Frame.concat((more, frame))
        status = self._lowered(frame.point)
        if status is not None:
            frame = Frame(frame.point, frame.value, status, frame.time)
        return frame

    def _lowered(self, p: np.ndarray) -> Statuses | None:
        """Return the statuses of some points as they deserve; None: as they were polled."""
        alone, among = self._alone[p], self._among[p]
        doubted = (alone | among) != _NONE
        if not doubted.any():
            return None
        polled = self._polled[p]
        doubted &= polled < BAD
        exceeded = alone == Implausibility.OUT_OF_RANGE
        lowered = np.where(
            exceeded, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED, UNCERTAIN_SENSOR_NOT_ACCURATE
        )
        return np.where(doubted, lowered, polled).astype(np.uint32)

    def _look(self, elapsed: float, now: int) -> Frame:
        """Look for contradictions; return the samples whose status changes, and what is told."""
        image, view = self._image, self._view
        view.look(image, elapsed)
        before = self._among
        self._among, self._follows = np.full_like(before, _NONE), np.zeros_like(self._follows)
        for watch in self._contradictions:
            record = watch.record
            self._blame(watch.found(view), record.blames, record.reason, record.follows)
        for line in self._flat_lines:
            self._blame(line.found(view), (line.record.point,), Implausibility.FLAT_LINE)
        self._blame(self._offset.found(view), WATER_PAIRS[0], Implausibility.OFFSET, METER_HEAT)
        changed = np.flatnonzero((before != self._among) & (self._polled < BAD)).astype(np.int32)
        again = Frame(
            changed, image.value[changed], self._polled[changed].copy(), image.time[changed]
        )
        return Frame.concat((again, self._tell(now)))

    def _blame(
        self,
        found: Mask,
        points: tuple[str, ...],
        reason: Implausibility,
        follows: tuple[str, ...] = (),
    ) -> None:
        if not found.any():
            return
        for point in (*points, *follows):
            index = self._view.indices(point)[found]
            index = index[index >= 0]
            known = self._among[index]
            self._among[index] = np.where(known == _NONE, reason, np.minimum(known, reason))
            self._follows[index] = point in follows

    def _tell(self, now: int) -> Frame:
        """Return what has changed of the points that name the sensor, the reason and the offset."""
        size = self._view.size
        value = np.zeros((len(JUDGED_POINTS), size))
        # Until a first rest with flow none is assumed, as by everybody who uses the pair.
        unknown = np.zeros(value.shape, dtype=bool)
        unknown[2] = np.isnan(self._offset.offset)
        value[2] = np.where(unknown[2], 0.0, self._offset.offset)
        reason = np.where(self._alone != _NONE, self._alone, self._among)
        named = np.flatnonzero((reason != _NONE) & ~self._follows & (self._owner >= 0))
        # The last one written stays: of several, that with the lowest reason.
        named = named[np.argsort(-reason[named], kind="stable")]
        value[0, self._owner[named]] = self._code[named]
        value[1, self._owner[named]] = reason[named]
        status = np.where(unknown, UNCERTAIN_INITIAL_VALUE, GOOD).astype(np.uint32)
        there = self._told >= 0
        p, value, status = self._told[there].astype(np.int32), value[there], status[there]
        old, was = self._image.value[p], self._image.status[p]
        news = (status != was) | (value != old)
        self._polled[p] = status
        return Frame.of(p[news], value[news], status[news], now)
