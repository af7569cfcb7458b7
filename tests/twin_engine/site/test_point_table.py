from __future__ import annotations

import pytest

from heatpump_twin.config.catalogue import CATALOGUE, PointRole, Section
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.twin_engine.site.point_table import build_table


def test_a_table_holds_what_is_offered_what_follows_and_what_is_predicted():
    table = build_table(
        {
            "hp1": [MappedPoint("supply_setpoint", (25.0, 55.0)), MappedPoint("error_code", None)],
            "hp2": [MappedPoint("electrical_power", None), MappedPoint("electrical_energy", None)],
        },
        {"hp1": ["heat_up_time"]},
    )
    tables = {point.key for point in table if point.spec.role is PointRole.TALLIED}
    assert {"hp2.electricity_hour", "hp2.starts_year", "site.electricity_month"} <= tables
    assert not {key for key in tables if key.startswith("hp1") or ".heat" in key}
    assert [point.key for point in table if point.key not in tables] == [
        "hp1.supply_setpoint",
        "hp1.error_code",
        "hp1.heat_up_time",
        "hp2.electrical_power",
        "hp2.electrical_energy",
        "hp2.operating_state",
        "hp2.electrical_energy_today",
        "hp2.compressor_on",
        "hp2.implausible_sensor",
        "hp2.implausible_reason",
        "hp2.forecast_electrical_power_lower",
        "hp2.forecast_electrical_power",
        "hp2.forecast_electrical_power_upper",
        "hp2.forecast_electrical_power_method",
        "hp2.forecast_electrical_power_skill",
        "hp2.forecast_electrical_power_coverage",
        "hp2.forecast_model_version",
        "hp2.forecast_model_drift",
        "site.heat_pumps_running",
        "site.heat_pumps_in_fault",
        "site.heat_pumps_unreachable",
        "site.electrical_power",
        "site.electrical_energy_today",
        *(f"site.{point}" for point, spec in CATALOGUE["site"].items() if spec.section == "alarms"),
        *(f"twin.{point}" for point in CATALOGUE["twin"]),
    ]
    assert table.by_key["hp1.supply_setpoint"].limits == (25.0, 55.0)
    assert table.by_key["hp1.heat_up_time"].spec.role is PointRole.PREDICTED


def test_a_point_that_two_devices_offer_is_there_once():
    first, second = (
        MappedPoint("outdoor_temperature", None),
        MappedPoint("outdoor_temperature", (0, 1)),
    )
    table = build_table({"hp1": [first, second]})
    assert table.by_key["hp1.outdoor_temperature"].limits is None
    assert [point.id for point in table].count("outdoor_temperature") == 1 + (
        "site" in table.by_asset
    )


@pytest.mark.parametrize(
    ("tariff", "points"),
    [
        ({"price": 0.2}, {"electricity_price", "electricity_cost_today"}),
        (
            {"price": 0.2, "co2": 120},
            {"electricity_price", "electricity_cost_today", "co2_today"},
        ),
        (
            {"price": 0.2, "periods": [{"from": "22:00", "to": "06:00", "price": 0.1}]},
            {
                "electricity_price",
                "next_electricity_price",
                "electricity_price_change",
                "electricity_cost_today",
            },
        ),
    ],
)
def test_a_tariff_brings_its_points(tariff, points):
    offered = {"hp1": [MappedPoint("electrical_energy", None)]}
    table = build_table(offered, tariff=Tariff(currency="EUR", **tariff))
    found = table.by_asset["site"].values()
    assert {p.id for p in found if p.spec.section is Section.TARIFF} == points


def test_ranges_fit_the_size_and_the_prices_of_the_site():
    points = [MappedPoint("electrical_power", None), MappedPoint("electrical_energy", None)]
    tariff = Tariff(currency="JPY", price=31.0)
    table = build_table({f"hp{i}": points for i in range(250)}, tariff=tariff)
    site = table.by_asset["site"]
    assert site["electrical_power"].spec.range == (0, 250 * 10_000)
    assert site["heat_pumps_running"].spec.range == (0, 250)
    assert site["electricity_price"].spec.range == (0, 31)
    assert site["electricity_cost_today"].spec.range == (0, 250 * 200 * 31)
