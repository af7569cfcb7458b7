"""Delete what is older than is kept, a little at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

_CYCLE = 600
"""Calls of `Retention.prune` in which every point is visited once."""
_BLOCKS = 100
"""Blocks of one point deleted at a time, so that readers and the next flush never wait long."""
_ROWS = 1_000
"""Events, heat-ups and forecasts deleted at a time, of each."""
_HELD = 86_400.0
"""How long nothing is deleted after the clock was set: one of 2038 would find all of it old. [s]"""


class Retention:
    """What makes samples, events, heat-ups and forecasts go that are older than is kept."""

    def __init__(self, store: SampleStore, settings: HistorianSettings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._at = 0
        self._from = 0.0

    def hold(self) -> None:
        """Delete nothing for a day."""
        self._from = time.monotonic() + _HELD

    def prune(self, rows: Sequence[int]) -> None:
        """Look at a few of the points with these row ids; the next call goes on with the next."""
        if time.monotonic() < self._from or not rows:
            return
        # Rounded up, so that a site of few points is visited too. All points at once would hold
        # the writer for seconds on a database of years.
        count = -(-len(rows) // _CYCLE)
        points = np.take(rows, range(self._at, self._at + count), mode="wrap")
        self._store.prune(points.tolist(), self._limit(self._settings.retention), _BLOCKS)
        self._at += count
        self._store.prune_events(self._limit(self._settings.event_retention), _ROWS)
        forecasts = self._limit(self._settings.forecast_retention)
        self._store.prune_trajectories(forecasts, _ROWS)

    def _limit(self, retention: float) -> int:
        """Return the time before which nothing is kept that is kept so long [s]."""
        return self._clock.now() - round(retention * MICROSECONDS)
