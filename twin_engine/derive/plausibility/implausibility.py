"""Reasons for which a measured value is not believed, and the points that tell of them."""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from functools import cache

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointEntry
from heatpump_twin.twin_engine.derive.sources import WATER_PAIRS

SENSOR_POINT = "implausible_sensor"
REASON_POINT = "implausible_reason"
OFFSET_POINT = "water_pair_offset"
JUDGED_POINTS = (SENSOR_POINT, REASON_POINT, OFFSET_POINT)
"""Points that are no record's result: plausibility tells them of each heat pump."""
OTHER_SENSOR = 99
"""Code of a sensor that `SENSOR_POINT` has no name for."""


class Implausibility(IntEnum):
    """The codes of ``implausible_reason``; of several, the lowest is told."""

    NONE = 0
    OUT_OF_RANGE = 1
    """Beyond what the instrument, the machine or the place can be: nothing follows from it."""
    JUMP = 2
    CONTRADICTION = 3
    """What other sensors show at the same time cannot be together with it."""
    EXCHANGED = 4
    FLAT_LINE = 5
    OFFSET = 6
    """Two sensors of the same water differ while nothing heats it."""


def told_of(ids: Collection[str]) -> tuple[str, ...]:
    """Return those of `JUDGED_POINTS` that a heat pump with the points ``ids`` has."""
    have = frozenset(ids)
    if not have & sensor_codes().keys():
        return ()
    return JUDGED_POINTS if frozenset(WATER_PAIRS[0]) <= have else JUDGED_POINTS[:2]


def judged_entries(asset: str, ids: Collection[str]) -> list[PointEntry]:
    """Return table entries of what is told of the sensors of a heat pump with these points."""
    return [(asset, point, CATALOGUE[HEAT_PUMP][point], None) for point in told_of(ids)]


@cache
def sensor_codes() -> dict[str, int]:
    """Return the code of ``implausible_sensor`` of each point that has one."""
    # The catalogue names a sensor by the title of its point: one text, and one translation.
    titles = {str(spec.title): point for point, spec in CATALOGUE[HEAT_PUMP].items()}
    codes = CATALOGUE[HEAT_PUMP][SENSOR_POINT].enum
    return {titles[text]: code for code, text in codes.items() if text in titles}
