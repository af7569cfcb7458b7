"""A year of the emulated plant in figures: physics alone, in steps of a minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.drivers.plant.physics.heat_pump_physics import HeatPumpPhysics
from heatpump_twin.drivers.plant.physics.meters import JOULES_PER_KWH

STEP = 60.0
DAYS = 365
_DAY = 86_400.0
_START = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * MICROSECONDS)


@dataclass(frozen=True)
class Climate:
    """A place whose climate is meant."""

    name: str
    latitude: float
    longitude: float


CLIMATES = (
    Climate("warmer (Athens)", 37.98, 23.73),
    Climate("average (Strasbourg)", 48.58, 7.75),
    Climate("colder (Helsinki)", 60.17, 24.94),
)
"""The places that the climates of EN 14825 are taken from."""


@dataclass
class Figures:
    """Figures of one year."""

    climate: str
    seed: int
    spf: float
    """Heat over electricity, with pump, standby and heaters (SEPEMO H4). [-]"""
    carnot: float
    """SPF over that of a Carnot process 2 K above the water and 6 K below the air. [-]"""
    lift: float
    """Water less outdoor air, weighted by heat. [K]"""
    spread: float
    """Supply less return temperature, weighted by heat. [K]"""
    starts: float
    """Starts an hour, of all hours. [1/h]"""
    defrosts: int
    heating: float
    """Share of the time. [-]"""
    hot_water: float
    """Share of the time. [-]"""
    defrosting: float
    """Share of the time. [-]"""
    backup: float
    """Electricity of the backup heater, as a share of all. [-]"""
    standby: float
    """Electricity of the machine at rest, as a share of all. [-]"""
    hot_water_share: float
    """Heat for hot water, as a share of all. [-]"""
    coldest_room: float
    """[°C]"""
    worst_day: float
    """Largest residual of the first law on any day, over that day's heat or that of a mean day."""
    heat_kwh: float

    @property
    def resting(self) -> float:
        """Share of the time. [-]"""
        return 1.0 - self.heating - self.hot_water - self.defrosting


class _Sums:
    """What is summed up step by step."""

    def __init__(self, pump: EmulatedHeatPump) -> None:
        self._pump = pump
        x = pump.physics
        self._starts, self._defrosts = x.controller.starts, x.controller.defrost.count
        self._lift = self._spread = self._weight = self._ideal = 0.0
        self._heating = self._hot_water = self._defrosting = 0.0
        self._to_tank = 0.0
        self._room = x.building.room
        self._residuals = [0.0]
        self._seconds = 0.0

    def add(self, x: HeatPumpPhysics) -> None:
        """Add a step."""
        self._seconds += STEP
        self._room = min(self._room, x.building.room)
        c = x.controller
        if c.running:
            self._defrosting += STEP * c.defrost.active
            self._hot_water += STEP * (c.charging and not c.defrost.active)
            self._heating += STEP * (not c.charging and not c.defrost.active)
        if x.machine.heat > 0.0:
            self._lift += x.machine.heat * (x.loop.supply - x.weather.temperature)
            self._spread += x.machine.heat * (x.loop.supply - x.loop.back)
            self._weight += x.machine.heat
            self._ideal += x.machine.heat * carnot_input(x.loop.supply, x.weather.temperature)
            self._to_tank += x.machine.heat * c.charging

    def close_day(self) -> None:
        """Note by how much the first law is not closed so far."""
        left = self._pump.residual
        self._residuals.append(abs(left.loop) + abs(left.tank) + abs(left.building))

    def figures(self, climate: Climate, seed: int) -> Figures:
        """Return the figures of all steps."""
        ledger, c, time = self._pump.ledger, self._pump.physics.controller, self._seconds
        heat = ledger.heat_to_water - ledger.defrost_from_water
        heat += ledger.backup_heater + ledger.tank_heater
        drift = max(abs(b - a) for a, b in zip(self._residuals, self._residuals[1:], strict=False))
        return Figures(
            climate=climate.name,
            seed=seed,
            spf=heat / ledger.electricity,
            carnot=heat * self._ideal / self._weight / ledger.electricity,
            lift=self._lift / self._weight,
            spread=self._spread / self._weight,
            starts=(c.starts - self._starts) / time * 3600.0,
            defrosts=c.defrost.count - self._defrosts,
            heating=self._heating / time,
            hot_water=self._hot_water / time,
            defrosting=self._defrosting / time,
            backup=ledger.backup_heater / ledger.electricity,
            standby=ledger.standby / ledger.electricity,
            hot_water_share=self._to_tank / self._weight,
            coldest_room=self._room,
            worst_day=drift / (heat * _DAY / time),
            heat_kwh=heat / JOULES_PER_KWH,
        )


def carnot_input(supply: float, outdoor: float) -> float:
    """Return the electricity that a Carnot process takes for its heat; all in °C. [-]"""
    # The approaches by which openenergymonitor.org reckons the share of its systems.
    condensing, evaporating = supply + 2.0, outdoor - 6.0
    return max(condensing - evaporating, 0.0) / (condensing + 273.15)


def live_year(climate: Climate, seed: int, house: HouseKind, every: int = 1) -> Figures:
    """Let a heat pump live through a year, or through every so many-th day of it."""
    settings = load_site("default", environment={}).heat_pumps[0]
    place = SiteInfo(
        name=climate.name,
        latitude=climate.latitude,
        longitude=climate.longitude,
        timezone="UTC",
    )
    pump = EmulatedHeatPump(
        settings, place, seed, _START, step=STEP, warm_up=SHORT_WARM_UP, house=house
    )
    sums, physics = _Sums(pump), pump.physics
    for day in range(0, DAYS, every):
        pump.skip(_START + round(day * _DAY) * MICROSECONDS)
        for _ in range(round(_DAY / STEP)):
            physics.step(STEP)
            sums.add(physics)
        sums.close_day()
    return sums.figures(climate, seed)
