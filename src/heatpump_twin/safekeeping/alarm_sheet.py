"""The figures of alarms of one period as tables of text, for any kind of page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.safekeeping.csv_text import csv_text
from heatpump_twin.twin_engine.alarm import priority
from heatpump_twin.twin_engine.alarm_report.alarm_figures import AlarmFigures, targets
from heatpump_twin.twin_engine.alarm_report.episode import Episode
from heatpump_twin.twin_engine.wording import duration_text

COLUMNS = ("from", "to", "table", "name", "value", "detail")
"""Of the report as CSV: one fact in a row."""


@dataclass(frozen=True, slots=True)
class AlarmTable:
    """One table of a report."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class AlarmSheet:
    """The report of one period."""

    title: str
    start: str
    end: str
    tables: Sequence[AlarmTable]


def alarm_sheet(
    figures: AlarmFigures, site: str, zone: ZoneInfo, titles: Mapping[str, str]
) -> AlarmSheet:
    """Return the report of a period.

    Parameters
    ----------
    titles : mapping
        What each alarm is called, by its key; one that is gone is called by its key.
    """
    start, end = _time(figures.start, zone), _time(figures.end, zone)
    tables = (
        _against_targets(figures),
        _counts(figures),
        AlarmTable(
            "Most frequent alarms",
            ("alarm", "raised", "share"),
            [(_name(a.key, titles), str(a.count), f"{a.share:.0%}") for a in figures.frequent],
        ),
        _standing("Standing at the end", figures.standing, figures, zone, titles),
        _standing("Stale: active for more than a day", figures.stale, figures, zone, titles),
        AlarmTable(
            "Chattering: three times within a minute",
            ("alarm", "times too soon again"),
            [(_name(key, titles), str(n)) for key, n in figures.chattering.items()],
        ),
        AlarmTable(
            "Floods: more than ten in ten minutes",
            ("from", "to", "alarms", "most in ten minutes"),
            [
                (_time(f.begin, zone), _time(f.end, zone), str(f.alarms), str(f.peak))
                for f in figures.floods
            ],
        ),
        AlarmTable(
            "First-outs: first of several of one heat pump within a minute",
            ("alarm", "times"),
            [(_name(key, titles), str(n)) for key, n in figures.first_outs],
        ),
    )
    return AlarmSheet(f"Alarms of {site}", start, end, tables)


def sheets_as_csv(sheets: Iterable[AlarmSheet]) -> str:
    """Return reports as CSV, one fact in a row."""
    rows = [
        (sheet.start, sheet.end, table.title, name, value, "; ".join(details))
        for sheet in sheets
        for table in sheet.tables
        for name, value, *details in table.rows
    ]
    return csv_text([COLUMNS, *rows])


def _against_targets(figures: AlarmFigures) -> AlarmTable:
    rows = [
        (t.text, f"{t.value:.1%}" if t.figure == "flooded" else f"{t.value:.3g}",
         "kept" if t.met else "NOT kept")
        for t in targets(figures)
    ]  # fmt: skip
    return AlarmTable("Against ISA-18.2", ("target", "reached", ""), rows)


def _counts(figures: AlarmFigures) -> AlarmTable:
    answer = "–" if figures.answer is None else duration_text(figures.answer / MICROSECONDS)
    total = max(figures.count, 1)
    mix = [
        (f"{name} priority", str(n), f"{n / total:.0%}") for name, n in figures.priorities.items()
    ]
    rows = [
        ("raised", str(figures.count), ""),
        *mix,
        ("raised while shelved, suppressed, disabled or out of service", str(figures.hushed), ""),
        ("not acknowledged", str(figures.unacknowledged), ""),
        ("median time to acknowledgement", answer, ""),
        ("share of the ten most frequent", f"{figures.top_share:.0%}", ""),
    ]
    return AlarmTable("Alarms", ("what", "number", "share"), rows)


def _standing(
    title: str, episodes: Sequence[Episode], figures: AlarmFigures, zone: ZoneInfo,
    titles: Mapping[str, str],
) -> AlarmTable:  # fmt: skip
    rows = [
        (
            _name(e.key, titles),
            priority(e.severity),
            _time(e.raised, zone),
            duration_text(e.lasted(figures.end) / MICROSECONDS),
        )
        for e in episodes
    ]
    return AlarmTable(title, ("alarm", "priority", "since", "for"), rows)


def _name(key: str, titles: Mapping[str, str]) -> str:
    return f"{titles[key]} ({key})" if key in titles else key


def _time(time: int, zone: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(time / MICROSECONDS, UTC).astimezone(zone)
    return moment.isoformat(" ", "minutes")
