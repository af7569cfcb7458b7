"""``python -m bench.residual_detection``: what residuals tell of faults, at one false alarm a year.

Emulated machines, houses and people by seed. Months without a fault set the limit of each statistic
at one crossing in a heat-pump-year; faults of each degree are then watched for some days. It takes
six minutes of one core and writes docs/residual-detection.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.alarm_fleet import Fault, Variant
from bench.alarm_kinds import FAULTS, Kind
from bench.alarms import SEVERITIES, markdown
from bench.calibrated_fleet import calibrated
from bench.plant_year import CLIMATES
from bench.residual_record import PERIOD, Residuals, residuals
from heatpump_twin.config.settings import HouseKind
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.rules.grammar.filters import Cusum, Ewma

PAGE = Path(__file__).resolve().parent.parent / "docs" / "residual-detection.md"
SEEDS = (1, 2, 3, 4)
FAULTY = (1,)
"""Seeds of machines that get faults."""
MONTHS = (1, 3, 11)
SETTLED, WATCHED, FREE = 1, 5, 30
"""Days before a fault, with it, and of each month without one."""
ALLOWANCE, LOADS = 1.0, (0.0, 45.0, 75.0, 1e9)
"""Those of `cop_below_expected`."""
_AVERAGED = 8 * 3600 * MICROSECONDS
_YEAR = 365.0
_LEVELS = 300
_RETURNS = 0.5
_HOUR = 3600.0
_REPORTED = ("compressor_frequency", "backup_heater_on")


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic that grows with a fault."""

    title: str
    of: Callable[[Residuals], Values]
    """Residuals → its course: (polls, n)."""
    packaged: float | None = None
    """Limit that it has anyway; None: that of one false alarm in a year."""

    def limit(self, free: Residuals, years: float) -> float:
        """Return its limit; ``free`` are of machines without a fault."""
        if self.packaged is not None:
            return self.packaged
        return limit_of(self.of(free), max(round(years), 1))


def by_load(found: Residuals) -> Values:
    """Return the largest CUSUM of all loads, of the scores of calibrated models. [h]"""
    sums = [
        _filtered(
            lambda n: Cusum(n, np.inf),
            -found.score,
            (found.load >= low) & (found.load < high),
            np.array(ALLOWANCE),
        )
        for low, high in itertools.pairwise(LOADS)
    ]
    return np.max(sums, axis=0)


def mean_by_plate(found: Residuals) -> Values:
    """Return how far the mean of eight steady hours is below the plate's COP. [-]"""
    return _filtered(lambda n: Ewma(n, _AVERAGED), -found.by_plate, np.isfinite(found.by_plate))


def single_by_plate(found: Residuals) -> Values:
    """Return how far each value is below the plate's COP. [-]"""
    return -found.by_plate


STATISTICS = (
    Statistic("CUSUM by load, calibrated model", by_load),
    Statistic("mean of 8 h, plate, as packaged", mean_by_plate, packaged=0.15),
    Statistic("mean of 8 h, plate", mean_by_plate),
    Statistic("single value, plate", single_by_plate),
)


def _filtered(
    make: Callable[[int], Cusum | Ewma], x: Values, during: NDArray[np.bool_], *more: Values
) -> Values:
    """Return what a filter of the rules' grammar tells at each poll."""
    elapsed = np.full(len(x), round(PERIOD * MICROSECONDS), dtype=np.int64)
    return np.asarray(make(x.shape[1]).scan(elapsed, x, *more, during.astype(float)))


def crossings(course: Values, limit: float) -> int:
    """Return how often courses rise above a limit after they were below half of it."""
    return sum(_risings(one, limit) for one in course.T)


def _risings(course: Values, limit: float) -> int:
    # Only where it is above the limit or below half of it, an alarm can be raised or return.
    side = np.where(course > limit, 1, np.where(course < _RETURNS * limit, -1, 0))
    told = side[side != 0]
    return int((np.diff(told, prepend=-1) > 0).sum())


def limit_of(course: Values, most: int) -> float:
    """Return the lowest limit that courses without a fault cross at most so often.

    So do they cross each higher one.
    """
    found = highest = float(np.nanmax(course))
    for limit in np.linspace(highest, 0.0, _LEVELS).tolist():
        if crossings(course, limit) > most:
            break
        found = limit
    return found


def delays(course: Values, limit: float) -> list[float | None]:
    """Return after how many seconds each course crosses a limit; None: it does not."""
    above = np.nan_to_num(course, nan=-np.inf) > limit
    found = [int(np.argmax(one)) if one.any() else None for one in above.T]
    return [None if first is None else (first + 1) * PERIOD for first in found]


def run(console: Console) -> None:
    """Print the tables and write the page."""
    healthy = [_machine(seed, month, 1) for seed in SEEDS for month in MONTHS]
    free = residuals(healthy, calibrated(healthy), SETTLED, FREE)
    years = len(healthy) * FREE / _YEAR
    limits = [statistic.limit(free, years) for statistic in STATISTICS]
    cases = [
        (kind, severity) for kind in FAULTS for severity in (SEVERITIES if kind.graded else (None,))
    ]
    found: list[list[list[float | None]]] = []
    for seed in FAULTY:
        ill = [_machine(seed, 1, 5, Fault(k.name, s, k.magnitude, k.point)) for k, s in cases]
        seen = residuals(ill, calibrated(ill), SETTLED, WATCHED)
        found.append(
            [delays(stat.of(seen), limit) for stat, limit in zip(STATISTICS, limits, strict=True)]
        )
    tables = (_limit_table(limits, free, years), *_fault_tables(cases, found))
    for table in tables:
        console.print(table)
    PAGE.write_text(_page(tables, years), "utf-8")


def _machine(seed: int, month: int, day: int, fault: Fault | None = None) -> Variant:
    start = datetime(2026, month, day, tzinfo=UTC)
    return Variant(CLIMATES[1], start, fault, seed=seed, more=_REPORTED, house=HouseKind.VARIED)


def _limit_table(limits: Sequence[float], free: Residuals, years: float) -> Table:
    table = Table(title="Limits")
    for column in ("statistic", "limit", "crossed without a fault", "machines and months"):
        table.add_column(column)
    for statistic, limit in zip(STATISTICS, limits, strict=True):
        course = statistic.of(free)
        crossed = crossings(course, limit)
        above = np.nan_to_num(course, nan=-np.inf) > limit
        table.add_row(
            statistic.title, f"{limit:.3g}", f"{crossed} in {years:.1f} years",
            f"{int(above.any(axis=0).sum())} of {above.shape[1]}",
        )  # fmt: skip
    return table


def _fault_tables(
    cases: Sequence[tuple[Kind, float | None]], found: Sequence[Sequence[Sequence[float | None]]]
) -> list[Table]:
    tables = []
    for place, statistic in enumerate(STATISTICS):
        table = Table(title=statistic.title)
        for column in ("fault", *(f"{severity:.0%}" for severity in SEVERITIES)):
            table.add_column(column)
        for kind in dict.fromkeys(kind for kind, _ in cases):
            name = kind.name if kind.point is None else f"{kind.name} {kind.point}"
            cells = [
                _cell([machine[place][number] for machine in found])
                for number, (other, _) in enumerate(cases)
                if other is kind
            ]
            table.add_row(name, *cells, *[""] * (len(SEVERITIES) - len(cells)))
        tables.append(table)
    return tables


def _cell(times: Sequence[float | None]) -> str:
    """Return at how many machines a fault was told of, and after how long."""
    told = [time for time in times if time is not None]
    if not told:
        return "–"
    return f"{len(told)}/{len(times)} {median(told) / _HOUR:.0f} h"


def _page(tables: Sequence[Table], years: float) -> str:
    head = (
        "# What residuals tell of faults\n"
        "Written by `python -m bench.residual_detection`: **emulated** machines, houses and people "
        f"({len(SEEDS)} seeds, average climate), read each {PERIOD:.0f} s by the engine of the "
        "twin. Figures of an emulated plant say that a statistic works, not how often it is right "
        "in the field.\n\n"
        f"The limits are those at which {len(SEEDS)} machines without a fault cross them once in a "
        f"heat-pump-year ({len(SEEDS)} × {len(MONTHS)} months of {FREE} days, {years:.1f} years of "
        "heating and hot water). Each fault of the plant is put into "
        f"{len(FAULTY)} of them on 6 January and watched for {WATCHED} days. A cell says at how "
        "many of those the statistic crosses its limit, and the median delay; –: at none. The "
        "degree is a share of the worst that fields have (`hptwin plant faults`); a fault without "
        "one has one column.\n\n"
        "*CUSUM by load, calibrated model* is what `cop_below_expected` sums up "
        "([ADR 34](adr/0034-residuals-are-summed-by-load.md)); *mean of 8 h, plate* its plain "
        "threshold, that of a machine without a calibrated model, as packaged (15 %) and at one "
        "false alarm in a year of these very machines; *single value, plate* a threshold on the "
        "COP residual as it is. These machines are all better than their plate, so that a plain "
        "limit tuned on them is a tight one, which no fleet could have: machines of a type differ "
        "by 10 %, and one that is worse than its plate would never be without an alarm. "
        "Faults that do not touch heat and power for a heat cannot show here: other "
        "alarms tell of them ([which](alarm-detection.md)).\n"
    )
    return "\n".join([head, *map(markdown, tables)])


if __name__ == "__main__":
    run(Console(width=160))
