from __future__ import annotations

from heatpump_twin.config.catalogue import Role
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.twin_engine.points import build_table


def test_a_table_holds_what_is_offered_what_follows_and_what_is_predicted():
    table = build_table(
        {
            "hp1": [MappedPoint("supply_setpoint", (25.0, 55.0)), MappedPoint("error_code", None)],
            "hp2": [MappedPoint("electrical_power", None), MappedPoint("electrical_energy", None)],
        },
        {"hp1": ["heat_up_time"]},
    )
    assert [point.key for point in table] == [
        "hp1.supply_setpoint",
        "hp1.error_code",
        "hp1.heat_up_time",
        "hp2.electrical_power",
        "hp2.electrical_energy",
        "hp2.operating_state",
        "hp2.electrical_energy_today",
        "hp2.compressor_on",
    ]
    assert table.by_key["hp1.supply_setpoint"].limits == (25.0, 55.0)
    assert table.by_key["hp1.heat_up_time"].spec.role is Role.PREDICTED


def test_a_point_that_two_devices_offer_is_there_once():
    first, second = (
        MappedPoint("outdoor_temperature", None),
        MappedPoint("outdoor_temperature", (0, 1)),
    )
    table = build_table({"hp1": [first, second]})
    assert [point.limits for point in table] == [None]
