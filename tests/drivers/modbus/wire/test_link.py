"""What devices that share a link cost each other, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.profile.profile import Space
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.modbus.wire.link_utilisation import LinkUtilisation
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.protocol import LinkError

METER = "eastron-sdm120"  # read with two requests


async def test_a_link_that_cannot_keep_the_periods_is_told_of_once(
    serve: Any, drive: Any, tank: Any, shared_link: Any, eventually: Any
) -> None:
    gateway = await serve(dict.fromkeys((1, 2, 3), (METER, tank)))
    gateway.faults.latency = 0.02
    link = shared_link(gateway)
    with capture_logs() as logs:
        drivers = [drive(METER, link, unit=unit, timeout=0.5)[0] for unit in (1, 2, 3)]
        await eventually(lambda: link.load.overloaded)
        assert link.load.scan_time > 3 * 2 * 0.02
        assert link.load.load > 1.0
        await eventually(lambda: all(driver.metrics.missed > 0 for driver in drivers))
        polls = drivers[0].metrics.polls
        await eventually(lambda: drivers[0].metrics.polls >= polls + 3)
        told = [entry for entry in logs if entry["log_level"] == "warning"]
        assert [(entry["event"], entry["link"], entry["devices"]) for entry in told] == [
            ("link overloaded: polls are late", link.name, 3)
        ]
        gateway.faults.clear()
        await eventually(lambda: not link.load.overloaded)
    assert sum(entry["event"] == "link keeps up again" for entry in logs) == 1


async def test_who_waits_for_the_link_is_late(
    serve: Any, drive: Any, tank: Any, shared_link: Any, eventually: Any
) -> None:
    """Both are due at the same time, and one request is on its way at a time."""
    gateway = await serve(dict.fromkeys((1, 2), ("kamstrup-multical-403", tank)))
    gateway.faults.latency = 0.1
    link = shared_link(gateway)
    drivers = [
        drive("kamstrup-multical-403", link, unit=unit, period=0.5, timeout=0.4)[0]
        for unit in (1, 2)
    ]
    await eventually(lambda: all(driver.connected for driver in drivers))
    first, second = sorted(driver.metrics.worst_lateness for driver in drivers)
    assert second - first >= 0.09


def test_the_load_is_the_sum_of_what_devices_need_in_their_periods() -> None:
    load = LinkUtilisation("tcp://h:502")
    for _ in range(5):
        load.note("hp1.meter", 0.2, 1.0)
        load.note("hp2.meter", 0.5, 10.0)
    assert load.load == pytest.approx(0.25)
    assert load.scan_time == pytest.approx(0.7)


def test_a_long_first_poll_is_no_overload() -> None:
    """It connects and reads everything."""
    load = LinkUtilisation("tcp://h:502")
    load.note("hp1.meter", 3.0, 1.0)
    assert not load.overloaded
    for _ in range(10):
        load.note("hp1.meter", 0.1, 1.0)
    assert not load.overloaded
    assert load.load < 0.5


def test_a_load_near_the_limit_is_not_told_again_and_again() -> None:
    load = LinkUtilisation("tcp://h:502")
    with capture_logs() as logs:
        for occupied in [1.1] * 40 + [0.95, 1.05] * 40 + [0.5] * 40 + [2.0] * 40:
            load.note("hp1.meter", occupied, 1.0)
    assert [entry["event"] for entry in logs] == [
        "link overloaded: polls are late",
        "link keeps up again",
        "link overloaded: polls are late",
    ]
    assert logs[0]["load"] == "110%"


@pytest.fixture
async def trickling() -> AsyncIterator[int]:
    """Serve a device that sends a byte at a time, and give its port."""
    over = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = await reader.readexactly(12)
        for byte in header[:4] + b"\0\x7f\x01\x03\x7c" + bytes(124):
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.02)
            if writer.is_closing():
                break
        writer.transport.abort()
        over.set()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await over.wait()


async def test_the_time_out_is_for_the_whole_response(trickling: int) -> None:
    """Bytes that keep coming do not prolong it: at this rate the response would take 2.6 s."""
    link = ModbusLink.to(DeviceConnection(scheme="tcp", host="127.0.0.1", port=trickling))
    request = Request.read(1, Space.HOLDING, 0, 62)
    with pytest.raises(LinkError, match=r"no response within 0\.2 s"):
        await link.request(request, 0.2)
    await link.close()
