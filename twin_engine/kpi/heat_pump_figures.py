"""All key figures of one heat pump in one past period, from its recorded history."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.frame import Times
from heatpump_twin.drivers.status import GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve
from heatpump_twin.twin_engine.derive.energy.period_columns import columns_of
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.costs import hourly, load_duration
from heatpump_twin.twin_engine.kpi.counting import CountingRules, tally_of
from heatpump_twin.twin_engine.kpi.figure import Figure, missing, ratio
from heatpump_twin.twin_engine.kpi.heat_pump_record import HeatPumpRecord, read_record
from heatpump_twin.twin_engine.kpi.meter_classes import MeterClasses, mean_difference
from heatpump_twin.twin_engine.kpi.recorded_period import RecordedPeriod
from heatpump_twin.twin_engine.kpi.runs import run_lengths, whole_runs
from heatpump_twin.twin_engine.kpi.scop import ShownShare, scop_estimate, shown_share
from heatpump_twin.twin_engine.kpi.tally import Tally
from heatpump_twin.twin_engine.kpi.tally_figures import FigureMaker, PeriodFigures

LEAST_RUN = 0.2
"""Electricity of a run below which its COP is not certain. [kWh]"""


async def heat_pump_figures(
    history: HistoryReader,
    heat_pump: HeatPump,
    ids: Collection[str],
    rules: CountingRules,
    start: int,
    end: int,
) -> PeriodFigures:
    """Return the key figures of a heat pump that has the points ``ids``, from start to end."""
    record = await read_record(history, heat_pump, ids, rules.zone, start, end)
    columns = columns_of(ids, rules.tariff)
    edges = np.array([start, end], dtype=np.int64)
    tally = tally_of(record, heat_pump, rules, columns, edges)
    found = await figures_of(history, figure_maker(heat_pump, ids, rules), ids, tally)
    more = [
        run_cop(record),
        *(run_lengths(record.runs) if len(record.runs.begin) else ()),
        *_load(record, rules, edges),
        scop_estimate(heat_pump, await _shown(history, heat_pump.id, ids, rules, (start, end))),
    ]
    return found._replace(figures={**found.figures, **{f.name: f for f in more}})


def figure_maker(heat_pump: HeatPump, ids: Collection[str], rules: CountingRules) -> FigureMaker:
    """Return what makes figures of a heat pump's tallies."""
    return FigureMaker(
        heat_pump,
        columns_of(ids, rules.tariff),
        MeterClasses.of(heat_pump, ids),
        rules.tariff.currency if rules.tariff else "",
    )


async def figures_of(
    history: HistoryReader, maker: FigureMaker, ids: Collection[str], total: Tally
) -> PeriodFigures:
    """Return the key figures of a tally of one span, of a heat pump that has the points ``ids``."""
    heat = float(total.amount["heat"][0]) if "heat" in total.amount else math.nan
    span = int(total.edges[0]), int(total.edges[-1])
    return maker.of(total, await mean_difference(history, maker.heat_pump.id, ids, heat, *span))


def run_cop(record: HeatPumpRecord) -> Figure:
    """Return heat, less what defrosts took back, over electricity while the compressor ran."""
    name, runs = "run_cop", record.runs
    curves = (*record.heat.curves, *record.electricity.curves)
    if len(curves) != 2 or not len(runs.begin):
        return missing(name, "1", "no heat and electricity of one counter each")
    on = runs.value == 1
    spans = np.array([runs.begin[on], runs.end[on]])
    heat, used = (_gain(curve, spans) for curve in curves)
    heat -= _taken_back(record, spans)
    over, under = (Figure("", "kWh", v, v, v) for v in (heat, used))
    return ratio(name, over, under)._replace(low=math.nan, high=math.nan)


def _gain(curve: EnergyCurve, spans: Times) -> float:
    """Return the energy of spans, by their begins and ends; NaN: nothing is known. [kWh]"""
    if not len(curve.time):
        return math.nan
    return float(np.diff(np.interp(spans, curve.time, curve.energy), axis=0).sum())


def _taken_back(record: HeatPumpRecord, spans: Times) -> float:
    """Return what defrosts took out of the water in spans, as far as that is known. [kWh]"""
    return -sum(_gain(curve, spans) for curve in record.taken_back.curves if len(curve.time))


async def _shown(
    history: HistoryReader,
    asset: str,
    ids: Collection[str],
    rules: CountingRules,
    span: tuple[int, int],
) -> ShownShare:
    """Return what the COP was of what was expected, where both are recorded."""
    if not {"cop", "expected_cop"} <= set(ids):
        return ShownShare(1.0, 0.0)
    recorded = RecordedPeriod(history, asset, rules.zone, *span)
    return shown_share(await recorded.samples("cop"), await recorded.samples("expected_cop"))


class LastRun(NamedTuple):
    """The COP of a run of the compressor, its status, and when it ended. [-], [µs]"""

    cop: float
    status: int
    end: int


def last_run_cop(record: HeatPumpRecord) -> LastRun | None:
    """Return the COP of the latest run that was seen from its start to its end; None: none was."""
    curves, runs = (record.heat.curves, record.electricity.curves), record.runs
    whole = np.flatnonzero(whole_runs(runs))
    if not len(whole) or any(len(of) != 1 or not len(of[0].time) for of in curves):
        return None
    begin, end = int(runs.begin[whole[-1]]), int(runs.end[whole[-1]])
    span = np.array([[begin], [end]])
    heat, used = (_gain(curve, span) for (curve,) in curves)
    heat -= _taken_back(record, span)
    doubted = any(d.since < end and d.until > begin for (c,) in curves for d in c.doubts)
    seen = all(c.time[0] <= begin and end <= c.time[-1] for (c,) in curves)
    if not seen or used <= 0:
        return None
    # Of a short run the meters' last digits decide.
    certain = not doubted and used >= LEAST_RUN
    return LastRun(heat / used, GOOD if certain else UNCERTAIN_SUB_NORMAL, end)


def _load(record: HeatPumpRecord, rules: CountingRules, edges: Times) -> list[Figure]:
    if not any(len(curve.time) for curve in record.electricity.curves):
        return []
    return load_duration(*hourly(record.electricity.curves, edges, rules.zone), ())
