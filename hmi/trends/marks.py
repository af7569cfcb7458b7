"""Marks on a trend: when alarms were raised and settings changed, of the heat pumps shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from asyncua import Client

from heatpump_twin.hmi.alarms.condition_report import Alarm
from heatpump_twin.hmi.journal.alarm_journal import AlarmJournal, alarm_events
from heatpump_twin.hmi.journal.change_log import Change, change_events, changes_of

MOST = 200
"""Marks of one trend, the latest ones: more would hide what they lie on."""
_SETTINGS = ("value", "device")


@dataclass(frozen=True, slots=True)
class Marks:
    """What happened in a range, the latest last."""

    alarms: list[Alarm]
    changes: list[Change]
    complete: bool
    """Whether these are all."""


async def read_marks(
    client: Client, assets: Collection[str], start: datetime, end: datetime
) -> Marks:
    """Return the alarms that were raised and the settings that changed, of some assets.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        They cannot be read now.
    """
    events = await alarm_events(client, start, end)
    journal = AlarmJournal()
    journal.take(reversed(events.events))
    alarms = [alarm for alarm in journal.raised(start, end) if alarm.unit in assets]
    changed = await change_events(client, start, end)
    # Without the audit: what a session wrote and what a device reports of it are the same change.
    found = changes_of(changed.events, audit=False)
    changes = [
        change
        for change in found
        if change.kind in _SETTINGS
        and change.done
        and not change.origin
        and change.node.partition(".")[0] in assets
    ]
    alarms.sort(key=lambda alarm: alarm.raised or start)
    changes.sort(key=lambda change: change.time)
    complete = events.complete and changed.complete
    return Marks(
        alarms[-MOST:], changes[-MOST:], complete and max(len(alarms), len(changes)) <= MOST
    )
