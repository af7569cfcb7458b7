"""Count what is recorded of a heat pump in spans of time: energies by use, runs, costs, comfort."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR
from heatpump_twin.twin_engine.derive.energy.period_columns import USES
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.kpi.climate import degree_days, discomfort
from heatpump_twin.twin_engine.kpi.comparison import compared_sums
from heatpump_twin.twin_engine.kpi.costs import carbon, hourly_cost
from heatpump_twin.twin_engine.kpi.energy_split import EnergySplit, counted_by_use, energy_split
from heatpump_twin.twin_engine.kpi.heat_pump_record import HeatPumpRecord, RecordedEnergy
from heatpump_twin.twin_engine.kpi.runs import start_times, time_in
from heatpump_twin.twin_engine.kpi.tally import WHOLE, Doubtful, Tally
from heatpump_twin.twin_engine.site.price_schedule import PriceSchedule

Counted = tuple[str, Values, Doubtful]
"""A figure, its sums and where they are doubtful."""


@dataclass(frozen=True, slots=True)
class CountingRules:
    """What of the site decides how it is counted."""

    zone: ZoneInfo
    tariff: Tariff | None
    prices: PriceSchedule | None
    """Of the tariff."""

    @classmethod
    def of(cls, site: Site) -> CountingRules:
        """Return those of a site."""
        zone = ZoneInfo(site.site.timezone)
        return cls(zone, site.tariff, PriceSchedule(site.tariff, zone) if site.tariff else None)


def tally_of(
    record: HeatPumpRecord,
    heat_pump: HeatPump,
    rules: CountingRules,
    columns: Collection[str],
    edges: Times,
) -> Tally:
    """Return what was counted between edges, which lie within the record.

    Parameters
    ----------
    columns : collection of str
        The figures that the heat pump has (`columns_of`).
    edges : ndarray of shape (m + 1,)
        Increasing. [µs since the Unix epoch, UTC]
    """
    used = energy_split(record.electricity, record, heat_pump.plate, edges, heat=False)
    given = energy_split(record.heat, record, heat_pump.plate, edges, heat=True)
    running = time_in(record.runs, edges, lambda state: ~np.isnan(state))
    counted = [
        *_energies("electricity", used, record.electricity),
        *_energies("heat", given, record.heat),
        *_taken_back(record, heat_pump, edges),
        *_operation(record, edges, running),
        *_costs(record, rules, used, edges),
        *_comfort(record, edges),
        *_compared(record, edges),
    ]
    there = [one for one in counted if one[0] in columns]
    kinds = {"electricity": used, "heat": given}
    return Tally(
        edges,
        {name: value for name, value, _ in there},
        {name: doubtful for name, _, doubtful in there},
        {kind: split.known for kind, split in kinds.items()} | {"operation": running},
        {kind: split.doubts for kind, split in kinds.items()},
    ).weighed()


def _energies(name: str, split: EnergySplit, recorded: RecordedEnergy) -> Iterator[Counted]:
    doubtful = split.doubtful | (split.known < WHOLE * split.length)
    yield name, split.energy, doubtful
    if recorded.source is not None and recorded.source.by_use:
        for use, energy in counted_by_use(recorded, split.edges):
            yield f"{name}_{use}", energy, doubtful
        return
    for use in dict.fromkeys(USES.values()):
        codes = [code for code, of in USES.items() if of == use]
        energy = np.sum([split.by_state[code] for code in codes], axis=0)
        missing = np.isnan(split.energy)
        yield f"{name}_{use}", np.where(missing, np.nan, energy), doubtful
    yield f"{name}_heater", split.heater, doubtful


def _taken_back(record: HeatPumpRecord, heat_pump: HeatPump, edges: Times) -> Iterator[Counted]:
    """Yield what defrosts took out of the water; after one it is still cold for a minute."""
    if record.taken_back.source is None:
        return
    split = energy_split(record.taken_back, record, heat_pump.plate, edges, heat=True)
    running = (State.DEFROST, State.HEATING, State.HOT_WATER)
    energy = -np.sum([split.by_state[state] for state in running], axis=0)
    missing = split.known < WHOLE * split.length
    yield "heat_taken_back", np.where(split.known > 0, energy, np.nan), split.doubtful | missing


def _operation(record: HeatPumpRecord, edges: Times, known: Values) -> Iterator[Counted]:
    length = np.diff(edges)
    partly = known < WHOLE * length
    nothing = known <= 0

    def of(value: NDArray[np.float64]) -> Values:
        return np.where(nothing, np.nan, value)

    starts = np.histogram(start_times(record.runs), edges)[0].astype(float)
    yield "starts", of(starts), partly
    yield "run_hours", of(time_in(record.runs, edges, lambda v: v == 1) / HOUR), partly
    defrost = time_in(record.state, edges, lambda v: v == State.DEFROST)
    yield "defrost_hours", of(defrost / HOUR), partly
    on = [time_in(held, edges, lambda v: v == 1) for _, held in record.heaters]
    seen = [time_in(held, edges, lambda v: ~np.isnan(v)) for _, held in record.heaters]
    if on:
        least = np.min(seen, axis=0)
        hours = np.where(least > 0, np.sum(on, axis=0) / HOUR, np.nan)
        yield "heater_hours", hours, least < WHOLE * length


def _costs(
    record: HeatPumpRecord, rules: CountingRules, used: EnergySplit, edges: Times
) -> Iterator[Counted]:
    if rules.tariff is None or rules.prices is None:
        return
    doubtful = used.doubtful | (used.known < WHOLE * used.length)
    cost = hourly_cost(record.electricity.curves, edges, rules.prices, rules.zone)
    missing = np.isnan(used.energy)
    yield "electricity_cost", np.where(missing, np.nan, cost), doubtful
    if rules.tariff.co2 is not None:
        yield "co2", carbon(used.energy, rules.tariff.co2), doubtful


def _compared(record: HeatPumpRecord, edges: Times) -> Iterator[Counted]:
    curves = (tuple(record.electricity.curves), tuple(record.heat.curves))
    if not all(curves) or any(not len(curve.time) for of in curves for curve in of):
        return
    heaters = tuple(switch for _, switch in record.heaters)
    for name, value in compared_sums(record.expected, *curves, heaters, edges).items():
        yield name, value, np.isnan(value)


def _comfort(record: HeatPumpRecord, edges: Times) -> Iterator[Counted]:
    length = np.diff(edges)
    for name, (value, known) in (
        ("degree_days", degree_days(*record.outdoor, edges)),
        ("discomfort", discomfort(*record.room, record.wanted_room, edges)),
    ):
        yield name, value, known < WHOLE * length
