"""The emulated device answers as a device would: to mbpoll, and to requests it cannot serve."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from heatpump_twin.drivers.modbus.emulator import EmulatedGateway
from heatpump_twin.drivers.modbus.profile import Space

needs_mbpoll = pytest.mark.skipif(
    shutil.which("mbpoll") is None, reason="mbpoll is not installed (apt-get install mbpoll)"
)


async def mbpoll(gateway: EmulatedGateway, *options: str, write: tuple[str, ...] = ()) -> str:
    process = await asyncio.create_subprocess_exec(
        "mbpoll", "-0", "-1", "-p", str(gateway.port), *options, "127.0.0.1", *write,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    return output.decode()


def polled(output: str) -> dict[int, str]:
    """Return reference → value of mbpoll's ``[12]: 450`` lines."""
    return {
        int(reference): value.split()[0]
        for reference, value in re.findall(r"^\[(\d+)\]:\s+(.+)$", output, re.MULTILINE)
    }


@needs_mbpoll
async def test_mbpoll_reads_holding_registers(serve: Any, tank: Any) -> None:
    tank.values |= {"unit_enabled": 1, "outdoor_temperature": -4.53, "supply_temperature": 35.2}
    gateway = await serve({3: ("panasonic-aquarea-hj", tank)})
    output = await mbpoll(gateway, "-a", "3", "-t", "4:hex", "-r", "0", "-c", "4")
    assert polled(output) == {0: "0x0001", 1: "0xFFD3", 2: "0x0160", 3: "0x8000"}


@needs_mbpoll
async def test_mbpoll_reads_floats(serve: Any, tank: Any) -> None:
    tank.values |= {"voltage": 230.2, "electrical_power": 1080.5, "current": 5.0}
    gateway = await serve({1: ("eastron-sdm120", tank)})
    output = await mbpoll(gateway, "-t", "3:float", "-B", "-r", "0", "-c", "7")
    values = polled(output)
    assert (values[0], values[6], values[12]) == ("230.2", "5", "1080.5")


@needs_mbpoll
async def test_mbpoll_reads_bits(serve: Any, tank: Any) -> None:
    tank.values |= {"water_flow_detected": 1, "water_pump_running": 0, "compressor_running": 1}
    tank.values |= dict.fromkeys(
        ["defrost_active", "dhw_heating", "backup_heater_on", "dhw_heater_on", "fault_active"], 0
    )
    gateway = await serve({1: ("lg-therma-v", tank)})
    output = await mbpoll(gateway, "-t", "1", "-r", "0", "-c", "5")
    assert polled(output) == {0: "1", 1: "0", 2: "0", 3: "1", 4: "0"}


@needs_mbpoll
async def test_mbpoll_writes_a_setpoint(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    output = await mbpoll(gateway, "-t", "4", "-r", "12", write=("475",))
    assert "Written 1 references" in output
    assert tank.written == [("supply_setpoint", 47.5)]


@needs_mbpoll
async def test_mbpoll_is_told_what_is_wrong(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    assert "Illegal data address" in await mbpoll(gateway, "-t", "4", "-r", "7", "-c", "1")
    assert "Illegal function" in await mbpoll(gateway, "-t", "3", "-r", "0", "-c", "1")
    assert "Illegal data value" in await mbpoll(gateway, "-t", "4", "-r", "12", write=("900",))


READ_ONLY, UNMAPPED, BEYOND = 1, 7, 60000


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda c: c.read_coils(0, count=1, device_id=1), 1),
        (lambda c: c.write_coil(0, True, device_id=1), 1),
        (lambda c: c.read_holding_registers(UNMAPPED, count=1, device_id=1), 2),
        (lambda c: c.read_holding_registers(0, count=8, device_id=1), 2),
        (lambda c: c.read_holding_registers(BEYOND, count=1, device_id=1), 2),
        (lambda c: c.write_register(READ_ONLY, 5, device_id=1), 2),
        (lambda c: c.write_registers(12, [400, 400, 400], device_id=1), 2),
        (lambda c: c.write_register(12, 190, device_id=1), 3),
        (lambda c: c.write_register(4, 9, device_id=1), 3),
        (lambda c: c.write_register(12, 0x8000, device_id=1), 3),
        (lambda c: c.read_holding_registers(0, count=1, device_id=2), 11),
    ],
)
async def test_refusals(serve: Any, tank: Any, call: Any, code: int) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        answer: ModbusPDU = await call(client)
    assert answer.isError()
    assert answer.exception_code == code
    assert tank.written == []


async def test_writes_of_several_registers_are_all_or_nothing(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        assert (await client.write_registers(12, [400, 900], device_id=1)).isError()
        assert tank.written == []
        assert not (await client.write_registers(12, [400, 410], device_id=1)).isError()
    assert tank.written == [("supply_setpoint", 40.0), ("zone2_supply_setpoint", 41.0)]


async def test_what_the_process_lacks_is_absent_or_refused(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("lg-therma-v", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        assert (await client.read_input_registers(2, count=1, device_id=1)).registers == [3000]
        answer = await client.read_input_registers(13, count=1, device_id=1)
    assert answer.exception_code == 2  # a pressure has no mark for a missing sensor


async def test_values_beyond_the_register_are_held_at_its_end(serve: Any, tank: Any) -> None:
    tank.values["outdoor_temperature"] = 9999.0
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        answer = await client.read_holding_registers(1, count=1, device_id=1)
    assert answer.registers == [0x7FFF]


async def test_forced_exceptions_end_when_cleared(serve: Any, tank: Any) -> None:
    gateway = await serve({1: ("panasonic-aquarea-hj", tank)})
    gateway.faults.exceptions[1, Space.HOLDING, 2] = 4
    async with AsyncModbusTcpClient("127.0.0.1", port=gateway.port) as client:
        assert (await client.read_holding_registers(0, count=4, device_id=1)).exception_code == 4
        gateway.faults.clear()
        assert not (await client.read_holding_registers(0, count=4, device_id=1)).isError()
