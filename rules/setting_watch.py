"""Watch the settings of all heat pumps: which of them hold another value than before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import Group, Point, PointRole, PointTable
from heatpump_twin.config.phrase import Phrase
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD
from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.stretch import Stretch
from heatpump_twin.twin_engine.happening import SettingChange
from heatpump_twin.twin_engine.wording import value_text

_LEAST = 1e-9
"""Smallest change, where the catalogue has none."""


class SettingWatch:
    """Watch of all settings: an array over the table with the last value that was known of each.

    A setting stays what it is while nobody can see it, so that one which comes back with another
    value was changed meanwhile. Where no value was known yet, none has changed.
    """

    def __init__(self, table: PointTable) -> None:
        self._table = table
        self._known = np.empty(0)
        self._least = np.empty(0)
        self._grow()

    def _grow(self) -> None:
        """Add rows for points that were added to the table."""
        more = [self._table[index] for index in range(len(self._known), len(self._table))]
        self._known = np.append(self._known, np.full(len(more), np.nan))
        self._least = np.append(self._least, [_least_change(point) for point in more])

    def may_change(self, stretch: Stretch) -> NDArray[np.bool_]:
        """Tell at which slots of a stretch a look may find something."""
        if len(self._known) != len(self._table):
            self._grow()
        settings = np.flatnonzero(np.isfinite(self._least))
        # One of which no value is known yet takes the first that there is.
        fresh = np.isnan(self._known[settings]) & ~np.isnan(stretch.value[:, settings])
        marks: NDArray[np.bool_] = stretch.changes(settings) | fresh.any(axis=1)
        return marks

    def look(self, samples: Frame, feed: Feed, now: int) -> list[SettingChange]:
        """Return which settings have changed by samples that the feed holds already. [µs]"""
        if len(self._known) != len(self._table):
            self._grow()
        points = samples.point[np.isfinite(self._least[samples.point])]
        if not len(points):
            return []
        points = np.unique(points)
        value = np.where(feed.status[points] & BAD, np.nan, feed.value[points])
        value[np.isinf(value)] = np.nan  # no setting that a device can hold
        before = self._known[points]
        # A comparison with NaN is false: neither from unknown nor to unknown anything changes.
        changed = np.abs(value - before) > self._least[points]
        fresh = changed | (np.isnan(before) & ~np.isnan(value))
        self._known[points[fresh]] = value[fresh]
        return [
            _change(self._table[int(points[i])], now, float(before[i]), float(value[i]))
            for i in np.flatnonzero(changed).tolist()
        ]


def _least_change(point: Point) -> float:
    """Return by how much a setting must change; infinite: it is no setting of a person."""
    spec = point.spec
    # Not all that can be written is a setting: counters that controllers keep, and push-buttons.
    if spec.role is not PointRole.SETPOINT or spec.group is not Group.CONFIGURATION:
        return np.inf
    return max((spec.deadband or 0.0) / 2, _LEAST)


def _change(point: Point, now: int, old: float, new: float) -> SettingChange:
    words = Phrase(
        "{setting}: {old} → {new}",
        setting=point.spec.title,
        old=value_text(point.spec, old),
        new=value_text(point.spec, new),
    )
    return SettingChange(point, now, old, new, words)
