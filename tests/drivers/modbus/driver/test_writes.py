"""Writes: refused before the wire, confirmed by read-back, or honestly unknown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from heatpump_twin.drivers.modbus.emulator.emulated_gateway import Corruption
from heatpump_twin.drivers.modbus.emulator.emulated_points import ModbusRefusal
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space, WriteRules
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.drivers.status import (
    BAD_CONFIGURATION_ERROR,
    BAD_INVALID_STATE,
    BAD_NO_COMMUNICATION,
    BAD_NOT_SUPPORTED,
    BAD_NOT_WRITABLE,
    BAD_OUT_OF_RANGE,
    BAD_RESOURCE_UNAVAILABLE,
    BAD_TIMEOUT,
    GOOD,
)

HJ = "panasonic-aquarea-hj"


def index_of(driver: Any, name: str) -> int:
    return next(i for i, n in driver.points.items() if n == name)


def with_rules(profile: Profile, name: str, **rules: Any) -> Profile:
    """Return the profile with other write rules for one point."""
    points = tuple(
        p.model_copy(update={"write": WriteRules.model_validate(rules)}) if p.point == name else p
        for p in profile.points
    )
    return profile.model_copy(update={"points": points})


async def test_a_write_is_confirmed_by_read_back_and_seen_at_once(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    tank.values["supply_setpoint"] = 40.0
    gateway = await serve({1: (HJ, tank)})
    driver, seen = drive(HJ, gateway, period=60.0)
    await eventually(lambda: seen.value("supply_setpoint") == 40.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 47.53)
    assert (outcome.state, outcome.status) == (WriteState.CONFIRMED, GOOD)
    assert outcome.read_back == pytest.approx(47.5)  # the register counts tenths
    assert tank.values["supply_setpoint"] == pytest.approx(47.5)
    assert seen.value("supply_setpoint") == pytest.approx(47.5)  # before the next poll
    assert len(tank.written) == 1


@pytest.mark.parametrize(
    ("point", "value", "status"),
    [
        ("supply_setpoint", 60.1, BAD_OUT_OF_RANGE),
        ("supply_setpoint", float("nan"), BAD_OUT_OF_RANGE),
        ("dhw_setpoint", 66.0, BAD_OUT_OF_RANGE),  # the catalogue allows 75, the device 65
        ("operating_mode", 6, BAD_OUT_OF_RANGE),  # the catalogue knows 6, the device does not
        ("operating_mode", 1.5, BAD_OUT_OF_RANGE),
        ("unit_enabled", 2, BAD_OUT_OF_RANGE),
        ("outdoor_temperature", 20.0, BAD_NOT_WRITABLE),
    ],
)
async def test_what_the_profile_forbids_never_reaches_the_wire(
    serve: Any, drive: Any, tank: Any, eventually: Any, point: str, value: float, status: int
) -> None:
    gateway = await serve({1: (HJ, tank)})
    driver, seen = drive(HJ, gateway, period=60.0)
    await eventually(lambda: bool(seen.statuses()))
    requests = gateway.requests
    outcome = await driver.write(index_of(driver, point), value)
    assert (outcome.state, outcome.status) == (WriteState.REFUSED, status)
    assert gateway.requests == requests


@pytest.mark.parametrize(("value", "fits"), [(42.0, True), (42.5, True), (42.3, False)])
async def test_steps(serve: Any, drive: Any, tank: Any, value: float, fits: bool) -> None:
    profile = with_rules(load_profile(HJ), "supply_setpoint", min=20, max=60, step=0.5)
    gateway = await serve({1: (profile, tank)})
    driver, _ = drive(profile, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), value)
    assert (outcome.state is WriteState.CONFIRMED) == fits


async def test_a_cell_that_wears_out_is_not_written_again_soon(
    serve: Any, drive: Any, tank: Any
) -> None:
    profile = with_rules(load_profile(HJ), "supply_setpoint", throttle="10 min")
    gateway = await serve({1: (profile, tank)})
    driver, _ = drive(profile, gateway, period=60.0)
    point = index_of(driver, "supply_setpoint")
    assert (await driver.write(point, 40.0)).state is WriteState.CONFIRMED
    outcome = await driver.write(point, 41.0)
    assert (outcome.state, outcome.status) == (WriteState.REFUSED, BAD_RESOURCE_UNAVAILABLE)
    assert "in 600 s" in outcome.message
    assert tank.written == [("supply_setpoint", 40.0)]


async def test_an_interlock_is_read_before_writing(serve: Any, drive: Any, tank: Any) -> None:
    tank.values["dhw_enabled"] = 0
    profile = with_rules(load_profile(HJ), "dhw_setpoint", requires={"dhw_enabled": 1})
    gateway = await serve({1: (profile, tank)})
    driver, _ = drive(profile, gateway, period=60.0)
    point = index_of(driver, "dhw_setpoint")
    outcome = await driver.write(point, 50.0)
    assert (outcome.state, outcome.status) == (WriteState.REFUSED, BAD_INVALID_STATE)
    assert tank.written == []
    tank.values["dhw_enabled"] = 1
    assert (await driver.write(point, 50.0)).state is WriteState.CONFIRMED


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (1, BAD_NOT_SUPPORTED),
        (2, BAD_CONFIGURATION_ERROR),
        (3, BAD_OUT_OF_RANGE),
        (6, BAD_RESOURCE_UNAVAILABLE),
        (10, BAD_NO_COMMUNICATION),
    ],
)
async def test_a_device_that_refuses(
    serve: Any, drive: Any, tank: Any, code: int, status: int
) -> None:
    gateway = await serve({1: (HJ, tank)})
    gateway.faults.exceptions[1, Space.HOLDING, 12] = code
    driver, _ = drive(HJ, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 40.0)
    assert (outcome.state, outcome.status) == (WriteState.REFUSED, status)
    assert f"exception {code}" in outcome.message
    assert tank.written == []


class Failing:
    """Answers every write with an exception, and has carried it out or not."""

    def __init__(self, tank: Any, code: int, *, takes: bool) -> None:
        self._tank = tank
        self._code = code
        self._takes = takes
        self.writes = 0

    def read(self, point: str) -> float | None:
        return self._tank.read(point)

    def write(self, point: str, value: float) -> None:
        self.writes += 1
        if self._takes:
            self._tank.write(point, value)
        raise ModbusRefusal(self._code)


@pytest.mark.parametrize("code", [4, 5, 11])
@pytest.mark.parametrize("takes", [True, False])
async def test_an_exception_that_leaves_a_write_open_is_settled_by_reading_back(
    serve: Any, drive: Any, tank: Any, code: int, takes: bool
) -> None:
    tank.values["supply_setpoint"] = 35.0
    device = Failing(tank, code, takes=takes)
    profile = with_rules(load_profile(HJ), "supply_setpoint", settle=0.3)
    gateway = await serve({1: (profile, device)})
    driver, _ = drive(profile, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 40.0)
    wanted = (WriteState.CONFIRMED, 40.0) if takes else (WriteState.MISMATCH, 35.0)
    assert (outcome.state, outcome.read_back) == wanted
    assert device.writes == 1
    if not takes:
        assert f"exception {code}" in outcome.message


async def test_an_exception_4_whose_effect_cannot_be_read_is_unknown(
    serve: Any, drive: Any, tank: Any
) -> None:
    profile = with_rules(load_profile(HJ), "supply_setpoint", settle=0.3)
    gateway = await serve({1: (profile, tank)})
    gateway.faults.exceptions[1, Space.HOLDING, 12] = 4
    driver, _ = drive(profile, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 40.0)
    assert (outcome.state, outcome.status) == (WriteState.UNKNOWN, BAD_TIMEOUT)


class Busy(Failing):
    """Is busy for the first writes, and then takes one."""

    def write(self, point: str, value: float) -> None:
        self._takes = self.writes >= 2
        if self._takes:
            self.writes += 1
            self._tank.write(point, value)
        else:
            super().write(point, value)


async def test_a_write_to_a_busy_device_is_sent_again(serve: Any, drive: Any, tank: Any) -> None:
    device = Busy(tank, 6, takes=False)
    gateway = await serve({1: (HJ, device)})
    driver, _ = drive(HJ, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 40.0)
    assert (outcome.state, outcome.read_back) == (WriteState.CONFIRMED, 40.0)
    assert device.writes == 3
    assert tank.written == [("supply_setpoint", 40.0)]


async def test_a_device_with_its_own_limits(serve: Any, drive: Any, tank: Any) -> None:
    narrow = with_rules(load_profile(HJ), "supply_setpoint", min=20, max=45)
    gateway = await serve({1: (narrow, tank)})
    driver, _ = drive(HJ, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 50.0)
    assert (outcome.state, outcome.status) == (WriteState.REFUSED, BAD_OUT_OF_RANGE)


async def test_a_device_that_keeps_its_own_value(serve: Any, drive: Any, tank: Any) -> None:
    profile = with_rules(load_profile(HJ), "supply_setpoint", settle=0.3)
    gateway = await serve({1: (profile, Stubborn(35.0))})
    driver, _ = drive(profile, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 50.0)
    assert (outcome.state, outcome.read_back) == (WriteState.MISMATCH, 35.0)
    assert outcome.status != GOOD


async def test_a_push_button_is_let_go_and_pressed_and_may_fall_back(
    serve: Any, drive: Any, tank: Any
) -> None:
    profile = with_rules(load_profile(HJ), "dhw_enabled", momentary=True, settle=0.3)
    gateway = await serve({1: (profile, tank)})
    driver, _ = drive(profile, gateway, period=60.0)
    point = index_of(driver, "dhw_enabled")
    outcome = await driver.write(point, 1.0)
    assert (outcome.state, outcome.read_back) == (WriteState.CONFIRMED, 1.0)
    assert tank.written == [("dhw_enabled", 0.0), ("dhw_enabled", 1.0)]
    tank.written.clear()
    await driver.write(point, 0.0)
    assert tank.written == [("dhw_enabled", 0.0)]
    gateway.faults.exceptions[1, Space.HOLDING, 30] = 2
    assert (await driver.write(point, 1.0)).state is WriteState.REFUSED


class Stubborn:
    """Accepts every write and goes on with its own value."""

    def __init__(self, value: float) -> None:
        self._value = value

    def read(self, point: str) -> float | None:
        return self._value if point == "supply_setpoint" else None

    def write(self, point: str, value: float) -> None:
        pass


class Slow(Stubborn):
    """Shows a new value only when it was asked a few times."""

    def __init__(self, value: float) -> None:
        super().__init__(value)
        self._coming: list[float] = []

    def read(self, point: str) -> float | None:
        if point == "supply_setpoint" and self._coming:
            self._value = self._coming.pop(0)
        return super().read(point)

    def write(self, point: str, value: float) -> None:
        self._coming = [self._value, self._value, value]


async def test_a_device_that_takes_its_time(serve: Any, drive: Any) -> None:
    gateway = await serve({1: (HJ, Slow(35.0))})
    driver, _ = drive(HJ, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 50.0)
    assert (outcome.state, outcome.read_back) == (WriteState.CONFIRMED, 50.0)


async def test_no_connection_means_nothing_was_sent(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    gateway = await serve({1: (HJ, tank)})
    driver, seen = drive(HJ, gateway, period=60.0)
    await eventually(lambda: bool(seen.statuses()))
    await gateway.stop()
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 40.0)
    if outcome.state is WriteState.UNKNOWN:  # it left before the reset came back
        outcome = await driver.write(index_of(driver, "supply_setpoint"), 40.0)
    assert (outcome.state, outcome.status) == (WriteState.REFUSED, BAD_NO_COMMUNICATION)
    assert tank.written == []


async def test_a_lost_answer_is_cleared_up_by_reading_back(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    gateway = await serve({1: (HJ, tank)})
    driver, seen = drive(HJ, gateway, period=60.0)
    await eventually(lambda: bool(seen.statuses()))
    gateway.faults.corruption = Corruption.WRONG_TRANSACTION
    write = asyncio.create_task(driver.write(index_of(driver, "supply_setpoint"), 40.0))
    await eventually(lambda: tank.written == [("supply_setpoint", 40.0)])
    gateway.faults.clear()
    outcome = await write
    assert outcome.state is WriteState.CONFIRMED
    assert tank.written == [("supply_setpoint", 40.0)]  # never sent twice


async def test_an_unknown_fate_is_said(serve: Any, drive: Any, tank: Any, eventually: Any) -> None:
    profile = with_rules(load_profile(HJ), "supply_setpoint", settle=0.3)
    gateway = await serve({1: (profile, tank)})
    driver, seen = drive(profile, gateway, period=60.0)
    await eventually(lambda: bool(seen.statuses()))
    requests = gateway.requests
    gateway.faults.silent = True
    outcome = await driver.write(index_of(driver, "supply_setpoint"), 40.0)
    assert (outcome.state, outcome.status) == (WriteState.UNKNOWN, BAD_TIMEOUT)
    assert outcome.read_back is None
    assert gateway.requests > requests
    assert tank.written == []


async def test_coils_are_switched(serve: Any, drive: Any, tank: Any) -> None:
    tank.values["silent_mode"] = 0
    gateway = await serve({1: ("lg-therma-v", tank)})
    driver, _ = drive("lg-therma-v", gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "silent_mode"), 1)
    assert outcome.state is WriteState.CONFIRMED
    assert tank.written == [("silent_mode", 1.0)]


async def test_a_point_that_is_read_here_and_written_there(
    serve: Any, drive: Any, tank: Any
) -> None:
    """Some controllers show a setpoint in an input register and take it as a holding register."""
    profile = Profile.model_validate(
        {
            "title": "t",
            "kind": "heat_pump_controller",
            "source": "a test",
            "points": [
                {
                    "point": "dhw_setpoint",
                    "space": "input",
                    "address": 1032,
                    "type": "uint16",
                    "unit": "degC",
                    "write": {"space": "holding", "function": "multiple"},
                }
            ],
        }
    )
    tank.values["dhw_setpoint"] = 48.0
    gateway = await serve({1: (profile, tank)})
    driver, _ = drive(profile, gateway, period=60.0)
    outcome = await driver.write(index_of(driver, "dhw_setpoint"), 50.4)
    assert (outcome.state, outcome.read_back) == (WriteState.CONFIRMED, 50.0)
    assert tank.written == [("dhw_setpoint", 50.0)]
