"""The emulated plant of a site: all its heat pumps, and the time that passes for them."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog

from heatpump_twin.config.settings import EmulatedPlant, HeatPump, PlantFault, Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, ScaledClock, SystemClock
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import (
    LONG_WARM_UP,
    SHORT_WARM_UP,
    EmulatedHeatPump,
)
from heatpump_twin.drivers.plant.devices.past_span import PAST_STEP, PastSpan
from heatpump_twin.drivers.plant.devices.plant_memory import PlantMemory, State
from heatpump_twin.drivers.plant.errors import DisturbanceError

log = structlog.stdlib.get_logger(__name__)

_TICK = 0.2
"""How often the plant catches up with its clock. [s of real time]"""
_SHORTEST_TICK = 0.02
"""And at speed, where else it would be minutes behind. [s of real time]"""
_FINE_GAP = 900.0
"""A longer gap, after a suspended machine, is lived through in coarse steps. [s]"""
_COARSE_STEP = 20.0
"""Time step in such a gap: energies differ by up to 0.5 % from those in steps of 1 s. [s]"""
_LONGEST_GAP = 86_400.0
"""Of a still longer gap only the last hours are lived through. [s]"""
_LIVED = 6 * 3600.0
"""These last hours. [s]"""
_LONGEST_REST = 60 * 86_400 * MICROSECONDS
"""A plant that has been away for longer begins anew. [µs]"""
_REMEMBER = 30.0
"""How often the state of a plant with a memory is written down. [s of real time]"""
_STEPS = ((5.0, 1.0), (60.0, 5.0), (600.0, 10.0), (math.inf, 20.0))
"""Time step of the physics up to a speed: the energies of all of them agree to 0.5 %. [-], [s]"""
_FEW = 4
"""So many heat pumps get a whole day of warm-up; more would delay the start."""


def plant_clock(settings: EmulatedPlant, now: int) -> Clock:
    """Return the plant's clock: from `now` (µs since the epoch) or its own start, at its speed."""
    if settings.start is None and settings.speed == 1.0:
        return SystemClock()
    return ScaledClock(start_time(settings, now), settings.speed)


def start_time(settings: EmulatedPlant, now: int) -> int:
    """Return when a plant's clock starts: `now` (µs since the epoch), or as its settings say."""
    if settings.start is None:
        return now
    moment = datetime.fromisoformat(settings.start)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * MICROSECONDS)


def step_for(speed: float) -> float:
    """Return the time step for a speed: fine in real time, coarser when time runs. [s]"""
    return next(step for fastest, step in _STEPS if speed <= fastest)


class Plant:
    """The emulated heat pumps of a site.

    They go on from what the ``memory`` has of them; else they have lived through a ``past``, if
    there is one, and through some hours at least.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        past: PastSpan | None = None,
        memory: PlantMemory | None = None,
    ) -> None:
        settings = site.plant or EmulatedPlant()
        self._clock = clock
        self._memory = memory
        self._speed = settings.speed
        self._step = step_for(settings.speed)
        self._tick = max(_SHORTEST_TICK, min(_TICK, self._step / settings.speed))
        known = {} if memory is None else memory.read()
        warm_up = LONG_WARM_UP if len(site.heat_pumps) <= _FEW else SHORT_WARM_UP
        start = clock.now() if past is None else past.begin
        heat_pumps = {}
        for heat_pump in site.heat_pumps:
            recalled = self._recalled(heat_pump, site, known.get(heat_pump.id))
            if recalled is None:
                # The past is that of a machine without faults: they come with the first start.
                recalled = self._made(heat_pump, site, start, warm_up)
                recalled.advance(clock.now(), PAST_STEP)
            heat_pumps[heat_pump.id] = recalled
        self.heat_pumps: Mapping[str, EmulatedHeatPump] = heat_pumps
        for fault in settings.faults:
            self._begin(fault)
        for pump in heat_pumps.values():
            pump.disturbances.forget_ended()
        self.live_through(clock.now())

    def _made(
        self, heat_pump: HeatPump, site: Site, start: int, warm_up: Sequence[tuple[int, float]]
    ) -> EmulatedHeatPump:
        settings = site.plant or EmulatedPlant()
        return EmulatedHeatPump(
            heat_pump,
            site.site,
            settings.seed,
            start,
            step=self._step,
            warm_up=warm_up,
            house=settings.house,
        )

    def _recalled(self, heat_pump: HeatPump, site: Site, state: State) -> EmulatedHeatPump | None:
        """Return a heat pump that goes on from a state; None: it cannot."""
        since = state.get("time") if isinstance(state, dict) else None
        if not isinstance(since, int) or not 0 <= self._clock.now() - since <= _LONGEST_REST:
            return None
        recalled = self._made(heat_pump, site, since, ())
        try:
            recalled.recall(state)
        except ValueError as error:
            log.warning("a heat pump begins anew", heat_pump=heat_pump.id, reason=str(error))
            return None
        return recalled

    def remember(self) -> None:
        """Write the state of all heat pumps down, if the plant has a memory."""
        if self._memory is not None:
            self._memory.write({name: pump.state for name, pump in self.heat_pumps.items()})

    def live_through(self, to: int) -> None:
        """Advance all heat pumps to a time, coarsely, as before anybody looked. [µs]"""
        for heat_pump in self.heat_pumps.values():
            heat_pump.advance(to, PAST_STEP)

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
        remembered = time.monotonic()
        while True:
            self.advance()
            if time.monotonic() - remembered >= _REMEMBER:
                self.remember()
                remembered = time.monotonic()
            await asyncio.sleep(self._tick)

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
