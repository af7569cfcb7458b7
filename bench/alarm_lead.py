"""How long before people notice a fault that grows its alarm comes, on emulated heat pumps.

Each fault grows from nothing to the worst that fields have. People notice what they feel: rooms or
hot water that are colder than those of the same machine without the fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.alarm_fleet import Fault, Fleet, Variant
from bench.alarm_kinds import FAULTS, MORE, Kind
from bench.calibrated_fleet import calibrated
from bench.plant_year import CLIMATES

GROWS = 30
"""Until a fault is at its worst. [d]"""
COLD_ROOM, COLD_WATER = 1.5, 6.0
"""Colder than without the fault by so much is noticed, where it lasts for `_LASTS`. [K]"""
_WARM = 38.0
"""A tank that is as cold without the fault is no matter of the fault. [°C]"""
_LASTS = 3
"""[h]"""
_SETTLED = 2
"""Days before a fault begins."""
_PERIOD, _HOUR, _DAY = 300.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Course:
    """How a fault that grew was told of, and noticed: days from its begin; None: not at all."""

    kind: Kind
    told: float | None
    rule: str
    noticed: float | None

    @property
    def lead(self) -> float | None:
        """Days from the alarm until people notice it; None: one of both is missing."""
        return None if self.told is None or self.noticed is None else self.noticed - self.told


def run(console: Console) -> None:
    """Print the table."""
    console.print(table(courses()))


def courses() -> list[Course]:
    """Return the course of each fault that has a degree."""
    kinds = [kind for kind in FAULTS if kind.graded and kind.name != "sensor_drift"]
    start = datetime(2026, 1, 5, tzinfo=UTC)
    variants = [
        Variant(CLIMATES[1], start, Fault(k.name, 0.0, k.magnitude, k.point), more=MORE)
        for k in kinds
    ]
    variants.append(Variant(CLIMATES[1], start, more=MORE))
    fleet = Fleet(variants, _PERIOD, calibrated(variants))
    usual = {change.alarm.rule for _, change, _ in fleet.live(_SETTLED * _DAY)}
    told: dict[int, tuple[float, str]] = {}
    felt = []
    for hour in range(GROWS * 24):
        fleet.begin_faults(hour / 24 / GROWS)
        for number, change, after in fleet.live(_HOUR):
            rule = change.alarm.rule
            if not change.active or rule in usual:
                continue
            if number == len(kinds):
                usual.add(rule)
            elif rule in kinds[number].alarms:
                told.setdefault(number, ((hour * _HOUR + after) / _DAY, rule))
        felt.append(fleet.truth(("room_temperature", "dhw_temperature")))
    noticed = _noticed(np.array(felt))
    return [
        Course(kind, *told.get(number, (None, "")), noticed[number])
        for number, kind in enumerate(kinds)
    ]


def _noticed(felt: NDArray[np.float64]) -> list[float | None]:
    """Return after how many days people notice each variant but the last, which has no fault.

    Parameters
    ----------
    felt
        Room and tank of each hour and variant: (hours, variants, 2). [°C]
    """
    own, sound = felt[:, :-1], felt[:, -1:]
    cold = sound[..., 0] - own[..., 0] > COLD_ROOM
    cold |= (sound[..., 1] - own[..., 1] > COLD_WATER) & (sound[..., 1] > _WARM)
    lasting = np.array([_lasting(column) for column in cold.T])
    return [float(first) / 24 if first >= 0 else None for first in lasting]


def _lasting(cold: NDArray[np.bool_]) -> int:
    """Return the hour from which on it has been cold for long enough; -1: never."""
    long = np.convolve(cold, np.ones(_LASTS), "valid") == _LASTS
    return int(np.argmax(long)) + _LASTS if long.any() else -1


def table(found: Sequence[Course]) -> Table:
    """Return what was told of, when, and how long before people noticed."""
    shown = Table(title="Faults that grow for a month")
    for column in ("fault", "alarm", "at", "degree", "noticed", "lead"):
        shown.add_column(column)
    for course in found:
        told, noticed, lead = course.told, course.noticed, course.lead
        shown.add_row(
            course.kind.title,
            course.rule or "–",
            _days(told),
            "–" if told is None else f"{told / GROWS:.0%}",
            "not within the month" if noticed is None else _days(noticed),
            _days(lead),
        )
    felt = [course for course in found if course.noticed is not None]
    leads = [course.lead for course in felt if course.lead is not None]
    ahead = [lead for lead in leads if lead > 0]
    shown.add_row(
        f"{len(ahead)} of {len(felt)} told of before they were noticed",
        f"{sum(course.told is not None for course in found)} of {len(found)} told of", "", "", "",
        f"median {_days(median(leads))}" if leads else "–",
    )  # fmt: skip
    return shown


def _days(days: float | None) -> str:
    return "–" if days is None else f"{days:.1f} d"
