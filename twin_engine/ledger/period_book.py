"""What was counted of a heat pump in the parts of a month and of a year, and so in all of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.tally import Tally
from heatpump_twin.twin_engine.ledger.calendar_periods import PARTS, end_of, parts_of
from heatpump_twin.twin_engine.ledger.row_reading import read_tally


class PeriodBook:
    """The book of one heat pump: months by their days, years by their months.

    The running month and year are kept in memory; others are read from the recorded rows.
    """

    def __init__(
        self, history: HistoryReader, asset: str, columns: Collection[str], zone: ZoneInfo
    ) -> None:
        self._history, self._asset = history, asset
        self._columns, self._zone = columns, zone
        self._kept: dict[CalendarSpan, Tally] = {}

    async def total(
        self, span: CalendarSpan, time: int, until: int, fresh: Mapping[int, Tally]
    ) -> Tally:
        """Return the sum of the month or year that a time lies in, up to ``until``.

        Parameters
        ----------
        fresh : mapping
            By their begin: parts that were counted just now.
        """
        edges = parts_of(span, time, until, self._zone)
        kept = self._kept.get(span)
        if kept is None or kept.edges[0] != edges[0]:
            kept = await read_tally(self._history, self._asset, self._columns, PARTS[span], edges)
        merged = _merged(kept, edges, fresh)
        if end_of(span, time, self._zone) > until:
            self._kept[span] = merged
        return merged.total()


def _merged(kept: Tally, edges: Times, fresh: Mapping[int, Tally]) -> Tally:
    """Return the parts between edges, as they were kept or as they were counted just now."""
    begins = edges[:-1].tolist()
    before = {begin: i for i, begin in enumerate(kept.edges[:-1].tolist())}
    places = [(fresh[b], 0) if b in fresh else (kept, before.get(b, -1)) for b in begins]

    def column(kind: str, name: str, missing: float) -> Values:
        found = (getattr(tally, kind).get(name) for tally, _ in places)
        return np.array(
            [
                missing if of is None or i < 0 else of[i]
                for of, (_, i) in zip(found, places, strict=True)
            ]
        )

    return Tally(
        edges,
        {name: column("amount", name, np.nan) for name in kept.amount},
        {name: column("doubtful", name, 0.0).astype(bool) for name in kept.doubtful},
        {kind: column("known", kind, 0.0) for kind in kept.known},
        {},
    )
