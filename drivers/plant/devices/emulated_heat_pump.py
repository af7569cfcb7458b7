"""One emulated heat pump as its devices see it: points in the catalogue's ids and units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType

import structlog

from heatpump_twin.config.settings import HeatPump, HouseKind, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.controller.controller_settings import (
    ControllerMode,
    ControllerSettings,
)
from heatpump_twin.drivers.plant.devices.plant_memory import State, restore, state_of
from heatpump_twin.drivers.plant.devices.readings import Readings
from heatpump_twin.drivers.plant.noise import channel
from heatpump_twin.drivers.plant.physics.disturbances import Disturbances
from heatpump_twin.drivers.plant.physics.energy_ledger import Ledger, Residual, residual
from heatpump_twin.drivers.plant.physics.heat_pump_physics import HeatPumpPhysics
from heatpump_twin.drivers.plant.physics.meters import JOULES_PER_KWH
from heatpump_twin.drivers.plant.physics.sizing import (
    PlantParameters,
    cooling_map_of,
    map_of,
    size,
)
from heatpump_twin.drivers.plant.physics.weather_year import WeatherYear
from heatpump_twin.drivers.plant.variety import variety_of

log = structlog.stdlib.get_logger(__name__)

# Without it the first hours would show a house, a tank and a controller that settle from made-up
# temperatures, which no real site does.
LONG_WARM_UP = ((18 * 3600, 60.0), (6 * 3600, 20.0))
"""Times that are simulated before the start, and their time steps. [s]"""
SHORT_WARM_UP = ((3 * 3600, 60.0),)
"""The same for sites with many heat pumps. [s]"""


class EmulatedHeatPump:
    """The physical side of one heat pump's devices: a `drivers.process.Process`.

    Time moves by `advance` only, in whole steps counted from the start, so that the same seed gives
    the same plant however often somebody looks.
    """

    def __init__(
        self,
        heat_pump: HeatPump,
        site: SiteInfo,
        seed: int,
        start: int,
        *,
        step: float = 1.0,
        warm_up: Sequence[tuple[int, float]] = LONG_WARM_UP,
        house: HouseKind = HouseKind.REFERENCE,
        parameters: PlantParameters | None = None,
    ) -> None:
        self.id = heat_pump.id
        self.step = step
        """Time step of the physics. [s]"""
        # The weather belongs to the site; everything else to this one heat pump.
        weather = WeatherYear(site.latitude, site.longitude, seed)
        own_seed = channel(seed, heat_pump.id)
        self.parameters = parameters or size(
            heat_pump.plate, weather.climate, variety_of(house, own_seed)
        )
        lead = sum(seconds for seconds, _ in warm_up)
        self.physics = HeatPumpPhysics(
            self.parameters,
            map_of(heat_pump.plate, self.parameters.machine),
            cooling_map_of(heat_pump.plate),
            weather,
            site.longitude,
            own_seed,
            start - lead * MICROSECONDS,
        )
        for seconds, coarse in warm_up:
            self._run(self.physics.time + seconds * MICROSECONDS, coarse)
        self.physics.start_counting(start)
        self._stored_at_start = self.physics.stored
        self._readings = Readings(self.physics)
        self._writers = {
            **_writers(self.physics.controller.settings, self.parameters),
            "supply_setpoint": self.physics.controller.setpoint.write,
            "fault_reset": self._reset_fault,
        }

    @property
    def state(self) -> dict[str, State]:
        """The state of the physics, as `recall` takes it."""
        return state_of(self.physics)

    def recall(self, state: State) -> None:
        """Go on from the state of a heat pump like this one; raise ValueError if it was another.

        The balance of energies begins anew.
        """
        restore(self.physics, state)
        self.physics.ledger = Ledger()
        self._stored_at_start = self.physics.stored

    @property
    def time(self) -> int:
        """The moment of the present state. [µs since the Unix epoch, UTC]"""
        return self.physics.time

    @property
    def disturbances(self) -> Disturbances:
        """The disturbances that are going on."""
        return self.physics.disturbances

    @property
    def ledger(self) -> Ledger:
        """The energy ledger since the start. [J]"""
        return self.physics.ledger

    @property
    def residual(self) -> Residual:
        """The residual of the energy balances since the start: 0 if energy is conserved. [J]"""
        return residual(self.physics.ledger, self._stored_at_start, self.physics.stored)

    def advance(self, to: int, step: float | None = None) -> None:
        """Advance to the last whole step before a time in µs; `step` in s if not the usual one."""
        self._run(to, step or self.step)

    def skip(self, to: int) -> None:
        """Set the time to a later one without simulating what is between; counters stand still."""
        self.physics.time = max(to, self.physics.time)

    def read(self, point: str) -> float | None:
        """Return what sensor or controller show of a point; None: this machine does not have it."""
        return self._readings.read(point)

    def write(self, point: str, value: float) -> None:
        """Set a setpoint or a switch; the controller keeps values within its limits.

        As with real gateways, a register that nothing stands behind can be written in vain.
        """
        writer = self._writers.get(point)
        if writer is not None:
            writer(value)
        else:
            log.info("nothing stands behind a register", heat_pump=self.id, point=point)

    def offer(self, point: str, codes: frozenset[int]) -> None:
        """Take the codes that a register of the controller can show; another one it never has."""
        if point == "operating_mode":
            self.physics.controller.settings.offer(codes)
        elif point == "controller_state":
            self._readings.states = codes

    def ledger_kwh(self) -> dict[str, float]:
        """Return the energies since the start. [kWh]"""
        return {key: value / JOULES_PER_KWH for key, value in asdict(self.ledger).items()}

    def disturb(
        self,
        name: str,
        magnitude: float | None = None,
        point: str | None = None,
        severity: float | None = None,
    ) -> None:
        """Begin a disturbance now, or change how bad it is. Raises `DisturbanceError`."""
        self.disturbances.start(name, magnitude, point, severity, self.time)

    def truth(self) -> dict[str, float]:
        """Return the true values behind the sensors, for people who test the twin."""
        return self._readings.truth()

    def _reset_fault(self, pressed: float) -> None:
        if pressed:
            self.physics.controller.protection.reset()

    def _run(self, to: int, step: float) -> None:
        physics, length = self.physics, round(step * MICROSECONDS)
        while physics.time + length <= to:
            physics.step(step)


def _writers(
    settings: ControllerSettings, parameters: PlantParameters
) -> Mapping[str, Callable[[float], None]]:
    """Return, by point, how a write changes the controller's settings."""
    limits = parameters.controller

    # Clamped and not refused, as some controllers do: the twin has to notice by reading back.
    def clamp(name: str, low: float, high: float) -> Callable[[float], None]:
        return lambda value: setattr(settings, name, min(max(value, low), high))

    def switch(name: str) -> Callable[[float], None]:
        return lambda value: setattr(settings, name, value >= 0.5)

    def choice(name: str, codes: frozenset[int]) -> Callable[[float], None]:
        def write(value: float) -> None:
            if int(value) in codes:  # an unknown code leaves the setting alone
                setattr(settings, name, int(value))

        return write

    return MappingProxyType(
        {
            "unit_enabled": switch("enabled"),
            "operating_mode": choice("mode", frozenset(ControllerMode)),
            "room_setpoint": clamp("room_setpoint", 10.0, 30.0),
            "dhw_enabled": switch("dhw_enabled"),
            "dhw_setpoint": clamp("dhw_setpoint", limits.tank_min, limits.tank_max),
            "zones_enabled": choice("zones", frozenset(range(4))),
            "silent_mode": switch("silent"),
        }
    )
