"""``hptwin calibrate --csv`` on tables as people have them: a card, or what is wrong by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hptwin import Ran, here
from known_machine import KnownMachine, with_a_constant_loss
from known_tables import COLUMNS, MAP, PLATE, table, written

Column = Callable[[np.ndarray], np.ndarray]
STEP = 900.0
DAYS = 10


class ChangedMachine(KnownMachine):
    """A known machine whose meters show something else."""

    def __init__(self, changes: dict[str, Column], **known: object) -> None:
        super().__init__(step=STEP, days=DAYS, **known)
        self._changes = changes

    def columns(self) -> dict[str, np.ndarray]:
        found = super().columns()
        return found | {name: change(found[name]) for name, change in self._changes.items()}


def calibrated(capsys, folder: Path, rows: str, map_: str = MAP + PLATE) -> Ran:
    files = written(folder, table=rows, map=map_)
    return here(
        capsys, "calibrate", "--csv", files["table"], "--mapping", files["map"],
        "--output", folder / "card.json",
    )  # fmt: skip


def card(folder: Path) -> dict:
    return json.loads((folder / "card.json").read_text("utf-8"))


def fahrenheit(celsius: np.ndarray) -> np.ndarray:
    return celsius * 1.8 + 32.0


def with_spikes(value: float) -> Column:
    def spiked(values: np.ndarray) -> np.ndarray:
        wild = np.random.default_rng(4).random(len(values)) < 0.02
        return np.where(wild, value, values)

    return spiked


def constant(values: np.ndarray) -> np.ndarray:
    return np.full_like(values, np.median(values))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"electrical_power": lambda v: v / 1e3}, "unit: kW"),
        ({"outdoor_temperature": fahrenheit}, "unit: degF"),
        ({"meter_supply_temperature": fahrenheit}, "unit: degF"),
        ({"water_flow": lambda v: v * 60.0}, "units of heat and flow"),
        ({"electrical_power": lambda v: v / 2.5}, "no machine is so far off"),
        ({"electrical_power": lambda v: v * 4.0}, "no machine is so far off"),
        ({"electrical_power": constant}, "electrical_power is"),
        ({"outdoor_temperature": constant}, "outdoor_temperature is"),
        ({"meter_return_temperature": constant}, "meter_return_temperature is"),
    ],
    ids=[
        "kW", "outdoor °F", "water °F", "flow in l/h", "COP of 9", "COP of 1", "stuck power",
        "stuck air", "stuck return",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_name(capsys, tmp_path, changes, named):
    ran = calibrated(capsys, tmp_path, table(ChangedMachine(changes)))
    assert ran.code == 1
    assert named in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "card.json").exists()


def test_without_a_plate_a_unit_is_asked_for_before_a_size_is_told(capsys, tmp_path):
    small = ChangedMachine({"electrical_power": lambda v: v / 1e3})
    assert "unit: kW" in calibrated(capsys, tmp_path, table(small), MAP).err


def test_supply_and_return_exchanged_are_told(capsys, tmp_path):
    exchanged = MAP.replace("Supply: meter_supply", "Supply: meter_x").replace(
        "Return: meter_return", "Return: meter_supply"
    ).replace("meter_x", "meter_return")  # fmt: skip
    ran = calibrated(capsys, tmp_path, table(KnownMachine(step=STEP, days=DAYS)), exchanged + PLATE)
    assert ran.code == 1
    assert "supply and return temperature are exchanged" in ran.err


@pytest.mark.parametrize(
    ("point", "wild"),
    [
        ("electrical_power", 65_535.0),
        ("outdoor_temperature", -127.0),
        ("meter_return_temperature", -127.0),
        ("water_flow", 655.35),
    ],
)
def test_spikes_of_sensors_leave_the_card_as_it_is(capsys, tmp_path, point, wild):
    ran = calibrated(capsys, tmp_path, table(ChangedMachine({point: with_spikes(wild)})))
    assert ran.code == 0, ran.err
    assert card(tmp_path)["held_out"]["cop"] < 0.05


def test_gaps_are_no_reason_to_know_nothing(capsys, tmp_path):
    rows = table(KnownMachine(step=STEP, days=DAYS)).splitlines(keepends=True)
    chance = np.random.default_rng(3)
    kept = [row for row in rows[1:] if chance.random() > 0.3]
    ran = calibrated(capsys, tmp_path, "".join([rows[0], *kept[:200], *kept[350:]]))
    assert ran.code == 0, ran.err
    assert "nan" not in ran.out
    assert card(tmp_path)["held_out"]["cop"] < 0.03


def with_counters(digit: float) -> str:
    """Return a table of counters in kWh with a digit, and no other meter."""
    record = KnownMachine(step=STEP, days=DAYS).record()
    columns = {**record.columns}
    heat = columns["water_flow"] / 60.0 * 4150.0 * (
        columns["meter_supply_temperature"] - columns["meter_return_temperature"]
    )  # fmt: skip
    for name, power in (("electrical_energy", columns["electrical_power"]), ("heat_energy", heat)):
        energy = 1234.0 + np.cumsum(power) * STEP / 3.6e6
        columns[name] = np.round(energy / digit) * digit
    columns["electrical_power"], columns["water_flow"] = (columns[n] for n in COUNTED)
    return table(_Recorded(replace(record, columns=columns)))


COUNTED = ("electrical_energy", "heat_energy")
COUNTER_MAP = MAP.replace(
    "{point: electrical_power, unit: kW}", "{point: electrical_energy, unit: MWh}"
).replace("Flow: water_flow", "Flow: heat_energy")


class _Recorded(KnownMachine):
    """A machine with a record of its own."""

    def __init__(self, own: object) -> None:
        super().__init__()
        self._own = own

    def record(self, *without: str, emulated: bool = False) -> object:
        return self._own


def test_counters_are_enough_where_their_digits_are(capsys, tmp_path):
    # Beside the first column's scale of a thousandth, MWh are kWh as they are written.
    ran = calibrated(capsys, tmp_path, with_counters(0.1), COUNTER_MAP + PLATE)
    assert ran.code == 0, ran.err
    assert "power electrical_energy, heat heat_energy" in ran.out
    assert card(tmp_path)["fitted"]["step"] >= 1800
    assert card(tmp_path)["held_out"]["cop"] < 0.03


def test_a_counter_that_is_too_coarse_is_refused(capsys, tmp_path):
    ran = calibrated(capsys, tmp_path, with_counters(2.0), COUNTER_MAP + PLATE)
    assert ran.code == 1
    assert "counts 2 kWh at a time" in ran.err
    assert "counter with a finer digit" in ran.err


@pytest.mark.parametrize(
    ("without", "named"),
    [
        (("Outside",), "outdoor_temperature"),
        (("Supply", "Return"), "meter_supply_temperature"),
        (("Power",), "electrical_power"),
    ],
)
def test_a_sensor_that_is_needed_is_named(capsys, tmp_path, without: Iterable[str], named):
    ran = calibrated(capsys, tmp_path, table(KnownMachine(step=STEP, days=DAYS), *without))
    assert ran.code == 1
    assert named in ran.err


def test_brine_needs_its_own_temperature(capsys, tmp_path):
    rows = table(KnownMachine(step=STEP, days=DAYS))
    ran = calibrated(capsys, tmp_path, rows, MAP + "machine: {source: brine, capacity: 7000}\n")
    assert ran.code == 1
    assert "source_inlet_temperature" in ran.err
    assert "outdoor" not in ran.err


def test_held_out_days_tell_the_supply_temperature(capsys, tmp_path):
    ran = calibrated(capsys, tmp_path, table(KnownMachine(step=STEP, days=DAYS), "Flow"))
    assert ran.code == 0, ran.err
    assert "supply temperature by the electricity alone" in ran.out
    assert card(tmp_path)["held_out"]["supply"] < 5.0


def test_a_large_machine_is_as_good_as_a_small_one(capsys, tmp_path):
    large = ChangedMachine(
        {"electrical_power": lambda v: v * 15.0, "water_flow": lambda v: v * 15.0},
        power=with_a_constant_loss,
    )
    ran = calibrated(capsys, tmp_path, table(large), MAP)
    assert ran.code == 0, ran.err
    assert card(tmp_path)["plate"]["heating"][0]["capacity"] > 60_000
    assert card(tmp_path)["held_out"]["cop"] < 0.03
    ran = calibrated(capsys, tmp_path, table(large))
    assert ran.code == 1
    assert "the plate says 7000 W" in ran.err


def test_without_a_heat_meter_the_plate_tells_whose_power_it_is(capsys, tmp_path):
    large = ChangedMachine({"electrical_power": lambda v: v * 40.0})
    ran = calibrated(capsys, tmp_path, table(large, "Flow"))
    assert ran.code == 1
    assert "the plate says 3500 W at most" in ran.err


@pytest.mark.parametrize("rows", ["", "2026-01-01 00:00:00;1;2;30;25;18\n"], ids=["none", "one"])
def test_a_table_without_rows_is_refused(capsys, tmp_path, rows):
    ran = calibrated(capsys, tmp_path, "When;" + ";".join(COLUMNS) + "\n" + rows)
    assert ran.code == 1
    _, *columns = ran.err.splitlines()
    assert len(columns) == (0 if rows else len(COLUMNS))
    assert all(line.endswith("has no value that can be used") for line in columns)
