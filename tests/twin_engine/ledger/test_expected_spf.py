"""SPF of a month beside that of a fault-free machine: fair, and silent where little is known."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from ledger_rig import HOUR, MINUTE, POINTS, LedgerRig, site_of

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD, BAD_NO_DATA, GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.derive.energy.period_columns import EXPECTED_POWER

MADRID = ZoneInfo("Europe/Madrid")
STEP = 5 * MINUTE
MEASURED = (
    *POINTS, "electrical_power", "thermal_power", "backup_heater_on", "supply_temperature",
    "return_temperature",
)  # fmt: skip
EXPECTED, UNCERTAINTY = EXPECTED_POWER


def at(*date: int) -> int:
    """Return a time on the clock of the site. [µs since the Unix epoch, UTC]"""
    return int(datetime(*date, tzinfo=MADRID).timestamp()) * 1_000_000


MARCH, APRIL, MAY = at(2026, 3, 1), at(2026, 4, 1), at(2026, 5, 1)


def machine(time: np.ndarray) -> dict[str, np.ndarray]:
    """Return a machine that takes a fifth more than one without a fault, one hour in two."""
    phase = (time - MARCH) / HOUR % 2
    # Each run begins with a defrost, of which no model tells what should have been used.
    on, defrost = phase < 1, phase < 1 / 6
    power = np.where(on, 1200.0, 60.0)
    heat = np.where(defrost, 0.0, np.where(on, 4200.0, 0.0))
    step = np.diff(time) / HOUR / 1000
    expected = np.where(on, 1000.0, 60.0)
    return {
        "electrical_energy": 100 + np.append(0.0, np.cumsum(power[:-1] * step)),
        "heat_energy": 500 + np.append(0.0, np.cumsum(heat[:-1] * step)),
        "electrical_power": power,
        "thermal_power": heat,
        "compressor_running": on * 1.0,
        "compressor_on": on * 1.0,
        "operating_state": np.where(defrost, 4.0, np.where(on, 2.0, 1.0)),
        "backup_heater_on": np.zeros(len(time)),
        EXPECTED: np.where(defrost, np.nan, expected),
        UNCERTAINTY: np.where(defrost | ~on, np.nan, 100.0),
    }


def record(rig: LedgerRig, time: np.ndarray, values: dict[str, np.ndarray]) -> None:
    """Record values, Bad where there is none."""
    known = rig.table.by_asset["hp1"]
    for point, value in values.items():
        status = np.where(np.isnan(value), BAD_NO_DATA, GOOD)
        index = np.full(len(time), known[point].index)
        rig.history.take(Frame.of(index, value, status, time))


async def recorded(rig: LedgerRig, point: str, start: int, end: int):
    rows = await rig.history.read_raw(f"hp1.{point}", start, end, limit=1_000_000)
    return rows.time, np.where(rows.status >= BAD, np.nan, rows.value)


async def by_hand(rig: LedgerRig, start: int, end: int) -> dict[str, float]:
    """Sum up a period from its recorded samples, step by step, by no code of the product."""
    columns = {p: await recorded(rig, p, start, end + 1) for p in (EXPECTED, "backup_heater_on")}
    energies = {
        p: await recorded(rig, p, start, end + 1) for p in ("electrical_energy", "heat_energy")
    }
    sums = dict.fromkeys(("used", "given", "expected", "all_used", "all_given"), 0.0)
    for begin in range(start, end, STEP):
        held = {}
        for point, (time, value) in columns.items():
            i = int(np.searchsorted(time, begin, side="right")) - 1
            fresh = i >= 0 and begin - time[i] < 20 * MINUTE
            held[point] = value[i] if fresh else np.nan
        gained = {}
        for point, (time, value) in energies.items():
            first, last = (int(np.searchsorted(time, edge)) for edge in (begin, begin + STEP))
            both = last < len(time) and time[first] == begin and time[last] == begin + STEP
            # A counter that was set to nothing has lost what passed meanwhile.
            gained[point] = max(value[last] - value[first], 0.0) if both else np.nan
        used, given = gained["electrical_energy"], gained["heat_energy"]
        sums["all_used"] += np.nan_to_num(used)
        sums["all_given"] += np.nan_to_num(given)
        if held["backup_heater_on"] == 0 and not np.isnan([held[EXPECTED], used, given]).any():
            sums["used"] += used
            sums["given"] += given
            sums["expected"] += held[EXPECTED] * STEP / HOUR / 1000
    return sums


async def months(rig: LedgerRig, name: str, asset: str = "hp1") -> dict[int, tuple[float, int]]:
    rows = await rig.rows(f"{name}_month", at(2026, 1, 1), at(2026, 12, 1), asset)
    return {
        t: (v, s)
        for t, v, s in zip(
            rows.time.tolist(), rows.value.tolist(), rows.status.tolist(), strict=True
        )
    }


@pytest.fixture
async def rig(tmp_path):
    made = await LedgerRig(tmp_path, site_of(), MARCH, MEASURED).start()
    yield made
    await made.stop()


async def test_a_month_is_that_of_its_recorded_samples_over_restart_gap_and_reset(rig):
    until = APRIL + 2 * 24 * HOUR
    time = np.arange(MARCH, until + 1, STEP)
    values = machine(time)
    # The meter of electricity is set to nothing, and the twin is away for a night.
    reset = at(2026, 3, 10, 12, 30)
    later = time >= reset
    values["electrical_energy"][later] -= values["electrical_energy"][later][0]
    heated = (time >= at(2026, 3, 20, 6)) & (time < at(2026, 3, 20, 9))
    values["backup_heater_on"][heated] = 1.0
    away = (time >= at(2026, 3, 14, 22)) & (time < at(2026, 3, 15, 6))
    for first, last in ((MARCH, at(2026, 3, 15, 6)), (at(2026, 3, 15, 6), until + 1)):
        some = (time >= first) & (time < last) & ~away
        rig.clock.set(int(time[some][-1]))
        record(rig, time[some], {point: value[some] for point, value in values.items()})
        await rig.count()
        await rig.restart()
    await rig.count()
    # March has 743 hours in Madrid: the clocks go forward.
    assert APRIL - MARCH == 743 * HOUR
    spf, expected, share = [
        await months(rig, n) for n in ("spf_h4", "spf_h4_expected", "compared_share")
    ]
    for begin, end in ((MARCH, APRIL), (APRIL, until)):
        hand = await by_hand(rig, begin, end)
        for name, sum_ in (
            ("electricity_compared", "used"), ("heat_compared", "given"),
            ("electricity_expected", "expected"),
        ):  # fmt: skip
            value, _ = (await months(rig, name))[begin]
            assert value == pytest.approx(hand[sum_], rel=5e-3), (begin, name)
        assert hand["used"] > 1.1 * hand["expected"]
        used = (await months(rig, "electricity"))[begin][0]
        heat = (await months(rig, "heat"))[begin][0]
        would = used - hand["used"] + hand["expected"]
        assert expected[begin][0] == pytest.approx(heat / would, rel=5e-3)
        assert expected[begin][0] > 1.1 * spf[begin][0]
        assert share[begin][0] == pytest.approx(100 * hand["given"] / heat, abs=0.5)
    # What clients see now is the running month.
    now = rig.table.by_key["hp1.spf_h4_expected_month"].index
    assert rig.image.value[now] == expected[APRIL][0]
    assert rig.image.time[now] == APRIL
    low, high = [await months(rig, f"spf_h4_expected_{end}") for end in ("lower", "upper")]
    # A tenth of a kilowatt beside one, and what the meter of heat may be off.
    assert low[APRIL][0] < 0.95 * expected[APRIL][0]
    assert high[APRIL][0] > 1.05 * expected[APRIL][0]
    # The site has one heat pump.
    assert (await months(rig, "spf_h4_expected", "site"))[APRIL][0] == pytest.approx(
        expected[APRIL][0]
    )


@pytest.mark.parametrize(
    ("known", "there", "status"),
    [(1.0, True, GOOD), (0.7, True, UNCERTAIN_SUB_NORMAL), (0.3, False, BAD_NO_DATA)],
)
async def test_the_less_of_the_heat_is_compared_the_less_is_said(rig, known, there, status):
    time = np.arange(APRIL, APRIL + 10 * 24 * HOUR + 1, STEP)
    values = machine(time)
    values["backup_heater_on"][:] = 0.0
    unknown = time > APRIL + known * 10 * 24 * HOUR
    values[EXPECTED][unknown] = np.nan
    rig.clock.set(int(time[-1]))
    record(rig, time, values)
    await rig.count()
    value, found = (await months(rig, "spf_h4_expected"))[APRIL]
    assert (value == value, found) == (there, status)
    share, _ = (await months(rig, "compared_share"))[APRIL]
    assert share == pytest.approx(100 * known, abs=2)


async def test_a_machine_that_does_as_expected_has_the_spf_that_is_expected(rig):
    time = np.arange(MAY, MAY + 5 * 24 * HOUR + 1, STEP)
    values = machine(time)
    values[EXPECTED] = np.where(np.isnan(values[EXPECTED]), np.nan, values["electrical_power"])
    rig.clock.set(int(time[-1]))
    record(rig, time, values)
    await rig.count()
    (spf, _), (expected, _) = [(await months(rig, n))[MAY] for n in ("spf_h4", "spf_h4_expected")]
    # To the moment after the last reading, of which nothing is known yet.
    assert expected == pytest.approx(spf, rel=1e-4)
