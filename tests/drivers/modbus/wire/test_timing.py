"""Delays, silences and time-outs of real lines, and whose connection a time-out costs."""

from __future__ import annotations

import asyncio
import os
import time
import tty
from typing import Any

import pytest
from plain_device import VALUES, address_of, is_plain, link_at, plain_profile, plain_tank

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.settings import Device
from heatpump_twin.drivers.modbus.driver.device_plan import DevicePlan
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import RtuSession
from heatpump_twin.drivers.modbus.profile.profile import Space
from heatpump_twin.drivers.modbus.wire.line_oddities import Oddity
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.modbus.wire.rtu_framing import silent_interval
from heatpump_twin.drivers.protocol import LinkError
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION

PLAIN = plain_profile()
READ = Request.read(1, Space.HOLDING, 1, 3)


# ── a device that ignores what comes at once ──────────────────────────────────────────────────────
@pytest.mark.parametrize(("deaf", "wait"), [(0.6, 0.6), (0.6, 0.2)])
async def test_the_wait_that_a_device_needs_is_not_begun_anew(
    serve: Any, drive: Any, eventually: Any, deaf: float, wait: float
) -> None:
    """It ignores the requests of a connection's first moments."""
    gateway = await serve({1: (PLAIN, plain_tank())})
    gateway.faults.deaf = deaf
    driver, seen = drive(PLAIN, gateway, period=0.6, timeout=wait)
    await eventually(lambda: is_plain(seen))
    assert driver.link.connections == 1


@pytest.mark.parametrize("by", ["connection", "profile"])
async def test_a_connect_delay_leaves_no_gap(
    serve: Any, drive: Any, eventually: Any, by: str
) -> None:
    profile = PLAIN if by == "connection" else plain_profile(connect_delay="500 ms")
    gateway = await serve({1: (profile, plain_tank())})
    gateway.faults.deaf = 0.4
    link = link_at(gateway, options="?connect_delay=500ms" if by == "connection" else "")
    driver, seen = drive(profile, link, period=0.6, timeout=0.3)
    await eventually(lambda: is_plain(seen))
    assert driver.metrics.failed_polls == 0


def test_the_connection_says_more_than_the_profile(serve: Any) -> None:
    link = ModbusLink.to(DeviceConnection.model_validate("tcp://h:502?connect_delay=0s"))
    link.expect(5.0)
    assert link.options.connect_delay == 0


@pytest.mark.parametrize("option", ["connect_delay=soon", "back_off=1 year", "transaction=7"])
def test_options_that_cannot_be(option: str) -> None:
    with pytest.raises(ValueError, match=option.partition("=")[0]):
        ModbusLink.to(DeviceConnection.model_validate(f"tcp://h:502?{option}"))


# ── silence between frames ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("baudrate", "milliseconds"),
    [(1200, 32.08), (9600, 4.01), (19200, 2.005), (38400, 1.75), (115200, 1.75)],
)
def test_the_silent_interval_is_that_of_the_specification(
    baudrate: int, milliseconds: float
) -> None:
    assert silent_interval(baudrate) * 1000 == pytest.approx(milliseconds, abs=0.005)


class Line:
    """A device on a pseudo terminal that notes when requests come and when it has answered."""

    def __init__(self) -> None:
        self._far, self._near = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._far, False)
        self.path = os.ttyname(self._near)
        self.silences: list[float] = []
        self._answered = 0.0
        self._session = RtuSession()
        self._buffer = bytearray()
        asyncio.get_running_loop().add_reader(self._far, self._read)

    def _read(self) -> None:
        now = time.monotonic()
        self._buffer += os.read(self._far, 256)
        request = self._session.take(self._buffer)
        if request is not None:
            if self._answered:
                self.silences.append(now - self._answered)
            count = request.pdu[4]
            data = bytes((request.pdu[0], 2 * count)) + bytes(2 * count)
            os.write(self._far, self._session.pack(request, data))
            self._answered = time.monotonic()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._far)
        os.close(self._far)
        os.close(self._near)


@pytest.mark.parametrize(("baudrate", "least"), [(9600, 0.0040), (38400, 0.00175)])
async def test_frames_on_a_line_are_apart_by_the_silent_interval(
    baudrate: int, least: float
) -> None:
    line = Line()
    url = f"serial://{line.path}?baudrate={baudrate}&parity=N&stopbits=1"
    link = ModbusLink.to(DeviceConnection.model_validate(url))
    for _ in range(20):
        await link.request(READ, 5.0)
    await link.close()
    line.close()
    assert len(line.silences) == 19
    assert min(line.silences) >= least


async def test_a_broadcast_waits_for_no_response_but_for_all_devices(line: Any) -> None:
    tank = plain_tank()
    path, _ = line({1: (PLAIN, tank)})
    link = ModbusLink.to(DeviceConnection.model_validate(f"serial://{path}?parity=N"))
    loop = asyncio.get_running_loop()
    await link.request(READ, 5.0)
    began = loop.time()
    assert await link.request(Request.write(0, Space.HOLDING, 12, [425], None), 60.0) == b""
    await link.request(READ, 5.0)
    assert loop.time() - began >= 0.1
    await link.close()


# ── time-outs ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_slow_device_gets_the_time_of_its_profile(
    serve: Any, drive: Any, eventually: Any
) -> None:
    """Where the site says nothing, the poll period holds the time-out."""
    profile = plain_profile(timeout="1500 ms")
    gateway = await serve({1: (profile, plain_tank())})
    gateway.faults.latency = 1.1
    plan = DevicePlan("hp1", _device(), address_of(gateway), profile, {}, {})
    assert (plan.timeout, plan.period) == (1.5, 1.5)
    driver, seen = drive(profile, gateway, period=plan.period, timeout=None)
    await eventually(lambda: driver.metrics.polls >= 3)
    assert is_plain(seen)
    assert driver.metrics.failed_polls == 0


@pytest.mark.parametrize(
    ("said", "period", "wait"),
    [
        ({}, 1.0, 0.5),
        ({"timeout": 3.0}, 3.0, 3.0),
        ({"poll": 0.2}, 0.2, 0.5),
        ({"poll": 1.0, "timeout": 5.0}, 1.0, 5.0),
    ],
)
def test_what_the_site_says_holds(said: dict[str, float], period: float, wait: float) -> None:
    device = _device(**said)
    plan = DevicePlan("hp1", device, device.connection, PLAIN, {}, {})
    assert (plan.period, plan.timeout) == (period, wait)


def _device(**said: float) -> Device:
    return Device.model_validate(
        {"id": "controller", "profile": "p", "connection": "tcp://h:502", **said}
    )


@pytest.mark.parametrize("scheme", ["tcp", "rtu+tcp"])
async def test_a_silent_unit_does_not_cost_the_others_their_connection(
    serve: Any, drive: Any, eventually: Any, scheme: str
) -> None:
    session = {} if scheme == "tcp" else {"session": RtuSession()}
    gateway = await serve({unit: (PLAIN, plain_tank()) for unit in (1, 2, 3)}, **session)
    link = link_at(gateway, scheme)
    gateway.faults.silent_units.add(3)
    drivers = [drive(PLAIN, link, unit=unit, period=0.5, timeout=0.3) for unit in (1, 2, 3)]
    await eventually(lambda: all(is_plain(seen) for _, seen in drivers[:2]))
    await eventually(lambda: drivers[2][1].statuses() == {BAD_NO_COMMUNICATION})
    silences, connections = drivers[2][0].metrics.failed_polls, link.connections
    await eventually(lambda: drivers[2][0].metrics.failed_polls >= silences + 4)
    assert link.connections == connections
    assert all(is_plain(seen) for _, seen in drivers[:2])
    gateway.faults.clear()
    await eventually(lambda: is_plain(drivers[2][1]))


async def test_a_late_response_is_told_by_its_number(serve: Any) -> None:
    gateway = await serve(dict.fromkeys((1, 2), (PLAIN, plain_tank())))
    link = link_at(gateway)
    other = Request.read(2, Space.HOLDING, 1, 3)
    await link.request(READ, 5.0)
    gateway.faults.late = 0.3
    with pytest.raises(LinkError, match="no response"):
        await link.request(other, 0.1)
    gateway.faults.clear()
    data = await link.request(READ, 5.0)  # that of unit 2 comes first
    assert int.from_bytes(data[2:4], "big") == round(10 * VALUES["supply_temperature"])
    assert link.connections == 1
    assert link.oddities.counts[Oddity.LATE] == 1
    await link.close()


async def test_a_late_exception_on_a_bus_is_not_taken_for_the_answer_to_a_probe(
    serve: Any,
) -> None:
    """Both are as long; the device refuses the first registers and answers the others."""
    gateway = await serve({1: (PLAIN, plain_tank())}, session=RtuSession())
    link = link_at(gateway, "rtu+tcp")
    refused = Request.read(1, Space.HOLDING, 500, 1)
    gateway.faults.late = 0.4
    with pytest.raises(LinkError, match="no response"):
        await link.request(refused, 0.2)
    gateway.faults.late = 0.0
    data = await link.request(Request.read(1, Space.HOLDING, 2, 1), 5.0)
    assert int.from_bytes(data, "big") == round(10 * VALUES["supply_temperature"])
    await link.close()


async def test_where_no_number_tells_a_time_out_costs_the_connection(serve: Any) -> None:
    gateway = await serve({1: (PLAIN, plain_tank())})
    link = link_at(gateway, options="?transaction=any")
    await link.request(READ, 5.0)
    gateway.faults.silent = True
    with pytest.raises(LinkError, match="no response"):
        await link.request(READ, 0.1)
    gateway.faults.clear()
    await link.request(READ, 5.0)
    assert link.connections == 2
    await link.close()
