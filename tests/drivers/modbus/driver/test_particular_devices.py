"""Devices that are particular about connections and functions, as some have always been."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from plain_device import VALUES, is_plain, link_at, plain_profile, plain_tank

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedDevice, EmulatedGateway
from heatpump_twin.drivers.modbus.emulator.emulated_session import Received
from heatpump_twin.drivers.modbus.profile.profile import WriteFunction
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.drivers.status import BAD_NOT_SUPPORTED

PLAIN = plain_profile()
MULTIPLE = WriteFunction.MULTIPLE
SETPOINT = next(i for i, p in enumerate(PLAIN.samples) if p.point == "supply_setpoint")


class Particular(EmulatedGateway):
    """A plain device that hangs up when nothing comes, and takes one connection."""

    idle: float = 60.0
    """For how long it keeps a connection on which nothing comes. [s]"""
    turned_away = 0
    hung_up = 0
    unknown_function: int | None = None

    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        if next(iter(self._connections)) is not connection:
            self.turned_away += 1
            connection.abort()
            return
        super()._answer(request, connection)
        loop = asyncio.get_running_loop()
        loop.call_later(self.idle, self._hang_up, connection, self.requests)

    def _hang_up(self, connection: EmulatedConnection, requests: int) -> None:
        if requests == self.requests and connection in self._connections:
            self.hung_up += 1
            connection.abort()

    def _respond(self, request: Received) -> bytes | None:
        if request.pdu[0] == self.unknown_function:
            return bytes((request.pdu[0] | 0x80, 1))
        return super()._respond(request)


@pytest.fixture
async def particular() -> AsyncIterator[Callable[..., Any]]:
    """Return a coroutine function that serves one on a host until the test ends."""
    running: list[Particular] = []

    async def start(host: str = "127.0.0.1") -> Particular:
        running.append(Particular(host, 0, {1: EmulatedDevice(PLAIN, plain_tank())}))
        await running[-1].start()
        return running[-1]

    yield start
    for gateway in running:
        await gateway.stop()


async def test_a_device_that_hangs_up_between_polls_makes_no_gap(
    particular: Any, drive: Any, eventually: Any
) -> None:
    gateway = await particular()
    gateway.idle = 0.05
    driver, seen = drive(PLAIN, gateway, period=0.3, timeout=0.25)
    await eventually(lambda: gateway.hung_up >= 5)
    assert driver.metrics.failed_polls == 0
    assert is_plain(seen)


async def test_a_device_that_takes_one_connection_is_never_asked_for_two(
    particular: Any, drive: Any, eventually: Any
) -> None:
    gateway = await particular()
    driver, seen = drive(PLAIN, gateway, timeout=0.1)
    for _ in range(3):
        await eventually(lambda: driver.connected and is_plain(seen))
        connections = driver.link.connections
        gateway.faults.silent = True
        await eventually(lambda before=connections: driver.link.connections > before)
        gateway.faults.clear()
    await eventually(lambda: driver.connected)
    assert gateway.turned_away == 0


async def test_what_refuses_to_write_one_register_may_take_several(
    particular: Any, drive: Any
) -> None:
    gateway = await particular()
    gateway.unknown_function = 6
    link = link_at(gateway)
    plain, _ = drive(PLAIN, link, timeout=0.5)
    refused = await plain.write(SETPOINT, 42.5)
    assert (refused.state, refused.status) == (WriteState.REFUSED, BAD_NOT_SUPPORTED)
    fresh = plain_profile()
    writable = [
        p.write.model_copy(update={"function": MULTIPLE}) if p.write else None for p in fresh.points
    ]
    pairs = zip(fresh.points, writable, strict=True)
    points = tuple(point.model_copy(update={"write": rules}) for point, rules in pairs)
    several = fresh.model_copy(update={"points": points})
    taking, _ = drive(several, link, timeout=0.5)
    assert (await taking.write(SETPOINT, 42.5)).state is WriteState.CONFIRMED


async def test_a_device_at_an_address_of_ipv6(particular: Any, drive: Any, eventually: Any) -> None:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("no IPv6 here")
    gateway = await particular("::1")
    address = DeviceConnection.model_validate(f"tcp://[::1]:{gateway.port}")
    _, seen = drive(PLAIN, ModbusLink.to(address), timeout=0.5)
    await eventually(lambda: is_plain(seen, VALUES))
