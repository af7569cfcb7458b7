"""Where the inputs of the shadow lie in the image, for n heat pumps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import SITE, Point, PointTable
from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.status import BAD_OUT_OF_RANGE
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.sources import (
    HEATERS,
    SOURCE_TEMPERATURES,
    WATER_FLOWS,
    WATER_PAIRS,
)
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.shadow.expectation import FleetState
from heatpump_twin.twin_engine.model.shadow.reading import (
    ABSENT,
    ShadowReading,
    best_of,
    is_any_of,
    latest,
    latest_rows,
    preferred,
)
from heatpump_twin.twin_engine.model.shadow.room_state import RoomReadings

_PLAIN = ("operating_state", "thermal_power", "electrical_power", "cop")
_OF_WATER = ("supply_temperature", "supply_setpoint", "dhw_temperature")
_HUMIDITY = "outdoor_humidity"
_ROOM, _OUTDOORS = "room_temperature", ("outdoor_temperature", "ambient_temperature")
_LIGHT = "irradiance"
_RUNNING, _RESTING = (State.HEATING, State.HOT_WATER), (State.OFF, State.STANDBY)
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FleetInputs:
    """Indices of the inputs of n heat pumps, `ABSENT` where one has no such point."""

    plain: Sequence[Index]
    sources: Sequence[Index]
    waters: Sequence[tuple[Index, Index]]
    """Supply and return of each pair."""
    flows: Sequence[Index]
    heaters: Sequence[Index]
    water: Sequence[Index]
    humidity: Index
    room: Index
    outdoors: Sequence[Index]
    lights: Sequence[Index]
    """Irradiance as it is measured, and as the weather service has it."""
    of_machine: Index
    """What a state is made of, (k, n): `plain` to `water`, one after the other."""

    @classmethod
    def of(cls, table: PointTable, assets: Sequence[str], air: Sequence[bool]) -> FleetInputs:
        """Return where the inputs of some heat pumps lie; ``air``: whose heat is from the air."""
        known = [table.by_asset.get(asset, {}) for asset in assets]

        def places(point: str) -> Index:
            return np.array([_index(own, point) for own in known], dtype=np.int64)

        # Outdoor air tells nothing of a borehole.
        outdoor = np.array(air, dtype=bool)
        first, *others = SOURCE_TEMPERATURES
        sources = [places(first), *(np.where(outdoor, places(p), ABSENT) for p in others)]
        whole = table.by_asset.get(SITE, {})
        of_site = {
            point: np.full(len(assets), _index(whole, point))
            for point in (_HUMIDITY, _OUTDOORS[0], _LIGHT, f"forecast_{_LIGHT}")
        }
        humidity = places(_HUMIDITY)
        plain, flows, heaters, water = (
            [places(point) for point in points]
            for points in (_PLAIN, WATER_FLOWS, HEATERS, _OF_WATER)
        )
        waters = [(places(supply), places(back)) for supply, back in WATER_PAIRS]
        pairs = (index for pair in waters for index in pair)
        return cls(
            plain,
            sources,
            waters,
            flows,
            heaters,
            water,
            np.where(humidity >= 0, humidity, of_site.pop(_HUMIDITY)),
            places(_ROOM),
            [*(places(point) for point in _OUTDOORS), of_site.pop(_OUTDOORS[0])],
            [places(_LIGHT), *of_site.values()],
            np.stack([*plain, *sources, *pairs, *flows, *heaters, *water]),
        )

    def inputs(self) -> Index:
        """Return all indices: (k, n)."""
        return np.stack([*self.of_machine, self.room, *self.outdoors[: len(_OUTDOORS)]])

    def now(self, image: Image, ice: Values, warming: Values) -> FleetState:
        """Return what is known of the heat pumps now."""
        rows = latest_rows(image, self.of_machine)
        state, heat, power, cop = islice(rows, len(_PLAIN))
        sources = list(islice(rows, len(self.sources)))
        pairs = [(next(rows), next(rows)) for _ in self.waters]
        flows = list(islice(rows, len(self.flows)))
        heaters = list(islice(rows, len(self.heaters)))
        supply, setpoint, tank = rows
        on = [
            (heater.bad | (heater.value != 0.0)) & (index >= 0)
            for heater, index in zip(heaters, self.heaters, strict=True)
        ]
        return FleetState(
            state, self._source(sources), self._water(pairs), heat, power, cop,
            best_of(flows, [index >= 0 for index in self.flows]), supply, setpoint, tank,
            np.any(on, axis=0), ice, warming, is_any_of(state, _RUNNING),
            is_any_of(state, _RESTING),
        )  # fmt: skip

    def _source(self, found: Sequence[ShadowReading]) -> ShadowReading:
        """Return the temperature of what enters each machine."""
        # One that cannot be stays the first: the machine goes by it, and what a fault-free one
        # would do at another temperature tells nothing of it.
        unusable = [r.bad & (r.status != BAD_OUT_OF_RANGE) for r in found]
        return preferred(found, unusable, [index >= 0 for index in self.sources])

    def rooms(self, image: Image, heat: ShadowReading) -> RoomReadings:
        """Return what is known of the rooms, with the heat that they get."""
        outdoor, light = (
            best_of([latest(image, one) for one in choices], [one >= 0 for one in choices])
            for choices in (self.outdoors, self.lights)
        )
        return RoomReadings(latest(image, self.room), outdoor, light, heat)

    def humid(self, image: Image) -> ShadowReading:
        """Return the relative humidity of the air at each; Bad where nobody measures it."""
        return latest(image, self.humidity)

    def _water(self, pairs: Sequence[tuple[ShadowReading, ShadowReading]]) -> ShadowReading:
        """Return the leaving water of the first pair of sensors that is usable as a whole."""
        supplies, there = [], []
        for (first, second), (supply, back) in zip(pairs, self.waters, strict=True):
            bad = second.bad & ~first.bad
            supplies.append(first._replace(value=np.where(bad, np.nan, first.value)))
            there.append((supply >= 0) & (back >= 0))
        return best_of(supplies, there)


def _index(points: Mapping[str, Point], point: str) -> int:
    found = points.get(point)
    return ABSENT if found is None else found.index
