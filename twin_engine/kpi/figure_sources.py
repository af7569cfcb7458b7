"""What key figures are made of: the counters and points of a heat pump, the best first."""

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
OUTDOOR = ("outdoor_temperature", "ambient_temperature", "source_inlet_temperature")


@dataclass(frozen=True, slots=True)
class EnergySource:
    """Counters that together make an energy, or one power."""

    points: tuple[str, ...]
    metered: bool
    """By an instrument of a class, and not reckoned by a controller."""
    integrated: bool = False


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


@dataclass(frozen=True, slots=True)
class KnownFigure:
    """A kind of key figure, and which points it takes."""

    name: str
    takes: tuple[tuple[str, ...], ...]
    """Of each of these, one point."""


_ELECTRICITY = (*(counters[0] for counters in ELECTRICITY), "electrical_power")
_HEAT = (*(counters[0] for counters in HEAT), "thermal_power")
KNOWN_FIGURES = (
    KnownFigure("electricity", (_ELECTRICITY,)),
    KnownFigure("heat", (_HEAT,)),
    KnownFigure("SPF", (_ELECTRICITY, _HEAT)),
    KnownFigure("energy by state", (_ELECTRICITY, ("operating_state",))),
    KnownFigure("runs and starts", (("compressor_on",),)),
    KnownFigure("degree days", (OUTDOOR,)),
    KnownFigure("discomfort", (("room_temperature",),)),
)


def lacking(ids: Collection[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return, for each kind of figure that a heat pump lacks, points one of which is missing."""
    have = set(ids)
    return {
        figure.name: missing
        for figure in KNOWN_FIGURES
        if (missing := tuple(points for points in figure.takes if not have & set(points)))
    }
