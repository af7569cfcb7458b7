"""All key figures of one heat pump in one period."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.settings import HeatPump
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.derive.sources import HEATERS
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.kpi.boundaries import spf_figures
from heatpump_twin.twin_engine.kpi.climate import degree_days, discomfort
from heatpump_twin.twin_engine.kpi.costs import cost_figures, hourly, load_duration
from heatpump_twin.twin_engine.kpi.figure import Figure, missing, ratio
from heatpump_twin.twin_engine.kpi.figure_sources import (
    OUTDOOR,
    EnergySource,
    electricity_source,
    heat_source,
)
from heatpump_twin.twin_engine.kpi.meter_accuracy import electricity_error, heat_error
from heatpump_twin.twin_engine.kpi.period_energy import energies_by_state, period_energy
from heatpump_twin.twin_engine.kpi.recorded_period import RecordedPeriod
from heatpump_twin.twin_engine.kpi.runs import Stretches, run_figures, stretches
from heatpump_twin.twin_engine.kpi.seasonal import AVERAGE, part_load, scop_on

STATE_NAMES = {
    State.HEATING: "heating",
    State.HOT_WATER: "hot water",
    State.COOLING: "cooling",
    State.DEFROST: "defrost",
    State.STANDBY: "standby",
    State.OFF: "off",
    State.FAULT: "fault",
}
WANTED_ROOM = 21.0
"""Room temperature where no set-point is recorded. [°C]"""
_HOURS = 3.6e9
_WATER = 1.163
"""Heat of a cubic metre of water. [kWh/K]"""


@dataclass(frozen=True, slots=True)
class FigureFrame:
    """The site that key figures are of, and the classes of its meters."""

    zone: ZoneInfo
    tariff: Tariff | None
    electricity_class: str | None
    heat_class: str | None


async def heat_pump_figures(
    history: HistoryReader,
    heat_pump: HeatPump,
    ids: Collection[str],
    frame: FigureFrame,
    start: int,
    end: int,
) -> list[Figure]:
    """Return the key figures of a heat pump that has the points ``ids``, from start to end."""
    recorded = RecordedPeriod(history, heat_pump.id, frame.zone, start, end)
    rate = heat_pump.plate.max_power / 1000
    used = await _curves(recorded, electricity_source(ids), 2 * rate)
    given = await _curves(recorded, heat_source(ids), 10 * rate)
    state = await _held(recorded, "operating_state", ids, start, end)
    runs = await _held(recorded, "compressor_on", ids, start, end)
    heaters = [await _held(recorded, h, ids, start, end) for h in HEATERS if h in ids]
    electricity = _electricity(used, electricity_source(ids), frame, start, end)
    difference = await _difference(recorded, ids, given)
    heat = _heat(given, heat_source(ids), frame, difference, start, end)
    pump = _pump_energy(heat_pump, runs)
    heater_used = any((held.value == 1).any() for held in heaters)
    spf = spf_figures(heat, electricity, pump, heater_used=heater_used, heater_known=bool(heaters))
    edges, energy = hourly(used, start, end, frame.zone)
    return [
        electricity,
        heat,
        *spf,
        *_by_state("electricity", used, state, end),
        *_by_state("heat", given, state, end),
        _run_cop(used, given, runs, end),
        *(run_figures(runs, start, end) if len(runs.begin) else _no_runs()),
        _defrost_share(state),
        *await _climate(recorded, ids, start, end),
        *(cost_figures(electricity, edges, energy, frame.tariff, frame.zone) if used else ()),
        *(load_duration(edges, energy, electricity.doubts) if used else ()),
        scop_estimate(heat_pump),
    ]


def scop_estimate(heat_pump: HeatPump) -> Figure:
    """Return the SCOP of EN 14825 that the plate promises: average climate, water of 35 °C."""
    plate = PlatePerformance(heat_pump.plate.heating)
    outdoor = AVERAGE.temperatures
    ratio_of_load = part_load(outdoor, AVERAGE.design)
    # A machine that is sized for the design temperature; what it cannot do there, a heater does.
    load = ratio_of_load * plate.rated_capacity
    capacity = np.full(len(outdoor), plate.rated_capacity)
    cop = np.asarray(plate.cop(outdoor, 35.0))
    value = scop_on(np.array(AVERAGE.hours, dtype=np.float64), load, capacity, cop)
    doubts = ("by the plate's model; no certificate",)
    return Figure("SCOP, EN 14825 average climate, 35 °C", "1", value, doubts=doubts)


async def _curves(
    recorded: RecordedPeriod, source: EnergySource | None, largest_rate: float
) -> list[EnergyCurve]:
    if source is None:
        return []
    if source.integrated:
        return [await recorded.power(source.points[0])]
    return await recorded.counters(source.points, largest_rate)


def _electricity(
    curves: Sequence[EnergyCurve],
    source: EnergySource | None,
    frame: FigureFrame,
    start: int,
    end: int,
) -> Figure:
    if source is None:
        return missing("electricity", "kWh", "no counter and no power")
    error = electricity_error(frame.electricity_class, metered=source.metered)
    return period_energy("electricity", curves, start, end, error)


def _heat(
    curves: Sequence[EnergyCurve],
    source: EnergySource | None,
    frame: FigureFrame,
    difference: float,
    start: int,
    end: int,
) -> Figure:
    if source is None:
        return missing("heat", "kWh", "no heat counter, and no flow with two temperatures")
    error = heat_error(frame.heat_class, difference, metered=source.metered)
    return period_energy("heat", curves, start, end, error)


async def _difference(
    recorded: RecordedPeriod, ids: Collection[str], heat: Sequence[EnergyCurve]
) -> float:
    """Return the mean difference of supply and return, by a heat meter's volume. [K]"""
    if "heat_volume" not in ids or len(heat) != 1 or len(heat[0].energy) < 2:
        return math.nan
    volume = (await recorded.samples("heat_volume")).usable.value
    if len(volume) < 2 or volume[-1] <= volume[0]:
        return math.nan
    gained = float(heat[0].energy[-1] - heat[0].energy[0])
    return gained / (_WATER * float(volume[-1] - volume[0]))


async def _held(
    recorded: RecordedPeriod, point: str, ids: Collection[str], start: int, end: int
) -> Stretches:
    samples = await recorded.samples(point) if point in ids else _none()
    time, value = _known(samples)
    return stretches(time, value, start, end)


def _none() -> Samples:
    return Samples(np.empty(0), np.empty(0, np.uint32), np.empty(0, np.int64))


def _known(samples: Samples) -> tuple[Times, Values]:
    """Return the times and values of samples, NaN where they are Bad."""
    bad = samples.status >= 0x8000_0000
    return samples.time, np.where(bad, np.nan, samples.value)


def _by_state(name: str, curves: Sequence[EnergyCurve], state: Stretches, end: int) -> list[Figure]:
    if len(curves) != 1 or not len(state.begin):
        return []
    energies = energies_by_state(curves[0], state.begin, state.value, end)
    doubts = ("state not known",)
    return [
        Figure(
            f"{name}, {STATE_NAMES.get(State(int(code)), 'other')}"
            if code == code
            else f"{name}, unassigned",
            "kWh",
            energy,
            doubts=() if code == code else doubts,
        )
        for code, energy in energies.items()
    ]


def _run_cop(
    used: Sequence[EnergyCurve], given: Sequence[EnergyCurve], runs: Stretches, end: int
) -> Figure:
    if len(used) != 1 or len(given) != 1 or not len(runs.begin):
        return missing("COP of runs", "1", "no heat and electricity of one counter each")
    electricity = energies_by_state(used[0], runs.begin, runs.value, end).get(1.0, 0.0)
    heat = energies_by_state(given[0], runs.begin, runs.value, end).get(1.0, 0.0)
    over, under = (Figure("", "kWh", v, v, v) for v in (heat, electricity))
    return ratio("COP of runs", over, under)._replace(low=math.nan, high=math.nan)


def _no_runs() -> list[Figure]:
    return [missing("starts", "1", "whether the compressor runs is not recorded")]


def _defrost_share(state: Stretches) -> Figure:
    lengths = state.end - state.begin
    runs = np.isin(state.value, (State.HEATING, State.HOT_WATER, State.COOLING, State.DEFROST))
    if not runs.any():
        return missing("defrost share of run time", "%", "it did not run")
    share = lengths[state.value == State.DEFROST].sum() / lengths[runs].sum()
    return Figure("defrost share of run time", "%", 100 * float(share))


def _pump_energy(heat_pump: HeatPump, runs: Stretches) -> float:
    hours = float((runs.end - runs.begin)[runs.value == 1].sum()) / _HOURS
    return heat_pump.plate.pump_power * hours / 1000


async def _climate(
    recorded: RecordedPeriod, ids: Collection[str], start: int, end: int
) -> list[Figure]:
    outdoor = next((point for point in OUTDOOR if point in ids), None)
    air = _known(await recorded.samples(outdoor) if outdoor else _none())
    room = _known(await recorded.samples("room_temperature"))
    wanted = (await recorded.samples("room_setpoint")).usable.value
    target = float(np.median(wanted)) if len(wanted) else WANTED_ROOM
    return [degree_days(*air, start, end), discomfort(*room, target, start, end)]
