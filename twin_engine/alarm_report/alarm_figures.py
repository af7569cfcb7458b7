"""The figures of ISA-18.2 of one period, with what the standard takes for manageable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.alarm import PRIORITIES, priority
from heatpump_twin.twin_engine.alarm_report.episode import DAY, Episode
from heatpump_twin.twin_engine.alarm_report.floods import (
    WINDOW,
    Flood,
    chattering,
    first_outs,
    floods,
    most_in_a_window,
)

STALE = DAY
"""Active for longer without a break, an alarm is stale. [µs]"""
MOST = 10
"""Alarms in the list of the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Frequent:
    """One of the alarms that were raised most often."""

    key: str
    count: int
    share: float
    """Of all alarms of the period. [-]"""


@dataclass(frozen=True, slots=True)
class AlarmFigures:
    """Figures of the alarms of a site in a period. Times and durations in µs."""

    start: int
    end: int
    count: int
    """Raised in the period; those that nobody was bothered with are not among them."""
    hushed: int
    """Those: raised while shelved, suppressed, disabled or out of service."""
    peak: int
    """Most in ten minutes."""
    floods: Sequence[Flood]
    """Those of which a part is in the period; each is told as a whole."""
    priorities: Mapping[str, int]
    """Raised, by priority."""
    standing: Sequence[Episode]
    """Active at the end, the longest first."""
    stale: Sequence[Episode]
    """Those that were active for more than a day by the end of the period, or of themselves."""
    stale_at_once: int
    """Most that were stale at one time of the period."""
    chattering: Mapping[str, int]
    frequent: Sequence[Frequent]
    first_outs: Sequence[tuple[str, int]]
    unacknowledged: int
    """Raised in the period, and not acknowledged by its end."""
    answer: int | None
    """Median time from an alarm to its acknowledgement; None: none was acknowledged."""

    @property
    def days(self) -> float:
        """Length of the period. [d]"""
        return (self.end - self.start) / DAY

    @property
    def a_day(self) -> float:
        """Alarms a day."""
        return self.count / self.days

    @property
    def in_ten_minutes(self) -> float:
        """Alarms in ten minutes, on the average."""
        return self.count * WINDOW / (self.end - self.start)

    @property
    def flooded(self) -> float:
        """Share of the time in floods. [-]"""
        inside = sum(min(f.end, self.end) - max(f.begin, self.start) for f in self.floods)
        return inside / (self.end - self.start)

    @property
    def top_share(self) -> float:
        """Share of the most frequent alarms in all. [-]"""
        return sum(alarm.share for alarm in self.frequent)


def alarm_figures(episodes: Sequence[Episode], start: int, end: int) -> AlarmFigures:
    """Return the figures of the period start ≤ time < end from all that was active in it. [µs]"""
    known = [episode for episode in episodes if episode.raised < end]
    fresh = [episode for episode in known if episode.raised >= start]
    told = sorted((e for e in fresh if not e.hushed), key=lambda episode: episode.raised)
    raised = np.array([episode.raised for episode in told], dtype=np.int64)
    often = Counter(episode.key for episode in told).most_common(MOST)
    standing = [e for e in known if e.returned is None or e.returned >= end]
    waits = [
        e.acknowledged - e.raised
        for e in told
        if e.acknowledged is not None and e.acknowledged < end
    ]
    active = [e for e in known if e.returned is None or e.returned > start]
    return AlarmFigures(
        start=start,
        end=end,
        count=len(told),
        hushed=len(fresh) - len(told),
        peak=most_in_a_window(raised),
        floods=_floods(episodes, start, end),
        priorities=_priorities(told),
        standing=sorted(standing, key=lambda episode: episode.raised),
        stale=sorted((e for e in active if e.lasted(end) > STALE), key=lambda e: e.raised),
        stale_at_once=_most_stale(active, start, end),
        chattering=chattering(told),
        frequent=[Frequent(key, n, n / len(told)) for key, n in often],
        first_outs=first_outs(told).most_common(MOST),
        unacknowledged=len(told) - len(waits),
        answer=int(np.median(waits)) if waits else None,
    )


def _floods(episodes: Sequence[Episode], start: int, end: int) -> list[Flood]:
    """Return the floods that reach into a period, also those that began before it."""
    raised = np.array(sorted(e.raised for e in episodes if not e.hushed), dtype=np.int64)
    return [flood for flood in floods(raised) if flood.begin < end and flood.end > start]


def _most_stale(active: Sequence[Episode], start: int, end: int) -> int:
    """Return how many alarms were stale at once, at most, in a period."""
    spans = [(max(e.raised + STALE, start), e.raised + e.lasted(end)) for e in active]
    begins = [begin for begin, over in spans if begin < over]
    overs = [over for begin, over in spans if begin < over]
    # The most are there when one has just begun.
    counts = (sum(b <= at for b in begins) - sum(o <= at for o in overs) for at in begins)
    return max(counts, default=0)


def _priorities(told: Sequence[Episode]) -> dict[str, int]:
    counts = Counter(priority(episode.severity) for episode in told)
    return {name: counts[name] for name, _ in PRIORITIES}


@dataclass(frozen=True, slots=True)
class Target:
    """What ISA-18.2 (table 16.1 and the text beside it) takes for manageable."""

    figure: str
    text: str
    value: float
    limit: float

    @property
    def met(self) -> bool:
        """Whether the period keeps it."""
        return self.value <= self.limit


def targets(figures: AlarmFigures) -> list[Target]:
    """Return the targets of a period with what was reached."""
    return [
        Target("alarms_a_day", "at most 150 alarms a day", figures.a_day, 150.0),
        Target("in_ten_minutes", "about one alarm in ten minutes", figures.in_ten_minutes, 1.0),
        Target("peak", "at most 10 alarms in any ten minutes", float(figures.peak), 10.0),
        Target("flooded", "less than 1 % of the time in floods", figures.flooded, 0.01),
        Target("chattering", "no alarm chatters", float(len(figures.chattering)), 0.0),
        Target("stale", "fewer than 5 stale alarms on any day", float(figures.stale_at_once), 4.0),
    ]
