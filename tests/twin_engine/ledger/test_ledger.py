"""Tables of hours, days, months and years: right after whatever happens to the history."""

from __future__ import annotations

import numpy as np
import pytest
from ledger_rig import HOUR, MINUTE, LedgerRig, site_of

from heatpump_twin.drivers.status import GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.correction import Change

DAY = 24 * HOUR
START = 1_769_900_400_000_000
"""2026-02-01 00:00 in Madrid."""
MARCH, APRIL = START + 28 * DAY, START + 59 * DAY - HOUR
TARIFF = {"currency": "EUR", "price": 0.2, "co2": 100}


def machine(time: np.ndarray) -> dict[str, np.ndarray]:
    """Return what a machine has done: an hour of heating in two, a quarter of hot water in it."""
    hours = (time - START) / HOUR
    on = (hours % 2) < 1
    apart = np.diff(time) / HOUR
    used, given = np.where(on, 1.2, 0.06)[:-1] * apart, np.where(on, 4.2, 0.0)[:-1] * apart
    return {
        "electrical_energy": 100 + np.append(0.0, np.cumsum(used)),
        "heat_energy": 500 + np.append(0.0, np.cumsum(given)),
        "compressor_running": on * 1.0,
        "defrost_active": np.zeros(len(time)),
        "dhw_heating": ((hours % 2) < 0.25) * 1.0,
        "outdoor_temperature": np.full(len(time), 5.5),
    }


def derived(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add what the deriver makes of them."""
    on, tank = values["compressor_running"], values["dhw_heating"]
    state = np.where(on == 0, 1.0, np.where(tank > 0, 3.0, 2.0))
    return {**values, "compressor_on": on, "operating_state": state}


@pytest.fixture
async def rig(tmp_path):
    made = await LedgerRig(tmp_path, site_of(tariff=TARIFF), START).start()
    yield made
    await made.stop()


def of(rows, time: int) -> tuple[float, int]:
    i = int(np.flatnonzero(rows.time == time)[0])
    return float(rows.value[i]), int(rows.status[i])


async def test_each_period_has_a_row_that_is_the_sum_of_its_parts(rig):
    until = MARCH + 2 * DAY + 90 * MINUTE
    time = np.arange(START, until + 1, MINUTE)
    values = derived(machine(time))
    rig.clock.set(until)
    rig.bring(time, values)
    await rig.count()
    true = dict(zip(time.tolist(), values["electrical_energy"].tolist(), strict=True))
    rows = {
        span: await rig.rows(f"electricity_{span}", START - 400 * DAY, until)
        for span in ("hour", "day", "month", "year")
    }
    assert len(rows["hour"]) == 30 * 24 + 2
    assert len(rows["day"]) == 31
    assert rows["month"].time.tolist() == [START, MARCH]
    for begin, length, span in (
        (START + 5 * HOUR, HOUR, "hour"),
        (START + 3 * DAY, DAY, "day"),
        (START, 28 * DAY, "month"),
    ):
        value, status = of(rows[span], begin)
        assert value == pytest.approx(true[begin + length] - true[begin], abs=1e-3)
        assert status == GOOD
    # The running month is the newest row, and what clients see now.
    value, status = of(rows["month"], MARCH)
    assert value == pytest.approx(true[until] - true[MARCH], abs=1e-3)
    month = rig.table.by_key["hp1.electricity_month"].index
    assert rig.image.value[month] == value
    assert rig.image.time[month] == MARCH
    # The year began before the history did: it is said how much of it is known.
    assert rows["year"].status[-1] == UNCERTAIN_SUB_NORMAL
    complete = await rig.rows("electricity_completeness_year", START - 400 * DAY, until)
    known = (until - START) / (until - START + 31 * DAY)
    assert complete.value[-1] == pytest.approx(100 * known, abs=0.1)
    complete = await rig.rows("electricity_completeness_month", START, until)
    assert complete.value == pytest.approx([100, 100], abs=0.02)


async def test_energy_goes_to_what_it_was_used_for_and_figures_follow(rig):
    time = np.arange(START, MARCH + HOUR, MINUTE)
    rig.clock.set(MARCH + HOUR)
    rig.bring(time, derived(machine(time)))
    await rig.count()

    async def month(name: str) -> float:
        rows = await rig.rows(f"{name}_month", START, MARCH)
        assert rows.time.tolist() == [START]
        return float(rows.value[0])

    runs = 28 * 12
    assert await month("electricity_heating") == pytest.approx(runs * 0.9, rel=0.02)
    assert await month("electricity_hot_water") == pytest.approx(runs * 0.3, rel=0.02)
    assert await month("electricity_standby") == pytest.approx(runs * 0.06, rel=0.2)
    assert await month("electricity_defrost") == 0
    assert await month("heat_heating") == pytest.approx(runs * 3.15, rel=0.02)
    parts = ("heating", "hot_water", "defrost", "standby")
    total = sum([await month(f"electricity_{part}") for part in parts])
    assert total == pytest.approx(await month("electricity"), abs=1e-6)
    assert await month("starts") == pytest.approx(runs, abs=1)
    assert await month("run_hours") == pytest.approx(runs, rel=1e-3)
    assert await month("starts_per_hour") == pytest.approx(1, rel=0.01)
    assert await month("degree_days") == pytest.approx(280, rel=0.01)
    assert await month("electricity_cost") == pytest.approx(runs * 1.26 * 0.2, rel=1e-3)
    assert await month("co2") == pytest.approx(runs * 1.26 * 0.1, rel=1e-3)
    spf, low, high = [await month(n) for n in ("spf_h4", "spf_h4_lower", "spf_h4_upper")]
    assert spf == pytest.approx(4.2 / 1.26, rel=1e-3)
    assert low < spf < high
    assert await month("spf_h3") > spf
    assert rig.image.value[rig.table.by_key["hp1.last_run_cop"].index] == pytest.approx(3.5, 0.01)
    # 1 the pump by its plate, 4 the fan not apart, 16 a heater not told.
    assert rig.image.value[rig.table.by_key["hp1.spf_gaps"].index] == 1 + 4 + 16
    site = await rig.rows("electricity_month", START, MARCH, "site")
    assert site.value == pytest.approx([await month("electricity")])


async def test_rows_are_the_same_whether_the_twin_ran_or_was_started_again(rig):
    time = np.arange(START, START + 2 * DAY, 5 * MINUTE)
    values = derived(machine(time))
    for i, moment in enumerate(time.tolist()):
        rig.read(moment, **{point: value[i] for point, value in values.items()})
        if i % 97 == 0:
            await rig.count()
        if i in (200, 430):
            await rig.count()
            await rig.restart()
    await rig.count()
    kept = await rig.rows("electricity_hour", START, START + 3 * DAY)
    # All of it, counted at once by a ledger that knows nothing.
    assert kept.value.sum() == pytest.approx(np.ptp(values["electrical_energy"]), abs=1e-6)
    days = await rig.rows("electricity_day", START, START + 3 * DAY)
    assert days.value.sum() == pytest.approx(kept.value.sum(), abs=1e-6)
    assert set(days.time.tolist()) == {START, START + DAY}


async def test_days_of_an_absence_get_what_was_used_in_them(rig):
    time = np.arange(START, START + 9 * HOUR, 5 * MINUTE)
    values = derived(machine(time))
    for i, moment in enumerate(time.tolist()):
        rig.read(moment, **{point: value[i] for point, value in values.items()})
    await rig.count()
    before = float(values["electrical_energy"][-1])
    # Three days later the meter has gained 14.4 kWh.
    back = START + 3 * DAY + 9 * HOUR - 5 * MINUTE
    await rig.restart(back)
    for minute in range(30):
        rig.read(back + minute * MINUTE, electrical_energy=before + 14.4 + minute * 0.001)
    await rig.count()
    days = await rig.rows("electricity_day", START, back + DAY)
    assert days.time.tolist() == [START + i * DAY for i in range(4)]
    assert days.value[1:3] == pytest.approx([4.8, 4.8], abs=0.02)
    assert (days.status[:3] == UNCERTAIN_SUB_NORMAL).all()
    gained = before + 14.4 + 0.029 - values["electrical_energy"][0]
    assert days.value.sum() == pytest.approx(gained, abs=1e-6)
    # What it was used for, nobody knows.
    runs = await rig.rows("operation_completeness_day", START + DAY, START + 2 * DAY)
    assert runs.value.tolist() == [0.0]


async def test_what_comes_late_or_is_corrected_puts_the_tables_right(rig):
    until = MARCH + 3 * HOUR
    time = np.arange(START, until, MINUTE)
    values = derived(machine(time))
    missing = (time >= START + 10 * DAY) & (time < START + 12 * DAY)
    rig.clock.set(until)
    rig.bring(time[~missing], {point: value[~missing] for point, value in values.items()})
    await rig.count()
    day = START + 11 * DAY
    spread = await rig.rows("electricity_day", day, day + DAY)
    assert spread.status.tolist() == [UNCERTAIN_SUB_NORMAL]
    runs = await rig.rows("starts_month", START, MARCH)
    # The spool brings what was missing.
    rig.bring(time[missing], {point: value[missing] for point, value in values.items()})
    await rig.count()
    late = await rig.rows("electricity_day", day, day + DAY)
    assert late.status.tolist() == [GOOD]
    more = await rig.rows("starts_month", START, MARCH)
    assert more.value[0] == pytest.approx(runs.value[0] + 24, abs=1)
    assert await rig.history.late() == [] or not rig.ledger.behind
    # An engineer finds that the meter was read wrong on one day: as if it had been exchanged.
    wrong = time[(time >= day) & (time < day + DAY)]
    true = values["electrical_energy"][(time >= day) & (time < day + DAY)]
    await rig.correct("electrical_energy", Change.DELETE, wrong, true)
    await rig.count()
    deleted = await rig.rows("electricity_day", day, day + DAY)
    assert deleted.status.tolist() == [UNCERTAIN_SUB_NORMAL]
    assert deleted.value == pytest.approx(late.value, abs=0.02)
    await rig.correct("electrical_energy", Change.INSERT, wrong, true)
    await rig.count()
    restored = await rig.rows("electricity_day", day, day + DAY)
    assert restored.value == pytest.approx(late.value, abs=1e-6)
    assert restored.status.tolist() == [GOOD]
    month = await rig.rows("electricity_month", START, MARCH)
    assert month.value == pytest.approx([true_gain(time, values, START, MARCH)], abs=1e-3)


def true_gain(time, values, start: int, end: int) -> float:
    at = np.interp([start, end], time, values["electrical_energy"])
    return float(at[1] - at[0])


@pytest.mark.parametrize(
    "points",
    [
        ("electrical_energy",),
        ("heat_energy",),
        ("electrical_power", "compressor_running"),
        ("compressor_running", "defrost_active"),
        ("outdoor_temperature",),
    ],
    ids="-".join,
)
async def test_a_heat_pump_has_the_tables_that_its_points_can_fill(tmp_path, caplog, points):
    rig = await LedgerRig(tmp_path, site_of(tariff=TARIFF), START, points).start()
    try:
        time = np.arange(START, START + 2 * DAY, MINUTE)
        made = machine(time)
        values = {**made, "electrical_power": np.full(len(time), 60.0)}
        known = rig.table.by_asset["hp1"]
        seen = {point: values[point] for point in points}
        # Of what the deriver makes a machine has what its points let it.
        seen |= {p: v for p, v in derived(made).items() if p not in made and p in known}
        rig.clock.set(START + 2 * DAY)
        rig.bring(time, seen)
        await rig.count()
        for point in (p for p in known if p.endswith("_completeness_day")):
            rows = await rig.rows(point, START, START + DAY)
            assert rows.time.tolist() == [START]
            assert rows.value == pytest.approx(100, abs=0.2)
    finally:
        await rig.stop()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
