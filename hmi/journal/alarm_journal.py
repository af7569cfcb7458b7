"""The alarm journal: each time that an alarm was active, from the recorded events of conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from asyncua import Client, ua

from heatpump_twin.hmi.alarms.alarm_fields import alarm_clauses
from heatpump_twin.hmi.alarms.condition_report import Alarm, alarm_of, is_older, with_author
from heatpump_twin.hmi.endpoint import standard_node
from heatpump_twin.hmi.journal.event_history import RecordedEvents, of_types, read_events
from heatpump_twin.hmi.presentation import aware

MOST = 5_000
"""Events that are read at once: what a browser can still show, and what takes a second or two."""


class AlarmJournal:
    """Journal of a range of time, by occurrence: what became of each."""

    def __init__(self) -> None:
        self.occurrences: dict[str, Alarm] = {}
        self.hushed: set[str] = set()
        """Occurrences of which nobody was told when they began."""

    def take(self, events: Iterable[Mapping[str, Any]]) -> dict[str, Alarm]:
        """Take events in order of time; return the occurrences that they have changed."""
        changed: dict[str, Alarm] = {}
        for fields in events:
            alarm = alarm_of(fields)
            if alarm is None:
                continue
            place, before = alarm.occurrence, self.occurrences.get(alarm.occurrence)
            if before is None and alarm.quiet:
                self.hushed.add(place)
            if before is None or not is_older(alarm, before):
                self.occurrences[place] = changed[place] = with_author(alarm, before)
        return changed

    def raised(self, start: datetime, end: datetime) -> list[Alarm]:
        """Return what was raised with start ≤ time < end and somebody was told of."""
        return [
            alarm
            for place, alarm in self.occurrences.items()
            if alarm.raised and start <= aware(alarm.raised) < end and place not in self.hushed
        ]


async def alarm_events(client: Client, start: datetime, end: datetime) -> RecordedEvents:
    """Read what conditions have reported, the newest first.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        It cannot be read now.
    """
    return await read_events(
        client,
        alarm_clauses(await client.get_namespace_array()),
        of_types(standard_node(ua.ObjectIds.AlarmConditionType)),
        start,
        end,
        most=MOST,
    )
