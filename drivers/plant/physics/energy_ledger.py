"""The energy ledger: every joule that crosses a boundary, so that balances can be checked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Ledger:
    """The energy ledger of one heat pump: sums since the plant started. [J]"""

    compressor: float = 0.0
    """Electricity of compressor, inverter and fan."""
    pump: float = 0.0
    """Electricity; its little heat is left out of the loop."""
    standby: float = 0.0
    tank_heater: float = 0.0
    backup_heater: float = 0.0
    """Electricity, and heat into the loop."""
    heat_from_air: float = 0.0
    start_loss: float = 0.0
    """Heat that the map promises and a starting compressor does not deliver yet."""
    heat_to_water: float = 0.0
    """Heat from the machine into the water, while heating."""
    defrost_from_water: float = 0.0
    defrost_electricity: float = 0.0
    """The part of `compressor` that melts ice."""
    cooling_from_water: float = 0.0
    """Heat that the machine takes out of the water, while cooling."""
    cooling_electricity: float = 0.0
    """The part of `compressor` that cools."""
    heat_to_air: float = 0.0
    """Heat that leaves by the outdoor coil, while cooling."""
    loop_to_room: float = 0.0
    loop_to_plant_room: float = 0.0
    loop_to_tank: float = 0.0
    tank_drawn: float = 0.0
    tank_lost: float = 0.0
    sun: float = 0.0
    people: float = 0.0
    to_outdoors: float = 0.0

    @property
    def electricity(self) -> float:
        """All electricity within the meter's boundary (SEPEMO H4). [J]"""
        heaters = self.tank_heater + self.backup_heater
        return self.compressor + self.pump + self.standby + heaters


@dataclass(frozen=True, slots=True)
class Stored:
    """Heat contents above 0 °C. [J]"""

    loop: float
    tank: float
    building: float


@dataclass(frozen=True, slots=True)
class Residual:
    """Residuals of energy balances since the start: in less out less stored; 0 if conserved. [J]"""

    loop: float
    tank: float
    building: float


def residual(ledger: Ledger, before: Stored, after: Stored) -> Residual:
    """Return the residuals of the first law for the loop, the tank and the building. [J]"""
    # The tank's loss and the plant room's heat stay in the house: they count as its heating.
    x = ledger
    loop = x.heat_to_water - x.defrost_from_water - x.cooling_from_water + x.backup_heater
    loop -= x.loop_to_room + x.loop_to_plant_room + x.loop_to_tank
    tank = x.loop_to_tank + x.tank_heater - x.tank_drawn - x.tank_lost
    building = x.loop_to_room + x.loop_to_plant_room + x.tank_lost + x.sun + x.people
    building -= x.to_outdoors
    return Residual(
        loop - (after.loop - before.loop),
        tank - (after.tank - before.tank),
        building - (after.building - before.building),
    )
