"""What a controller's fault code means is in the profile of the device, and the alarm tells it."""

from __future__ import annotations

import pytest

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.fault_codes import FaultCode
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_pack
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.alarm import AlarmTransition

START = 1_767_225_600 * MICROSECONDS
POINTS = ("fault_active", "error_code", "supply_temperature", "electrical_power", "water_flow")


class Bench:
    def __init__(self) -> None:
        site = load_site("default", environment={})
        specs = CATALOGUE["heat_pump"]
        self.table = PointTable.build(("hp1", point, specs[point], None) for point in POINTS)
        self.rules = RuleEngine(
            [load_pack("heat-pump")], site, self.table, faults=assemble(site, None).faults
        )
        self.now = START
        self.rules.advance(self.now)

    def after(self, seconds: float, status: int = GOOD, **values: float) -> list[AlarmTransition]:
        index = [self.table.by_key[f"hp1.{point}"].index for point in values]
        self.rules.take(Frame.of(index, list(values.values()), status, self.now + MICROSECONDS))
        self.now += round(seconds * MICROSECONDS)
        return self.rules.advance(self.now)


@pytest.mark.parametrize(
    ("code", "severity", "said", "cause"),
    [
        (62, 700, "H62: no water flow", "blocked circuit, air, strainer or pump"),
        (1062, 700, "H62: no water flow", "blocked circuit, air, strainer or pump"),
        (1064, 900, "H64: refrigerant pressure too high", "fouled heat exchanger"),
        (2012, 900, "F12: high-pressure switch", "fouled heat exchanger"),
        (1072, 500, "H72: tank sensor", "sensor, or its wire"),
    ],
)
def test_a_known_code_gives_the_alarm_its_words_and_severity(code, severity, said, cause) -> None:
    bench = Bench()
    (change,) = bench.after(2, fault_active=1, error_code=code)
    assert (change.alarm.rule, change.alarm.severity) == ("controller_fault", severity)
    assert str(change.message) == f"Controller reports a fault ({said})"
    assert change.alarm.cause.startswith(cause)
    assert "manual" not in change.alarm.action
    (back,) = bench.after(2, fault_active=0, error_code=0)
    assert not back.active


def test_an_unknown_code_is_told_as_a_number() -> None:
    (change,) = Bench().after(2, fault_active=1, error_code=4711)
    assert (change.alarm.severity, change.alarm.fault) == (700, "")
    assert str(change.message) == "Controller reports a fault (Error code 4711)"
    assert "manual" in change.alarm.action


def test_a_dead_gateway_is_one_alarm() -> None:
    bench = Bench()
    measured = ("supply_temperature", "electrical_power", "water_flow")
    assert bench.after(5, supply_temperature=35, electrical_power=900, water_flow=14) == []
    nothing = dict.fromkeys(measured, float("nan"))
    changes = bench.after(60, BAD_NO_COMMUNICATION, **nothing)
    assert [change.alarm.rule for change in changes] == ["device_unreachable"]
    # The controller is back, the meter is not: now it is no consequence any more.
    changes = bench.after(60, supply_temperature=35, water_flow=14)
    assert [(change.alarm.rule, change.active) for change in changes] == [
        ("device_unreachable", False),
        ("electricity_meter_unreachable", True),
    ]


@pytest.mark.parametrize("name", packaged_profiles())
def test_codes_are_of_a_device_that_reports_one(name: str) -> None:
    profile = load_profile(name)
    points = {point.point for point in (*profile.points, *profile.unverified_points)}
    assert not profile.faults or "error_code" in points
    assert all(fault.severity in (300, 500, 700, 900) for fault in profile.faults.values())


def test_a_code_has_all_of_its_words() -> None:
    assert set(FaultCode.model_json_schema()["required"]) == {"text", "cause", "action"}
