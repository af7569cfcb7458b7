"""What is forecast of a heat pump, and which points it has for that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointEntry


@dataclass(frozen=True, slots=True)
class ForecastTarget:
    """One quantity that is forecast."""

    point: str
    """Of the forecast, in the catalogue."""
    observed: tuple[str, ...]
    """Points that it takes to know what came."""
    doubt: float
    """Half the width of an interval two days ahead where nothing is known of errors. [its unit]"""
    resolution: float
    """In which it is kept: finer is noise, and takes room on the disk. [its unit]"""
    least: float = float("-inf")
    """What it cannot be below. [its unit]"""


HEAT = ForecastTarget("forecast_thermal_power", ("thermal_power",), 3000.0, 1.0)
POWER = ForecastTarget("forecast_electrical_power", ("electrical_power",), 1000.0, 1.0, 0.0)
COP = ForecastTarget("forecast_cop", ("thermal_power", "electrical_power"), 1.5, 0.01, 0.0)
COST = ForecastTarget("forecast_cost_rate", ("electrical_power",), 0.3, 1e-4)
SUPPLY = ForecastTarget("forecast_supply_temperature", ("supply_temperature",), 10.0, 0.01)
ROOM = ForecastTarget("forecast_room_temperature", ("room_temperature",), 3.0, 0.01)
TANK = ForecastTarget("forecast_dhw_temperature", ("dhw_temperature",), 10.0, 0.01)
TARGETS = (HEAT, POWER, COP, SUPPLY, ROOM, TANK)
"""Those that are forecast themselves; the cost follows from the power."""
ENDS = ("_lower", "", "_upper")
"""Of a point's id: the 10 % quantile, the median, the 90 % quantile."""


METHOD, SKILL, COVERAGE = "_method", "_skill", "_coverage"
"""Of the points that say what forecasts are from, and how good they were. [code], [%], [%]"""
UPPER = ENDS[-1]
LOWEST = MappingProxyType({
    ROOM.point: "forecast_room_lowest", TANK.point: "forecast_dhw_lowest",
})  # fmt: skip
"""The point of the lowest value to come, by that of the forecast; `UPPER`: of its upper end."""
WHEN = "_in"
"""Of the point that says in how many hours the lowest comes."""
MODEL_VERSION, MODEL_DRIFT = "forecast_model_version", "forecast_model_drift"
"""Points that say which learnt remainder is in use, and how it stands to the newest days."""


def forecast_targets(ids: Collection[str], *, tariff: bool) -> list[ForecastTarget]:
    """Return what is forecast of a heat pump with the points ``ids``."""
    wanted = (*TARGETS, COST) if tariff else TARGETS
    return [one for one in wanted if set(one.observed) <= set(ids)]


def forecast_entries(asset: str, ids: Collection[str], *, tariff: bool) -> list[PointEntry]:
    """Return table entries of the forecasts of a heat pump with the points ``ids``."""
    specs = CATALOGUE[HEAT_PUMP]
    targets = forecast_targets(ids, tariff=tariff)
    points = [target.point + end for target in targets for end in (*ENDS, METHOD, SKILL, COVERAGE)]
    lowest = [LOWEST[target.point] for target in targets if target.point in LOWEST]
    points += [base + end for base in lowest for end in ("", UPPER, WHEN)]
    if targets:
        points += [MODEL_VERSION, MODEL_DRIFT]
    return [(asset, point, specs[point], None) for point in points if point in specs]
