"""What alarms tell of faults of a fifth, and what those leave behind of which none tells.

Each fault is put into one machine. Its marks are set beside those of the same machine without the
fault, of its days, and of other machines and houses without one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.alarm_fleet import Fault, Fleet, Variant
from bench.alarm_kinds import FAULTS, MORE
from bench.alarm_scores import TRUE_WITHOUT_A_FAULT, Score
from bench.alarms import markdown
from bench.calibrated_fleet import calibrated
from bench.plant_year import CLIMATES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "alarm-marks.md"
_DAY = 86_400.0
_PERIOD = 120.0
_SETTLED, _WATCHED = 2, 5
_SEVERITY = 0.2
_OTHERS = (2, 3, 4, 5)
"""Seeds of other machines, houses and people."""
_SEASONS = (2, 4, 7, 11)
"""Months of machines without a fault, in each climate."""
POINTS = (
    "compressor_on", "operating_state", "thermal_power", "electrical_power", "supply_temperature",
    "supply_setpoint", "zone1_water_temperature", "room_temperature", "dhw_temperature",
    "defrost_active", "cop_residual", "expected_cop", "compressor_frequency", "low_pressure",
)  # fmt: skip
Course = dict[str, NDArray[np.float64]]
"""Values of a day, (looks, variants), by point."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that a fault changes."""

    title: str
    of: Callable[[Course], NDArray[np.float64]]
    """A day → a number for each variant."""


def _mean(value: NDArray[np.float64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    kept = np.where(where & np.isfinite(value), value, 0.0)
    count = (where & np.isfinite(value)).sum(axis=0)
    return np.where(count > 0, kept.sum(axis=0) / np.maximum(count, 1), np.nan)


def _heats(day: Course) -> NDArray[np.bool_]:
    return day["operating_state"] == 2


def _charges(day: Course) -> NDArray[np.bool_]:
    return day["operating_state"] == 3


def _begins(state: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how often something begins in a day."""
    return (state[1:] & ~state[:-1]).sum(axis=0).astype(np.float64)


MARKS: dict[str, tuple[Mark, ...]] = {
    "mixing_valve_stuck": (
        Mark(
            "water to the rooms less supply, K",
            lambda d: _mean(d["zone1_water_temperature"] - d["supply_temperature"], _heats(d)),
        ),
        Mark("starts a day", lambda day: _begins(day["compressor_on"] == 1)),
    ),
    "tank_coil_scaled": (
        Mark(
            "supply less tank while it is charged, K",
            lambda d: _mean(d["supply_temperature"] - d["dhw_temperature"], _charges(d)),
        ),
        Mark("charges a day", lambda day: _begins(_charges(day))),
    ),
    "backup_heater_failed": (
        Mark(
            "supply less its setpoint, K",
            lambda d: _mean(d["supply_temperature"] - d["supply_setpoint"], _heats(d)),
        ),
        Mark("electricity, W", lambda d: _mean(d["electrical_power"], d["electrical_power"] >= 0)),
    ),
}
"""Marks by fault."""


def run(console: Console) -> None:
    """Print what is told of each fault and what is not, and write the page."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    faults = [Fault(k.name, _SEVERITY if k.graded else None, k.magnitude, k.point) for k in FAULTS]
    variants = [Variant(CLIMATES[1], start, fault, more=MORE) for fault in faults]
    variants += [Variant(CLIMATES[1], start, seed=seed, more=MORE) for seed in (1, *_OTHERS)]
    variants += [
        Variant(climate, datetime(2026, month, 5, tzinfo=UTC), seed=5 + month, more=MORE)
        for climate in CLIMATES[:2]
        for month in _SEASONS
    ]
    life = _Life(Fleet(variants, _PERIOD, calibrated(variants)))
    for _ in range(_SETTLED):
        life.day()
    life.raised.clear()
    life.fleet.begin_faults()
    days = [life.day() for _ in range(_WATCHED)]
    tables = _alarm_table(life, len(variants)), _table(days)
    for table in tables:
        console.print(table)
    PAGE.write_text(_page(tables), "utf-8")


class _Life:
    """A fleet that is watched: what was raised, by variant and rule, and when first. [s]"""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self._lived = fleet, 0.0
        self.raised: dict[int, dict[str, float]] = defaultdict(dict)

    def day(self) -> Course:
        """Live a day, and return what was seen."""
        seen = []
        for _ in range(round(_DAY / _PERIOD)):
            for number, change, _after in self.fleet.live(_PERIOD):
                if change.active:
                    known = self.raised[number]
                    known.setdefault(change.alarm.rule, self._lived - _SETTLED * _DAY)
            self._lived += _PERIOD
            seen.append(self.fleet.seen(POINTS))
        course = np.array(seen)
        return {point: course[:, :, place] for place, point in enumerate(POINTS)}


def _alarm_table(life: _Life, count: int) -> Table:
    table = Table(title=f"What is told at {_SEVERITY:.0%}")
    for column in ("fault", "first alarm that names it", "after", "before that"):
        table.add_column(column)
    usual = set(life.raised[len(FAULTS)])
    cases = []
    for number, kind in enumerate(FAULTS):
        alarms = {rule: t for rule, t in life.raised[number].items() if rule not in usual}
        cases.append((kind.alarms, alarms))
        right = min((r for r in alarms if r in kind.alarms), key=alarms.__getitem__, default="")
        end = alarms.get(right, np.inf)
        before = [rule for rule, t in alarms.items() if rule not in kind.alarms and t < end]
        name = kind.name if kind.point is None else f"{kind.name} {kind.point}"
        cells = (right or "–", f"{end / 3600:.1f} h" if right else "", ", ".join(before))
        table.add_row(name, *cells)
    others = range(len(FAULTS), count)
    false = [rule for n in others for rule in life.raised[n] if rule not in TRUE_WITHOUT_A_FAULT]
    score = Score.of(cases, len(false))
    table.add_row(
        "together", f"{score.found} of {score.faults}, F0.5 {score.f_half:.2f}", "",
        f"{score.misdiagnosed} misdiagnosed",
    )  # fmt: skip
    table.add_row(f"none ({len(others)} machines)", ", ".join(false) or "no alarm", "", "")
    return table


def _table(days: list[Course]) -> Table:
    table = Table(title="Marks of what is not told")
    for column in (
        "fault", "mark", "with it", "the same machine without", "its days differ by",
        "machines differ by", "mark : noise",
    ):  # fmt: skip
        table.add_column(column)
    first = len(FAULTS)
    machines = slice(first, first + 1 + len(_OTHERS))
    place = {kind.name: number for number, kind in enumerate(FAULTS)}
    for fault, marks in MARKS.items():
        for mark in marks:
            # Others live in summer, when nothing is heated.
            by_day = np.array([mark.of(day)[: machines.stop] for day in days])
            mean = np.nanmean(by_day, axis=0)
            with_it, without = mean[place[fault]], mean[first]
            own, others = np.nanstd(by_day[:, first]), np.nanstd(mean[machines])
            # A mean of some days is as uncertain as they differ, and a limit is for all machines.
            noise = np.hypot(own / np.sqrt(_WATCHED), others)
            size = abs(with_it - without) / max(noise, 1e-9)
            numbers = (with_it, without, own, others)
            table.add_row(fault, mark.title, *(f"{x:.3g}" for x in numbers), f"{size:.1f}")
    return table


def _page(tables: Sequence[Table]) -> str:
    told, untold = map(markdown, tables)
    return (
        "# What the alarms tell of at a fifth, and what not\n"
        "Written by `python -m bench.alarm_marks`: emulated machines, whose data are read as those "
        "of real ones are. The faults are those of [what the alarms find](alarm-detection.md), at "
        f"{_SEVERITY:.0%} of the worst that fields have, or whole where they have no degree. Each "
        f"is in one machine, for {_WATCHED} days of January in an average climate, after "
        f"{_SETTLED} without it, a poll each {_PERIOD:.0f} s. Without a fault: that machine, "
        f"{len(_OTHERS)} others in the same week, and {2 * len(_SEASONS)} more in a warm and an "
        "average climate in other seasons, each with a house, people and sensors of its own.\n\n"
        f"{told}\n"
        "## What they leave behind\n"
        "Beside the marks of a fault stand those of the same machine in the same weather without "
        f"it; how much its days differ; and how much {len(_OTHERS) + 1} machines without a fault "
        "differ (standard deviations). The noise is that of a mean of these days and of the "
        "machines together. An alarm that is to be silent in a year of such machines has to begin "
        "at more than four times that, so that a mark below it cannot be told from a machine that "
        "is only another one. What knows this very machine, a model that was fitted to it, goes by "
        "its days alone.\n\n"
        f"{untold}\n"
        "The backup heater that has failed leaves no mark at all, as nobody needs it in this week: "
        "it is found when it is wanted (`setpoint_missed`).\n"
    )


if __name__ == "__main__":
    run(Console(width=160))
