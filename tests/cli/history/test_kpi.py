"""``hptwin kpi``: from a recorded database to tables and CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hptwin import here

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

MINUTE = 60_000_000
START = 1_764_543_600_000_000  # 2025-12-01 00:00 in Madrid
DAYS = 62


def recorded(root: Path, values: dict[str, np.ndarray], time: np.ndarray) -> Path:
    directory = DataDirectory.open(root)
    store = SampleStore(open_engine(f"sqlite:///{directory.database}"))
    rows = store.prepare([f"hp1.{point}" for point in values])
    for point, value in values.items():
        store.write(Frame.of(np.full(len(time), rows[f"hp1.{point}"]), value, 0, time))
    store.seal_all()
    store.close()
    return directory.root


def gained(power: np.ndarray) -> np.ndarray:
    """Return the energy until each sample, of powers that hold for the five minutes after it."""
    return np.append(0.0, np.cumsum(power / 12)[:-1])


@pytest.fixture(scope="module")
def time() -> np.ndarray:
    return START + np.arange(DAYS * 288) * 5 * MINUTE


@pytest.fixture(scope="module")
def metered(tmp_path_factory, time) -> Path:
    """Return two months: an hour of heating, an hour of rest, with all meters."""
    hours = (time - START) / (60 * MINUTE)
    on = (hours % 2) < 1
    values = {
        "electrical_energy": 100 + gained(np.where(on, 1.2, 0.06)),
        "heat_energy": 500 + gained(np.where(on, 4.8, 0.0)),
        "compressor_on": on.astype(float),
        "operating_state": np.where(on, 2.0, 1.0),
        "outdoor_temperature": np.full(len(time), 5.5),
        "room_temperature": np.full(len(time), 21.0),
    }
    return recorded(tmp_path_factory.mktemp("metered"), values, time)


def lines(capsys, data: Path, *arguments: str) -> list[dict[str, str]]:
    ran = here(capsys, "kpi", *arguments, "--csv", "--data", data)
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_each_month_has_its_figures_with_intervals(capsys, metered):
    price = (
        "--set",
        "tariff.currency=EUR",
        "--set",
        "tariff.price=0.25",
        "--set",
        "tariff.co2=100",
    )
    rows = lines(
        capsys, metered, "--from", "2025-12-01", "--to", "2026-01-15", "--every", "month", *price
    )
    december = {
        row["figure"]: row for row in rows if (row["asset"], row["partial"]) == ("hp1", "no")
    }
    used = 31 * 12 * (1.2 + 0.06)
    assert float(december["electricity"]["value"]) == pytest.approx(used, rel=1e-3)
    assert float(december["electricity"]["low"]) < used < float(december["electricity"]["high"])
    assert float(december["spf_h4"]["value"]) == pytest.approx(4.8 / 1.26, rel=2e-3)
    assert float(december["run_cop"]["value"]) == pytest.approx(4.0, rel=1e-2)
    assert float(december["electricity_standby"]["value"]) == pytest.approx(31 * 12 * 0.06, rel=0.1)
    assert float(december["starts"]["value"]) == pytest.approx(31 * 12, abs=1)
    assert float(december["degree_days"]["value"]) == pytest.approx(310, rel=1e-3)
    assert float(december["electricity_cost"]["value"]) == pytest.approx(used * 0.25, rel=1e-3)
    assert float(december["co2"]["value"]) == pytest.approx(used * 0.1, rel=1e-3)
    assert float(december["load_highest"]["value"]) == pytest.approx(1.2, rel=0.1)
    january = [row for row in rows if row["partial"] == "yes"]
    assert {row["to"] for row in january} == {"2026-01-15T00:00+01:00"}
    site = {row["figure"]: row for row in rows if (row["asset"], row["partial"]) == ("site", "no")}
    assert site["electricity"]["value"] == december["electricity"]["value"]


def test_four_counters_of_a_controller_have_a_seasonal_cop(capsys, tmp_path, time):
    grows = np.arange(len(time)) / 12
    values = {
        "heating_electrical_energy": 10 + np.floor(grows),
        "dhw_electrical_energy": 20 + np.floor(grows * 0.2),
        "heating_heat_energy": 30 + np.floor(grows * 3.6),
        "dhw_heat_energy": 40 + np.floor(grows * 0.6),
    }
    data = recorded(tmp_path, values, time)
    found = lines(capsys, data, "--from", "2025-12-01", "--to", "2026-02-01")
    rows = {row["figure"]: row for row in found if row["asset"] == "hp1"}
    assert float(rows["spf_h4"]["value"]) == pytest.approx(3.5, rel=0.01)
    # A controller's own figures are no meter's.
    assert float(rows["spf_h4"]["low"]) < 3.2
    assert float(rows["electricity_heating"]["value"]) == pytest.approx(62 * 24, rel=1e-2)
    assert float(rows["heat_hot_water"]["value"]) == pytest.approx(62 * 24 * 0.6, rel=1e-2)
    assert "starts" not in rows  # whether the compressor runs is not told


def test_tables_and_mistakes(capsys, metered):
    shown = here(capsys, "kpi", "--from", "2025-12-01", "--to", "2025-12-03", "--data", metered)
    assert shown.code == 0, shown.err
    assert "SPF H4" in shown.out
    for wrong, said in (
        (("--from", "yesterday", "--to", "2025-12-03"), "write an ISO time"),
        (("--from", "2025-12-03", "--to", "2025-12-01"), "is not before"),
        (("--from", "0001-01-01", "--to", "2025-12-01"), "--from 0001-01-01: write a time from"),
        (("--from", "2025-12-03", "--to", "9999-12-31"), "write a time from 1970 to 2199"),
        (
            ("--from", "2025-12-01", "--to", "2025-12-03", "--every", "week"),
            "hour, day, month, year",
        ),
    ):
        ran = here(capsys, "kpi", *wrong, "--data", metered)
        assert ran.code == 1
        assert said in ran.err


def test_what_is_no_number_does_not_count(capsys, tmp_path, time):
    grows = np.arange(len(time)) / 12
    broken = [1000, 2000]
    meter, room = grows.copy(), np.full(len(time), 21.0)
    meter[broken], room[broken] = np.inf, (np.inf, -np.inf)
    span = ("--from", "2025-12-01", "--to", "2026-01-01")
    values = {"electrical_energy": meter, "room_temperature": room, "outdoor_temperature": room}
    rows = lines(capsys, recorded(tmp_path, values, time), *span)
    found = {row["figure"]: row["value"] for row in rows if row["asset"] == "hp1"}
    assert float(found["electricity"]) == pytest.approx(31 * 24, rel=1e-3)
    assert not [value for value in found.values() if "inf" in value]
