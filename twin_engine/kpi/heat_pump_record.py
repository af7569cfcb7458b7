"""What is recorded of one heat pump in a period, read once for all of its key figures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve
from heatpump_twin.twin_engine.derive.energy.energy_sources import (
    EnergySource,
    electricity_source,
    heat_source,
)
from heatpump_twin.twin_engine.derive.energy.period_columns import EXPECTED_POWER, OUTDOOR
from heatpump_twin.twin_engine.derive.sources import HEATERS
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.comparison import ExpectedRecord
from heatpump_twin.twin_engine.kpi.recorded_period import RecordedPeriod
from heatpump_twin.twin_engine.kpi.runs import Stretches

_BY_POWER = EnergySource(("thermal_power",), metered=True, integrated=True)
WANTED_ROOM = 21.0
"""Room temperature where no set-point is recorded. [°C]"""


@dataclass(frozen=True, slots=True)
class RecordedEnergy:
    """Counters of one kind of energy, or its power, as curves."""

    source: EnergySource | None
    curves: Sequence[EnergyCurve]


@dataclass(frozen=True, slots=True)
class HeatPumpRecord:
    """What is recorded of a heat pump from start to end."""

    start: int
    end: int
    """[µs since the Unix epoch, UTC]"""
    electricity: RecordedEnergy
    heat: RecordedEnergy
    taken_back: RecordedEnergy
    """Heat below zero by the power, where a counter of heat does not count down."""
    state: Stretches
    runs: Stretches
    heaters: Sequence[tuple[str, Stretches]]
    """The switch of each electric heater, by its point."""
    outdoor: tuple[Times, Values]
    room: tuple[Times, Values]
    wanted_room: float
    """[°C]"""
    expected: ExpectedRecord = field(default_factory=ExpectedRecord)


async def read_record(
    history: HistoryReader,
    heat_pump: HeatPump,
    ids: Collection[str],
    zone: ZoneInfo,
    start: int,
    end: int,
    runs_before: int = 0,
) -> HeatPumpRecord:
    """Read what is recorded of a heat pump that has the points ``ids``, from start to end.

    Its runs are read from so much earlier on (``runs_before``, in µs).
    """
    recorded = RecordedPeriod(history, heat_pump.id, zone, start, end)
    rate = heat_pump.plate.max_power / 1000
    # Twice the plate: a heater may sit behind the same meter; a COP above 10 is none.
    used = await _energy(recorded, electricity_source(ids), 2 * rate)
    given = await _energy(recorded, heat_source(ids), 10 * rate)
    outdoor = next((point for point in OUTDOOR if point in ids), None)
    return HeatPumpRecord(
        start,
        end,
        used,
        given,
        await _taken_back(recorded, given, ids),
        await recorded.held("operating_state", ids),
        await recorded.held("compressor_on", ids, runs_before),
        [(h, await recorded.held(h, ids)) for h in HEATERS if h in ids],
        await recorded.values(outdoor, ids),
        await recorded.values("room_temperature", ids),
        await _wanted_room(recorded, ids),
        ExpectedRecord(*[await recorded.held(point, ids) for point in EXPECTED_POWER]),
    )


async def _energy(
    recorded: RecordedPeriod, source: EnergySource | None, largest_rate: float
) -> RecordedEnergy:
    if source is None:
        return RecordedEnergy(None, ())
    if source.integrated:
        return RecordedEnergy(source, [await recorded.power(source.points[0])])
    return RecordedEnergy(source, await recorded.counters(source.points, largest_rate))


async def _taken_back(
    recorded: RecordedPeriod, given: RecordedEnergy, ids: Collection[str]
) -> RecordedEnergy:
    counted = given.source is not None and given.source.metered and not given.source.integrated
    if not counted or "thermal_power" not in ids:
        return RecordedEnergy(None, ())
    return RecordedEnergy(_BY_POWER, [await recorded.power("thermal_power", below=0.0)])


async def _wanted_room(recorded: RecordedPeriod, ids: Collection[str]) -> float:
    if "room_setpoint" not in ids:
        return WANTED_ROOM
    wanted = (await recorded.samples("room_setpoint")).usable.value
    return float(np.median(wanted)) if len(wanted) else WANTED_ROOM
