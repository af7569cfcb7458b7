"""Ready programs as a person reads them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.phrase import Context, Phrase, Text, joined
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.twin_engine.programs.start_outlook import Outlook
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpOutcome, HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_kinds import KINDS
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyProgram, ReadyQuantity
from heatpump_twin.twin_engine.wording import duration_text, time_text, value_text

_DAYS = (
    Text("Mon", Context.MESSAGES),
    Text("Tue", Context.MESSAGES),
    Text("Wed", Context.MESSAGES),
    Text("Thu", Context.MESSAGES),
    Text("Fri", Context.MESSAGES),
    Text("Sat", Context.MESSAGES),
    Text("Sun", Context.MESSAGES),
)


def changed_by_hand(title: str) -> Phrase:
    """Return that somebody has changed a setting."""
    return Phrase("“{title}” was changed by hand", title=title)


def next_attempt(seconds: float) -> Phrase:
    """Return when what was refused is tried again."""
    return Phrase("Next attempt in {span}.", span=duration_text(seconds))


class ReadyWords:
    """Sentences about programs, with times on the clock of the site."""

    def __init__(self, table: PointTable, zone: ZoneInfo, clock: Clock) -> None:
        self._table = table
        self._zone = zone
        self._clock = clock

    def text(self, program: ReadyProgram) -> str:
        """Return ``water at 45 °C at 07:00``, with the days of a calendar."""
        what = self._warm(program.asset, program.quantity, program.target)
        days = [name for bit, name in enumerate(_DAYS) if program.weekdays >> bit & 1]
        words = Phrase("{what} at {time}", what=what, time=self._time(program.ready_at))
        return Phrase("{words} ({days})", words=words, days=joined(", ", days)) if days else words

    def purpose(self, program: ReadyProgram) -> str:
        """Return what a write is for."""
        what, time = KINDS[program.quantity].title, self._time(program.ready_at)
        return Phrase("{what} ready at {time}", what=what, time=time)

    def title(self, asset: str, point: str) -> str:
        """Return the name of a point."""
        return self._table.by_asset[asset][point].spec.title

    def start(self, outlook: Outlook | None) -> str:
        """Return when a program will start, and why then."""
        if outlook is None:
            return Text(
                "When it starts cannot be told before the devices answer.", Context.MESSAGES
            )
        late = (self._clock.now() - outlook.start_at) / MICROSECONDS
        if late > 60:
            return Phrase("It starts now; it may be late by {span}.", span=duration_text(late))
        time = self._time(outlook.start_at)
        return Phrase("It starts at about {time}: {reason}.", time=time, reason=outlook.reason)

    def verdict(self, record: HeatUpRecord, why: str) -> str:
        """Return whether a program has kept its word."""
        ready_at = record.ended if record.ready_at is None else record.ready_at
        time = self._time(ready_at)
        what = self._warm(record.asset, record.quantity, record.target)
        took = duration_text((record.ended - record.begin) / MICROSECONDS)
        match record.outcome:
            case HeatUpOutcome.ON_TIME:
                return Phrase(
                    "Ready in time for {time}: {what} after {took}, {early} before.",
                    time=time,
                    what=what,
                    took=took,
                    early=duration_text(record.excess),
                )
            case HeatUpOutcome.LATE:
                return Phrase(
                    "Late for {time}: {what} after {took}, {late} too late.",
                    time=time,
                    what=what,
                    took=took,
                    late=duration_text(-record.excess),
                )
            case HeatUpOutcome.NOT_REACHED:
                return Phrase(
                    "Not ready for {time}: {what} was not reached within {took}.",
                    time=time,
                    what=what,
                    took=took,
                )
            case _ if why:
                return Phrase(
                    "Not judged for {time}: {what} ({why}).", time=time, what=what, why=why
                )
            case _:
                return Phrase("Not judged for {time}: {what}.", time=time, what=what)

    def _warm(self, asset: str, quantity: ReadyQuantity, target: float) -> str:
        kind = KINDS[quantity]
        spec = self._table.by_asset[asset][kind.setpoint].spec
        return Phrase("{what} at {value}", what=kind.title, value=value_text(spec, target))

    def _time(self, time: int) -> str:
        return time_text(time, self._zone, self._clock.now())
