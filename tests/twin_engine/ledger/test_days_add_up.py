"""Days that are counted one by one add up to what a counter has gained, or say what is missing."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from arrays_history import ArraysHistory
from ledger_rig import site_of

from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.twin_engine.derive.energy.calendar import edges_of
from heatpump_twin.twin_engine.derive.energy.counter_track import Doubt
from heatpump_twin.twin_engine.derive.energy.energy_curve import counter_curve
from heatpump_twin.twin_engine.kpi.counting import CountingRules, tally_of
from heatpump_twin.twin_engine.kpi.heat_pump_record import read_record
from heatpump_twin.twin_engine.kpi.tally import Tally
from heatpump_twin.twin_engine.ledger.calendar_periods import days_between, hours_of
from tests.twin_engine.derive.energy.counter_histories import LARGEST_RATE, counter_history

IDS = frozenset({"electrical_energy"})
COLUMNS = frozenset({"electricity"})


async def hours_by_day(history: ArraysHistory, first: int, last: int, zone: str) -> list[Tally]:
    """Return the hours of each day, counted as the ledger does: a day at a time."""
    site = site_of(zone, max_power=1000 * LARGEST_RATE / 2)
    pump, rules = site.heat_pumps[0], CountingRules.of(site)
    found = []
    for day in days_between(first, last, rules.zone):
        edges = hours_of(day, last + 1, rules.zone)
        record = await read_record(history, pump, IDS, rules.zone, day, int(edges[-1]))
        found.append(tally_of(record, pump, rules, COLUMNS, edges))
    return found


@pytest.mark.parametrize("block", range(5))
async def test_random_histories(block):
    for seed in range(1000 + block * 40, 1000 + (block + 1) * 40):
        of = counter_history(seed)
        # What a clock that was ahead has recorded is in the history in another order than it came.
        if {"future", "clock"} & set(of.kinds):
            continue
        history = ArraysHistory.good(of.time, {"hp1.electrical_energy": of.reading})
        first, last = int(of.time[0]), int(of.time[-1])
        hours = await hours_by_day(history, first, last, "Europe/Madrid")
        found = sum(np.nansum(tally.amount["electricity"]) for tally in hours)
        whole = counter_curve(of.time, of.reading, LARGEST_RATE)
        named = {
            d for d in whole.doubts if d.doubt in (Doubt.RESET, Doubt.REPLACED, Doubt.CORRECTED)
        }
        missing = sum(of.used(d.since, d.until) for d in named)
        slack = (4 + 3 * len(named)) * of.count + 1e-6
        used = of.true_energy[-1] - of.true_energy[0]
        assert used - missing - slack <= found <= used + slack, (seed, of.kinds, found, used)
        # And a day whose counter was not right is not Good.
        for doubt in named:
            in_doubt = [
                flag
                for tally in hours
                for begin, end, flag in zip(
                    tally.edges[:-1], tally.edges[1:], tally.doubtful["electricity"], strict=True
                )
                if begin < doubt.until and end > doubt.since
            ]
            assert any(in_doubt), (seed, doubt)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Madrid", "2026-03-29", 23.0),
        ("Europe/Madrid", "2026-10-25", 25.0),
        ("America/Santiago", "2026-09-06", 23.0),  # without a midnight
        ("Asia/Beirut", "2026-03-29", 23.0),
        ("Africa/Cairo", "2026-04-24", 23.0),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Asia/Kolkata", "2026-03-29", 24.0),  # half an hour beside UTC
    ],
)
async def test_days_on_which_clocks_are_moved(zone, day, hours):
    """Half a kilowatt around the clock: each hour has what it is long, and the day its sum."""
    local = ZoneInfo(zone)
    noon = np.datetime64(f"{day}T12:00:00", "us").astype(np.int64)
    begin, end = edges_of(CalendarSpan.DAY, int(noon), int(noon) + 1, local).tolist()
    time = np.arange(begin - 3_600_000_000, end + 3_600_000_000, 60_000_000)
    energy = (time - time[0]) / 3.6e9 * 0.5
    history = ArraysHistory.good(time, {"hp1.electrical_energy": energy})
    counted = (await hours_by_day(history, begin, end - 1, zone))[0]
    assert len(counted.edges) - 1 == np.ceil(hours)
    assert counted.amount["electricity"] == pytest.approx(np.diff(counted.edges) / 3.6e9 * 0.5)
    assert counted.total().amount["electricity"] == pytest.approx([hours / 2])
    assert not counted.doubtful["electricity"].any()
