"""Floods, chatter and first-outs: what follows from when alarms were raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.alarm_report.episode import MINUTE, Episode, Times

WINDOW = 10 * MINUTE
"""In which alarms of an operator are counted. [µs]"""
FLOOD, OVER = 10, 5
"""More alarms in a window are a flood, until there are fewer than `OVER`."""
CHATTER, CHATTER_WINDOW = 3, MINUTE
"""So many of one alarm in so short a time are chatter."""
TOGETHER = MINUTE
"""Alarms of one asset without a longer pause have one cause: the first of them is the first-out."""


@dataclass(frozen=True, slots=True)
class Flood:
    """A time in which an operator gets more alarms than can be answered. [µs, UTC]"""

    begin: int
    end: int
    alarms: int
    """Raised in it."""
    peak: int
    """Most in one window."""


def floods(raised: Times) -> list[Flood]:
    """Return the floods among the times at which alarms were raised.

    It begins with the first alarm of the window that has too many, and ends when the window behind
    an alarm has few again. None reaches back into the one before.
    """
    inside = np.searchsorted(raised, raised, "right") - np.searchsorted(
        raised, raised - WINDOW, "right"
    )
    found: list[Flood] = []
    place, last = 0, -1
    while place < len(raised):
        if inside[place] <= FLOOD:
            place += 1
            continue
        first = max(place - int(inside[place]) + 1, last + 1)
        last = place
        # Few in the window behind: at the first moment after an alarm at which so many are left.
        while last + 1 < len(raised) and raised[last + 1] < _over(raised, last):
            last += 1
        end = _over(raised, last)
        peak = int(inside[place : last + 1].max())
        found.append(Flood(int(raised[first]), end, last - first + 1, peak))
        place = last + 1
    return found


def _over(raised: Times, last: int) -> int:
    """Return when there are few again, if nothing comes after an alarm. [µs]"""
    # The window is left by all but OVER - 1 of them.
    return int(raised[max(last - OVER + 1, 0)]) + WINDOW


def most_in_a_window(raised: Times) -> int:
    """Return the largest number of alarms in ten minutes."""
    behind = np.searchsorted(raised, raised + WINDOW, "left")
    return int((behind - np.arange(len(raised))).max(initial=0))


def chattering(episodes: Iterable[Episode]) -> Mapping[str, int]:
    """Return how often each alarm that chatters was raised too soon again, by its key."""
    times: dict[str, list[int]] = {}
    for episode in episodes:
        times.setdefault(episode.key, []).append(episode.raised)
    found: dict[str, int] = {}
    for key, values in times.items():
        raised = np.sort(np.array(values, dtype=np.int64))
        if len(raised) >= CHATTER:
            span = raised[CHATTER - 1 :] - raised[: 1 - CHATTER]
            if soon := int((span <= CHATTER_WINDOW).sum()):
                found[key] = soon
    return found


def first_outs(episodes: Sequence[Episode]) -> Counter[str]:
    """Return how often each alarm was the first of several of its asset that came together."""
    found: Counter[str] = Counter()
    groups: dict[str, list[Episode]] = {}
    for episode in sorted(episodes, key=lambda episode: episode.raised):
        group = groups.setdefault(episode.asset, [])
        if group and episode.raised - group[-1].raised > TOGETHER:
            _count(group, found)
            group.clear()
        group.append(episode)
    for group in groups.values():
        _count(group, found)
    return found


def _count(group: Sequence[Episode], found: Counter[str]) -> None:
    if len({episode.key for episode in group}) > 1:
        found[group[0].key] += 1
