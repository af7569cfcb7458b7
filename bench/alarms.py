"""What the alarms of heat pumps find on an emulated plant, and what they raise without a fault.

Four tables, also as the page `docs/alarm-detection.md`: the days of a year without a fault in two
climates, the delay from the beginning of a fault to its alarm by how bad the fault is, both in the
measures of fault detection, and how long before people notice a fault that grows it is told of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import alarm_lead
from bench.alarm_fleet import Fault, Fleet, Variant
from bench.alarm_kinds import FAULTS, MORE, Kind
from bench.alarm_scores import Raised, Score, false_alarms, normal_weeks, once
from bench.calibrated_fleet import DAYS, calibrated
from bench.plant_year import CLIMATES
from heatpump_twin.rules.pack import load_pack

PAGE = Path(__file__).resolve().parent.parent / "docs" / "alarm-detection.md"
SEVERITIES = (0.05, 0.1, 0.2, 0.4)
_DAY = 86_400.0
_SETTLED, _WATCHED = 2, 5
"""Days before the fault, and with it."""
_MONTH_DAYS = 30
_PERIODS = (300.0, 120.0)
"""Between two polls, of the year and of the faults. [s]"""
_URGENT = 900
Found = dict[tuple[Kind, float | None], dict[str, float]]
"""Alarms with the delay of the first time, by kind of fault and severity. [s]"""


def run(console: Console) -> None:
    """Print all tables, and write the page."""
    year, found = _fault_free_year(), _campaign()
    tables = (
        _year_table(year),
        _fault_table(found),
        _score_table(year, found),
        alarm_lead.table(alarm_lead.courses()),
    )
    for table in tables:
        console.print(table)
    PAGE.write_text(_page(tables), "utf-8")


# ── a year without a fault ───────────────────────────────────────────────────────────────────────
def _fault_free_year() -> dict[str, list[Raised]]:
    """Return what was raised in a year of months, by climate."""
    climates = CLIMATES[:2]
    months = list(product(climates, range(1, 13)))
    variants = [
        Variant(climate, datetime(2026, month, 1, tzinfo=UTC), more=MORE)
        for climate, month in months
    ]
    raised: dict[str, list[Raised]] = {climate.name: [] for climate in climates}
    standing: dict[tuple[int, str], Raised] = {}
    for number, change, after in Fleet(variants, _PERIODS[0], calibrated(variants)).live(
        _MONTH_DAYS * _DAY
    ):
        climate, month = months[number]
        place = number, change.alarm.rule
        if change.active:
            standing[place] = Raised(change.alarm.rule, month, after)
            raised[climate.name].append(standing[place])
        elif (before := standing.pop(place, None)) is not None:
            raised[climate.name].remove(before)
            raised[climate.name].append(replace(before, returned=True))
    return raised


def _year_table(year: dict[str, list[Raised]]) -> Table:
    severity = {rule.id: rule.severity for rule in load_pack("heat-pump").rules}
    table = Table(title="Alarms of a year without a fault")
    for column in ("climate", "alarms", "urgent", "which"):
        table.add_column(column)
    for climate, raised in year.items():
        count = Counter(alarm.rule for alarm in once(raised))
        urgent = sum(n for rule, n in count.items() if severity[rule] >= _URGENT)
        which = ", ".join(f"{rule} {n}" for rule, n in count.most_common()) or "none"
        table.add_row(climate, str(count.total()), str(urgent), which)
    return table


# ── faults ───────────────────────────────────────────────────────────────────────────────────────
def _campaign() -> Found:
    """Return which alarms faults raise that the same machine without one does not."""
    cases = [
        (kind, severity) for kind in FAULTS for severity in (SEVERITIES if kind.graded else (None,))
    ]
    start = datetime(2026, 1, 5, tzinfo=UTC)
    variants = [
        Variant(CLIMATES[1], start, Fault(k.name, severity, k.magnitude, k.point), more=MORE)
        for k, severity in cases
    ]
    variants.append(Variant(CLIMATES[1], start, more=MORE))
    fleet = Fleet(variants, _PERIODS[1], calibrated(variants))
    usual = {change.alarm.rule for number, change, _ in fleet.live(_SETTLED * _DAY)}
    fleet.begin_faults()
    found: Found = {case: {} for case in cases}
    for number, change, after in fleet.live(_WATCHED * _DAY):
        if not change.active:
            continue
        if number == len(cases):
            usual.add(change.alarm.rule)
        else:
            found[cases[number]].setdefault(change.alarm.rule, after)
    return {
        case: {rule: after for rule, after in alarms.items() if rule not in usual}
        for case, alarms in found.items()
    }


def _fault_table(found: Found) -> Table:
    table = Table(title="From the beginning of a fault to its first alarm")
    for column in ("fault", *(f"{severity:.0%}" for severity in SEVERITIES), "why not at 20 %"):
        table.add_column(column)
    for kind in FAULTS:
        if not kind.graded:
            cells = [_cell(kind, found[kind, None]), "", "", ""]
        else:
            cells = [_cell(kind, found[kind, severity]) for severity in SEVERITIES]
        table.add_row(kind.title, *cells, kind.why)
    return table


def _cell(kind: Kind, alarms: dict[str, float]) -> str:
    """Return the first alarm that tells of the fault, and when; else what was raised instead."""
    right = {rule: after for rule, after in alarms.items() if rule in kind.alarms}
    if right:
        rule = min(right, key=right.__getitem__)
        return f"{rule} {_after(right[rule])}"
    other = ", ".join(sorted(alarms))
    return f"({other})" if other else "–"


def _after(seconds: float) -> str:
    if seconds < 3600.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.1f} d"


def _score_table(year: dict[str, list[Raised]], found: Found) -> Table:
    table = Table(title="In the field's own measures, on emulated faults")
    for column in ("degree", "found", "false", "F0.5", "misdiagnosed", "median delay"):
        table.add_column(column)
    false = sum(len(false_alarms(raised)) for raised in year.values())
    for severity in SEVERITIES:
        cases = [(kind.alarms, found[kind, severity if kind.graded else None]) for kind in FAULTS]
        score = Score.of(cases, false)
        table.add_row(
            f"{severity:.0%}",
            f"{score.found} of {score.faults}",
            str(false),
            f"{score.f_half:.2f}",
            f"{score.misdiagnosed} of {score.told}",
            "–" if score.delay is None else _after(score.delay),
        )
    weeks, right = normal_weeks(year, _MONTH_DAYS)
    table.add_row("none", f"{right} of {weeks} weeks right ({right / weeks:.0%})", "", "", "", "")
    return table


# ── the page ─────────────────────────────────────────────────────────────────────────────────────
def _page(tables: Sequence[Table]) -> str:
    head = (
        "# What the alarms find\n"
        "Written by `python -m bench alarms`: emulated heat pumps, read and judged as real ones "
        "are, with the rules of `rules/packs/heat-pump.yaml`. Figures of an emulated plant say "
        "that a rule works, not how often it is right in the field.\n\n"
        f"The machine of the default site, which reports {', '.join(MORE)} as well. The year: "
        f"every day of twelve months of {_MONTH_DAYS} days, a poll each {_PERIODS[0]:.0f} s. The "
        f"faults: in the average climate from 5 January, {_SETTLED} days "
        f"without and {_WATCHED} days with the fault, a poll each {_PERIODS[1]:.0f} s. Each "
        f"machine has a [model](calibration.md) that was calibrated on the {DAYS} days before: in "
        "the year on those before each month, where they tell enough. The degree "
        "of a fault is a share of the worst that fields have (`hptwin plant faults`). Without a "
        "degree: one column. In brackets: other alarms that the machine without the fault did "
        "not raise. –: none.\n\n"
        "An alarm that stands from one month into the next is counted once. *legionella_missed* "
        "is right: nobody disinfects that tank. Found: an alarm that names the fault within "
        f"{_WATCHED} days. False: raised without a fault, in both years. Misdiagnosed: the first "
        "alarm named something else. F0.5 weighs false alarms twice as much as faults that were "
        "missed. A public benchmark of heating substations with labelled faults reaches F0.5 "
        "0.83, is right in 98 % of normal weeks, and tells of 60 % of faults before the customer "
        "calls, three to five days ahead; those faults are of the field, these are emulated.\n\n"
        f"Of faults that grow evenly from nothing to their worst within {alarm_lead.GROWS} days: "
        "when the alarm comes, at which degree, and when people feel it, that is when rooms are "
        f"{alarm_lead.COLD_ROOM:.1f} K or hot water {alarm_lead.COLD_WATER:.0f} K colder than "
        "without the fault for three hours.\n"
    )
    return "\n".join([head, *map(markdown, tables)])


def markdown(table: Table) -> str:
    """Return a table as a section of a page."""
    rows = list(zip(*(column.cells for column in table.columns), strict=True))
    names = [str(column.header) for column in table.columns]
    lines = [names, ["---"] * len(names), *rows]
    text = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    return f"## {table.title}\n{text}\n"
