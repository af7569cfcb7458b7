"""Rows of the ledger as they are recorded: figures of periods, each at the begin of its period."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from heatpump_twin.config.catalogue import FIGURES, Point
from heatpump_twin.config.period_figure import CalendarSpan, point_of
from heatpump_twin.drivers.frame import Frame, Times
from heatpump_twin.drivers.status import BAD, BAD_NO_DATA, GOOD, UNCERTAIN_SUB_NORMAL, is_good
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.figure import Figure
from heatpump_twin.twin_engine.kpi.tally import KNOWN, Tally

_COMPLETENESS = "_completeness"
_WITH_ENDS = ("spf_h4", "spf_h4_expected")


class Row(NamedTuple):
    """One figure of one period, as it is recorded."""

    point: int
    value: float
    status: int
    time: int


def frame_of(rows: Iterable[Row]) -> Frame:
    """Return rows as a frame."""
    point, value, status, time = (np.array(c) for c in zip(*rows, strict=True))
    return Frame(
        point.astype(np.int32), value.astype(float), status.astype(np.uint32), time.astype(np.int64)
    )


def rows_of_tally(tally: Tally, span: CalendarSpan, points: Mapping[str, Point]) -> list[Row]:
    """Return the rows of a tally's spans: its sums, and how complete they are."""
    found = []
    begin, length = tally.edges[:-1], np.diff(tally.edges)
    for name, value in tally.amount.items():
        if (point := points.get(point_of(name, span))) is None:
            continue
        status = np.where(tally.doubtful[name], UNCERTAIN_SUB_NORMAL, GOOD)
        status = np.where(np.isnan(value), BAD_NO_DATA, status)
        found += _rows(point, value, status, begin)
    for kind, known in tally.known.items():
        if (point := points.get(point_of(f"{kind}{_COMPLETENESS}", span))) is not None:
            share = 100.0 * np.clip(known / np.maximum(length, 1), 0.0, 1.0)
            found += _rows(point, share, np.full(len(share), GOOD), begin)
    return found


def rows_of_figures(
    figures: Mapping[str, Figure], span: CalendarSpan, begin: int, points: Mapping[str, Point]
) -> list[Row]:
    """Return the rows of figures that are no sums: what is not certain of them is Uncertain."""
    found = []
    for name, value, doubts in [
        *((f.name, f.value, f.doubts) for f in figures.values() if not FIGURES[f.name].sums),
        *_ends(figures),
    ]:
        point = points.get(point_of(name, span))
        if point is None or name.endswith(_COMPLETENESS):
            continue
        status = UNCERTAIN_SUB_NORMAL if doubts else GOOD
        found.append(Row(point.index, value, status if value == value else BAD_NO_DATA, begin))
    return found


def _ends(figures: Mapping[str, Figure]) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """Yield the ends of intervals that are figures of their own."""
    for name in _WITH_ENDS:
        if (figure := figures.get(name)) is not None:
            yield f"{name}_lower", figure.low, figure.doubts
            yield f"{name}_upper", figure.high, figure.doubts


def _rows(point: Point, value: np.ndarray, status: np.ndarray, begin: Times) -> list[Row]:
    columns = (value.tolist(), status.tolist(), begin.tolist())
    return [Row(point.index, *one) for one in zip(*columns, strict=True)]


async def read_tally(
    history: HistoryReader,
    asset: str,
    columns: Collection[str],
    span: CalendarSpan,
    edges: Times,
) -> Tally:
    """Return what is recorded of the periods between edges; NaN where there is no row."""
    length = np.diff(edges)
    amount, doubtful, known = {}, {}, {}
    for name in columns:
        figure = FIGURES[name]
        if span not in figure.spans:
            continue
        kind = name.removesuffix(_COMPLETENESS)
        if not figure.sums and kind not in KNOWN:
            continue
        value, status = await _read(history, f"{asset}.{point_of(name, span)}", edges)
        if figure.sums:
            amount[name], doubtful[name] = value, status
        else:
            known[kind] = np.nan_to_num(value) / 100.0 * length
    return Tally(edges, amount, doubtful, known, {})


async def _read(history: HistoryReader, key: str, edges: Times) -> tuple[np.ndarray, np.ndarray]:
    """Return value and whether it is doubtful of each period."""
    found = await history.read_raw(key, int(edges[0]), int(edges[-1]), limit=len(edges) * 2)
    value = np.full(len(edges) - 1, np.nan)
    doubtful = np.zeros(len(edges) - 1, dtype=bool)
    place = np.searchsorted(edges, found.time)
    fits = (place < len(value)) & (edges[np.minimum(place, len(value))] == found.time)
    place = place[fits]
    value[place] = np.where(found.status[fits] < BAD, found.value[fits], np.nan)
    doubtful[place] = [not is_good(status) for status in found.status[fits].tolist()]
    return value, doubtful
