"""Alarms and changes as marks for the script of a trend, in the words of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from heatpump_twin.hmi.journal.change_log import Change
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import date_time_text, epoch_ms, told_text
from heatpump_twin.hmi.trends.marks import Marks


def marked(marks: Marks, person: Person, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return the marks in order of time."""
    found = [
        _mark(
            "alarm", alarm.raised, f"{alarm.source}: {alarm.message}", f"/alarms#{alarm.key}", zone
        )
        for alarm in marks.alarms
        if alarm.raised is not None
    ]
    found += [
        _mark("change", change.time, _changed(change, person), "/changes", zone)
        for change in marks.changes
    ]
    return sorted(found, key=lambda mark: int(mark["time"]))


def _mark(kind: str, time: datetime, text: str, href: str, zone: ZoneInfo) -> dict[str, Any]:
    words = f"{date_time_text(time, zone)} {text}"
    return {"kind": kind, "time": epoch_ms(time), "text": words, "href": href}


def _changed(change: Change, person: Person) -> str:
    """Return who changed what, from which value to which."""
    variable = person.points.find(change.node)
    if variable is None:
        return f"{change.who} {change.node}: {change.old} → {change.new}".strip()
    values = [
        told_text(variable, float(value), person.language.decimal)
        if isinstance(value, int | float)
        else "—"
        for value in (change.old, change.new)
    ]
    about = f"{variable.title}: {values[0]} → {values[1]}"
    return f"{about} ({change.who})" if change.who else about
