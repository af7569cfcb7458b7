"""Read the record of a heat pump from its history."""

from __future__ import annotations

from collections.abc import Iterable

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.model.calibration.record import (
    Observed,
    Record,
    edges_between,
    observed_of,
    of_columns,
)

WEATHER = ("outdoor_temperature", "outdoor_humidity", "irradiance", "forecast_irradiance")
"""Points of the site that stand for those that a heat pump has not itself."""
_PAGE = 500_000
"""Samples that are read at a time."""
_BEFORE = 3600 * MICROSECONDS
"""The last samples before a span tell of its begin. [µs]"""


async def read_observations(
    history: HistoryReader,
    asset: str,
    ids: Iterable[str],
    start: int,
    end: int,
    step: float,
    *,
    emulated: bool,
) -> Record:
    """Read what was recorded of a heat pump's points ``ids``, and of the weather at its site.

    Parameters
    ----------
    start, end : int
        [µs since the Unix epoch, UTC]
    step : float
        Of the record's grid. [s]
    emulated : bool
        Whether the emulated plant was recorded.
    """
    edges = edges_between(start, end, step)
    observed: dict[str, Observed] = {}
    # One after the other: a month of one point at one second is 50 MB until it is on the grid.
    own = [(asset, point) for point in ids]
    for owner, point in (*own, *((SITE, point) for point in WEATHER)):
        if point not in observed:
            samples = await _samples(history, f"{owner}.{point}", start, end)
            observed.update(observed_of(point, samples, edges))
    return of_columns(observed, edges, asset=asset, emulated=emulated)


async def _samples(history: HistoryReader, key: str, start: int, end: int) -> Samples:
    parts = [await history.before(key, start - _BEFORE)]
    first = start - _BEFORE + 1
    while True:
        page = await history.read_raw(key, first, end, limit=_PAGE)
        parts.append(page)
        if len(page) < _PAGE:
            break
        first = int(page.time[-1]) + 1
    return Samples.concat([*parts, await history.after(key, end)])
