"""The shadow of all heat pumps: expected values, residuals and their memory, in batches.

Frames come device by device; the shadow computes all heat pumps at once, whenever the source time
of frames enters another second, and when what came since has `settled`. A history has the frames of
a second in one, so that it says the same as live; and 250 heat pumps cost little more than one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import structlog
from numpy.typing import NDArray

from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.frame import Frame, Statuses, Times, Values
from heatpump_twin.drivers.status import BAD, BAD_INTERNAL_ERROR, BAD_NO_DATA, GOOD
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.machine.power_model import NORMAL_90
from heatpump_twin.twin_engine.model.shadow.expectation import FleetState, expectations
from heatpump_twin.twin_engine.model.shadow.expected_room import (
    expected_room,
    gains,
    heat_into_rooms,
)
from heatpump_twin.twin_engine.model.shadow.expected_water import expected_water
from heatpump_twin.twin_engine.model.shadow.fleet_inputs import FleetInputs
from heatpump_twin.twin_engine.model.shadow.fleet_models import FleetModels, ShadowModel
from heatpump_twin.twin_engine.model.shadow.ice_state import IceState
from heatpump_twin.twin_engine.model.shadow.reading import ShadowReading, following
from heatpump_twin.twin_engine.model.shadow.room_state import RoomReadings, RoomState
from heatpump_twin.twin_engine.model.shadow.run_residuals import RunMoment, RunResiduals
from heatpump_twin.twin_engine.model.shadow.shadow_points import (
    BY_LOAD,
    DAMPED,
    HOUSE,
    ICE,
    LOAD,
    OF_RUNS,
    SOURCE,
    shadow_points,
)
from heatpump_twin.twin_engine.model.shadow.water_state import WaterState
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

log = structlog.stdlib.get_logger(__name__)

PERIOD = MICROSECONDS
"""Heat pumps are computed when frames enter the next of these. [µs]"""
_BACK = 60 * MICROSECONDS
"""A clock that was set back by more is believed. [µs]"""
UNSEEN = 0.02
"""By how much more than its interval says a model is off in weather that it has not seen, as one
standard deviation: calibrated on a month, runs of the next are off by 1 to 3 %. [-]"""
_OF_MACHINE = ("cop", "electrical_power", "thermal_power")
_PERCENT = 100.0
_KEEPS = 3600 * MICROSECONDS
"""Ice and damped air of so long ago are no guess any more. [µs]"""
_NOBODY = -1


class Shadow:
    """Shadow of the heat pumps of a site, a sink of the image behind the deriver.

    Parameters
    ----------
    models
        Calibrated models by heat pump; the others have what their plates tell.
    period : int
        How often they are computed, by source time. [µs]
    """

    def __init__(
        self,
        image: Image,
        site: Site,
        history: HistoryReader,
        clock: Clock,
        models: Mapping[str, LearntModel] | None = None,
        period: int = PERIOD,
    ) -> None:
        self._image, self._history, self._clock = image, history, clock
        self._period = period
        self._assets: list[str] = []
        self._models: list[ShadowModel] = []
        self._plates: list[HeatPump] = []
        self._tick = -(2**62)
        self._waiting = False
        self._asset_of = np.full(len(image.table), _NOBODY)
        self._runs, self._ice, self._water = RunResiduals.of(0), IceState.of(0), WaterState.of(0)
        self._rooms, self._place = RoomState.of(0), HousePlace.of(site.site)
        self._follow([(p, (models or {}).get(p.id)) for p in site.heat_pumps])

    @property
    def heat_pumps(self) -> tuple[HeatPump, ...]:
        """Heat pumps that are compared."""
        return tuple(self._plates)

    async def start(self) -> None:
        """Restore ice and residuals by load from the history."""
        for place in range(len(self._assets)):
            await self._restore(place)

    async def add(self, heat_pump: HeatPump, model: LearntModel | None = None) -> None:
        """Add a heat pump whose points are in the table."""
        self._follow([(heat_pump, model)])
        if heat_pump.id in self._assets:
            await self._restore(self._assets.index(heat_pump.id))

    def remove(self, asset: str) -> None:
        """Remove a heat pump."""
        if asset in self._assets:
            kept = np.array([name != asset for name in self._assets], dtype=bool)
            self._keep(np.flatnonzero(kept))

    def grow(self) -> None:
        """Append rows for points added to the table; nothing is compared with them yet."""
        more = np.full(len(self._image.table) - len(self._asset_of), _NOBODY)
        self._asset_of = np.append(self._asset_of, more)

    def adopt(self, asset: str, model: LearntModel | None) -> None:
        """Compare a heat pump with another model from now on; None: with its plate."""
        place = self._assets.index(asset) if asset in self._assets else None
        if place is not None:
            before, self._models[place] = (
                self._models[place].room, _shadow_model(self._plates[place], model)
            )  # fmt: skip
            if not np.array_equal(before.a, self._models[place].room.a):
                self._rooms.begin_anew(place)
            self._arrange()

    def take(self, frame: Frame) -> None:
        """Take a frame that is in the image. A sink of the image."""
        places = self._asset_of[frame.point]
        if not (places >= 0).any():
            return
        self._waiting = True
        newest = int(frame.time[places >= 0].max())
        tick = newest // self._period
        if tick > self._tick or newest < self._tick * self._period - _BACK:
            self._tick = tick
            self.settle()

    def settle(self) -> None:
        """Compute what frames have brought since it was computed last, if they have."""
        if self._waiting and self._assets:
            self._waiting = False
            # What is not known is NaN, and nothing but NaN follows from it.
            with np.errstate(invalid="ignore", divide="ignore"):
                self._compute()

    def _compute(self) -> None:
        now = self._inputs.now(self._image, self._ice.level, self._water.warming)
        humidity = self._inputs.humid(self._image)
        self._ice.advance(self._fleet.frost, now.state, now.source, humidity)
        charging = now.state.value == State.HOT_WATER
        water = self._fleet.water
        self._water.advance(
            water.damping, now.state, now.source, now.tank, now.heat, now.water, charging
        )
        now = replace(now, warming=self._water.warming)
        found = expectations(self._fleet, now)
        found |= expected_water(water, now, self._water)
        rooms = self._inputs.rooms(self._image, heat_into_rooms(now))
        found |= self._expected_rooms(now, rooms)
        found |= self._residuals(now, rooms, found)
        found |= self._memories(now, found)
        self._publish(found)

    def _expected_rooms(self, now: FleetState, rooms: RoomReadings) -> dict[str, ShadowReading]:
        house = self._fleet.room

        def gained(time: int, light: Values) -> tuple[Values, Values]:
            return gains(house, self._place, time, light)

        # To know where the sun stands takes longer than all the rest.
        if np.isfinite(house.spread).any():
            self._rooms.advance(house, now.state, rooms, gained)
        return expected_room(house, now, rooms, self._rooms)

    def _residuals(
        self, now: FleetState, rooms: RoomReadings, found: Mapping[str, ShadowReading]
    ) -> dict[str, ShadowReading]:
        pairs = {
            "cop": now.cop, "electrical_power": now.power, "thermal_power": now.heat,
            "supply_setpoint": now.setpoint, "supply_temperature": now.supply,
            "dhw_temperature": now.tank, "room_temperature": rooms.room,
        }  # fmt: skip
        told = {}
        for point, measured in pairs.items():
            expected = found[f"expected_{point}"]
            residual = following(measured.value - expected.value, measured, expected)
            half = found[f"expected_{point}_uncertainty"].value
            unseen = UNSEEN * expected.value if point in _OF_MACHINE else 0.0
            deviation = np.hypot(half / NORMAL_90, unseen)
            told[f"{point}_residual"] = residual
            told[f"{point}_residual_score"] = following(residual.value / deviation, residual)
        return told

    def _memories(
        self, now: FleetState, found: Mapping[str, ShadowReading]
    ) -> dict[str, ShadowReading]:
        residual, expected = found["cop_residual"], found["expected_electrical_power"]
        good = (residual.status >> 30 == 0) & ~residual.bad
        relative = found["expected_electrical_power_uncertainty"].value / expected.value
        load = now.heat.value / self._fleet.power.prior.rated_capacity
        heat = found["expected_thermal_power"].value
        values = (
            now.power.value, expected.value, now.heat.value, heat, load,
            np.hypot(relative / NORMAL_90, UNSEEN),
        )  # fmt: skip
        moment = RunMoment(*map(np.nan_to_num, values))
        self._runs.take(now.state.time, good, now.resting, moment)
        told = {
            ICE: following(_PERCENT * self._ice.level, now.state, now.source),
            LOAD: following(_PERCENT * np.where(now.running, load, 0.0), now.state, now.heat),
            SOURCE: following(self._fleet.calibrated.astype(float), now.state),
        }
        rows = (*_PERCENT * self._runs.last, *self._runs.scores)
        for point, value in zip((*OF_RUNS, *BY_LOAD), rows, strict=True):
            known = np.isfinite(value)
            status = np.where(known, GOOD, BAD_NO_DATA).astype(np.uint32)
            told[point] = ShadowReading(value, status, self._runs.ended)
        return told

    def _publish(self, found: Mapping[str, ShadowReading]) -> None:
        image, outputs = self._image, self._outputs
        parts = [found[point] for point in outputs]
        point = np.concatenate([*outputs.values()])
        value: Values = np.concatenate([part.value for part in parts])
        status: Statuses = np.concatenate([part.status for part in parts])
        time: Times = np.concatenate([part.time for part in parts])
        there = point >= 0
        own = np.where(there, point, 0)
        value = np.where(status >= BAD, np.nan, value)
        # Of what was never there, such as a run, nobody knows when it was.
        time = np.where(time > 0, time, image.time[own])
        # Only what has changed goes on. NaN equals nothing, so its status alone tells.
        same = (value == image.value[own]) | np.isnan(value)
        news = there & ((time != image.time[own]) | (status != image.status[own]) | ~same)
        if news.any():
            image.ingest(Frame(point[news].astype(np.int32), value[news], status[news], time[news]))

    def _follow(self, pumps: list[tuple[HeatPump, LearntModel | None]]) -> None:
        table = self._image.table
        for pump, model in pumps:
            if ICE in table.by_asset.get(pump.id, {}):
                self._begin(pump, model)
        more = len(self._assets) - len(self._ice.level)
        self._runs = self._runs.joined(RunResiduals.of(more))
        self._ice = self._ice.joined(IceState.of(more))
        self._water = self._water.joined(WaterState.of(more))
        self._rooms = self._rooms.joined(RoomState.of(more))
        self._arrange()

    def _begin(self, pump: HeatPump, model: LearntModel | None) -> None:
        try:
            made = _shadow_model(pump, model)
        except Exception:  # the boundary of one heat pump: the others are compared as ever
            log.exception("a heat pump has no shadow", heat_pump=pump.id)
            own = self._image.table.by_asset[pump.id]
            index = [own[point].index for point in shadow_points(own)]
            self._image.ingest(Frame.bad(index, BAD_INTERNAL_ERROR, self._clock.now()))
            return
        self._assets.append(pump.id)
        self._plates.append(pump)
        self._models.append(made)

    def _keep(self, which: NDArray[np.int64]) -> None:
        for name in ("_assets", "_plates", "_models"):
            own = getattr(self, name)
            setattr(self, name, [own[place] for place in which.tolist()])
        self._runs, self._ice = self._runs.of_some(which), self._ice.of_some(which)
        self._water, self._rooms = self._water.of_some(which), self._rooms.of_some(which)
        self._arrange()

    def _arrange(self) -> None:
        """Put models and indices of all heat pumps into arrays."""
        table, assets = self._image.table, self._assets
        self._asset_of = np.full(len(table), _NOBODY)
        # What came for heat pumps that are no longer there is nothing to compute.
        self._waiting = False
        if not assets:
            return
        self._fleet = FleetModels.of(self._models)
        self._inputs = FleetInputs.of(table, assets, [model.air for model in self._models])
        every = self._inputs.inputs()
        for place in range(len(assets)):
            own = every[:, place]
            self._asset_of[own[own >= 0]] = place
        points = [table.by_asset[asset] for asset in assets]
        names = dict.fromkeys(name for own in points for name in shadow_points(own))
        self._outputs = {
            name: np.array([own[name].index if name in own else -1 for own in points])
            for name in names
        }

    async def _restore(self, place: int) -> None:
        asset, now = self._assets[place], self._clock.now()
        try:
            for row, point in enumerate(BY_LOAD):
                last = (await self._history.before(f"{asset}.{point}", now)).usable
                if len(last):
                    self._runs.scores[row, place] = last.value[0]
                    self._runs.ended[place] = max(self._runs.ended[place], last.time[0])
            for row, point in enumerate(OF_RUNS):
                run = (await self._history.before(f"{asset}.{point}", now)).usable
                if len(run):
                    self._runs.last[row, place] = run.value[0] / _PERCENT
            ice = (await self._history.before(f"{asset}.{ICE}", now)).usable
            damped = (await self._history.before(f"{asset}.{DAMPED}", now)).usable
            house = [await self._history.before(f"{asset}.{point}", now) for point in HOUSE]
        # Residuals that begin anew, said in the log, are better than a site that waits.
        except DatabaseAway as error:
            log.warning("residuals of runs begin anew", heat_pump=asset, error=str(error))
            return
        if len(ice) and now - ice.time[0] <= _KEEPS:
            self._ice.level[place] = ice.value[0] / _PERCENT
        if len(damped) and now - damped.time[0] <= _KEEPS:
            self._water.damped[place] = damped.value[0]
        self._rooms.restore(place, house)


def _shadow_model(pump: HeatPump, model: LearntModel | None) -> ShadowModel:
    learnt = model or LearntModel(None)
    machine, air = learnt.machine, pump.plate.source == "air"
    own = machine or MachineModel.of_plate(pump.plate)
    return ShadowModel(own, learnt.water, learnt.room, machine is not None, air)
