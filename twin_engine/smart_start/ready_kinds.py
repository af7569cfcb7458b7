"""What of a heat pump can be made warm by a time: its points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointSpec, Span
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.twin_engine.smart_start.kept_word import FIGURES
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity

SWITCH = "unit_enabled"
TO_TANK = ("dhw_heating", "valve_direction")
"""Whether the water goes to the tank: above 0. The first that a machine has tells."""


@dataclass(frozen=True, slots=True)
class ReadyKind:
    """The points of one quantity."""

    title: str
    observed: str
    setpoint: str
    forecast: str = ""
    """Says what it will be if nothing is started; empty: it stays as it is."""


KINDS: Mapping[ReadyQuantity, ReadyKind] = MappingProxyType(
    {
        ReadyQuantity.WATER: ReadyKind(
            Text("water", Context.MESSAGES), "supply_temperature", "supply_setpoint"
        ),
        ReadyQuantity.ROOM: ReadyKind(
            Text("room", Context.MESSAGES),
            "room_temperature",
            "room_setpoint",
            "forecast_room_temperature",
        ),
        ReadyQuantity.TANK: ReadyKind(
            Text("hot water", Context.MESSAGES),
            "dhw_temperature",
            "dhw_setpoint",
            "forecast_dhw_temperature",
        ),
    }
)


def ready_kinds(limits: Mapping[str, Span | None]) -> dict[ReadyQuantity, Span]:
    """Return what can be made warm by a time, each with the targets that it takes.

    ``limits`` are of the points of one heat pump, by id; None: it is not written.
    """
    if limits.get(SWITCH) is None:
        return {}
    return {
        quantity: limits[kind.setpoint] or (math.nan, math.nan)
        for quantity, kind in KINDS.items()
        if kind.observed in limits and limits.get(kind.setpoint) is not None
    }


def ready_entries(
    asset: str, limits: Mapping[str, Span | None]
) -> Iterable[tuple[str, str, PointSpec, Span | None]]:
    """Yield the points that say how well programs of a heat pump keep their word."""
    if ready_kinds(limits):
        for point in FIGURES:
            yield asset, point, CATALOGUE[HEAT_PUMP][point], None
