"""Where the electricity and the heat of a heat pump are counted: the best source first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

ELECTRICITY = (
    ("electrical_energy",),
    ("controller_electrical_energy",),
    ("heating_electrical_energy", "dhw_electrical_energy"),
)
HEAT = (
    ("heat_energy",),
    ("controller_heat_energy",),
    ("heating_heat_energy", "dhw_heat_energy"),
)


@dataclass(frozen=True, slots=True)
class EnergySource:
    """Counters that together make an energy, or one power."""

    points: tuple[str, ...]
    metered: bool
    """By an instrument of a class, and not reckoned by a controller."""
    integrated: bool = False

    @property
    def by_use(self) -> bool:
        """Whether its counters are of heating and of hot water, each for itself."""
        return len(self.points) > 1


def electricity_source(ids: Collection[str]) -> EnergySource | None:
    """Return where the electricity of a heat pump with these points comes from."""
    return _source(ids, ELECTRICITY, "electrical_power")


def heat_source(ids: Collection[str]) -> EnergySource | None:
    """Return where the heat of a heat pump with these points comes from."""
    return _source(ids, HEAT, "thermal_power")


def _source(
    ids: Collection[str], choices: tuple[tuple[str, ...], ...], power: str
) -> EnergySource | None:
    for points in choices:
        if all(point in ids for point in points):
            return EnergySource(points, metered=points == choices[0])
    return EnergySource((power,), metered=True, integrated=True) if power in ids else None
