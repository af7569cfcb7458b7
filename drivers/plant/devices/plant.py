"""The emulated plant of a site: all its heat pumps, and the time that passes for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from heatpump_twin.config.settings import EmulatedPlant, PlantFault, Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, ScaledClock, SystemClock
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import (
    LONG_WARM_UP,
    SHORT_WARM_UP,
    EmulatedHeatPump,
)
from heatpump_twin.drivers.plant.errors import DisturbanceError

log = structlog.stdlib.get_logger(__name__)

_TICK = 0.2
"""How often the plant catches up with its clock. [s of real time]"""
_FINE_GAP = 900.0
"""A longer gap, after a suspended machine, is lived through in coarse steps. [s]"""
_COARSE_STEP = 20.0
"""Time step in such a gap: energies differ by up to 0.5 % from those in steps of 1 s. [s]"""
_LONGEST_GAP = 86_400.0
"""Of a still longer gap only the last hours are lived through. [s]"""
_LIVED = 6 * 3600.0
"""These last hours. [s]"""
_FEW = 4
"""So many heat pumps get a whole day of warm-up; more would delay the start."""


def plant_clock(settings: EmulatedPlant, now: int) -> Clock:
    """Return the plant's clock: from `now` (µs since the epoch) or its own start, at its speed."""
    if settings.start is None and settings.speed == 1.0:
        return SystemClock()
    start = now
    if settings.start is not None:
        moment = datetime.fromisoformat(settings.start)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        start = round(moment.timestamp() * MICROSECONDS)
    return ScaledClock(start, settings.speed)


def step_for(speed: float) -> float:
    """Return the time step for a speed: fine in real time, coarser when time runs. [s]"""
    if speed <= 5.0:
        return 1.0
    return 5.0 if speed <= 60.0 else 10.0


class Plant:
    """The emulated heat pumps of a site."""

    def __init__(self, site: Site, clock: Clock) -> None:
        settings = site.plant or EmulatedPlant()
        self._clock = clock
        self._speed = settings.speed
        start = clock.now()
        warm_up = LONG_WARM_UP if len(site.heat_pumps) <= _FEW else SHORT_WARM_UP
        self.heat_pumps: Mapping[str, EmulatedHeatPump] = {
            heat_pump.id: EmulatedHeatPump(
                heat_pump,
                site.site,
                settings.seed,
                start,
                step=step_for(settings.speed),
                warm_up=warm_up,
                house=settings.house,
            )
            for heat_pump in site.heat_pumps
        }
        for fault in settings.faults:
            self._begin(fault)

    def advance(self) -> None:
        """Advance all heat pumps to the time of the clock; one that went back is waited for."""
        now = self._clock.now()
        for heat_pump in self.heat_pumps.values():
            self._bridge(heat_pump, now)
            heat_pump.advance(now)

    def _begin(self, fault: PlantFault) -> None:
        """Begin a fault of the site file, or raise `DisturbanceError`."""
        chosen = list(self.heat_pumps) if fault.heat_pump is None else [fault.heat_pump]
        for name in chosen:
            if name not in self.heat_pumps:
                known = ", ".join(self.heat_pumps)
                raise DisturbanceError(f"plant.faults: no heat pump {name!r}; there are: {known}")
            pump = self.heat_pumps[name]
            pump.disturb(fault.name, fault.magnitude, fault.point, fault.severity)

    async def run(self) -> None:
        """Advance all heat pumps with the clock, until cancelled."""
        while True:
            self.advance()
            await asyncio.sleep(_TICK)

    def _bridge(self, heat_pump: EmulatedHeatPump, now: int) -> None:
        """Live through a gap in the time of a heat pump, as after a suspended machine, coarsely."""
        gap = (now - heat_pump.time) / MICROSECONDS
        # Two seconds of real time are a busy machine and no gap, at whatever speed the plant runs.
        if gap <= max(_FINE_GAP, 2.0 * self._speed):
            return
        log.warning("the plant's clock jumped", heat_pump=heat_pump.id, seconds=round(gap))
        if gap > _LONGEST_GAP:
            heat_pump.skip(now - round(_LIVED * MICROSECONDS))
        heat_pump.advance(now, _COARSE_STEP)
