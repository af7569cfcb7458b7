"""Profiles against devices that know only raw words, over real TCP.

A dump in ``dumps/`` states what a device holds, in words worked out by hand from the source of the
profile, and what must come out. The device below shares nothing with the driver but the Modbus
specification: it refuses registers that the source does not list, and requests that are too long.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.modbus.commissioning.device_access import DeviceAccess
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.drivers.status import BAD_NO_DATA, BAD_OUT_OF_RANGE, BAD_SENSOR_FAILURE, GOOD

DUMPS = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "dumps").glob("*.yaml"))
}
SPACES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
MARKS = {"absent": BAD_NO_DATA, "unknown": BAD_OUT_OF_RANGE, "failed": BAD_SENSOR_FAILURE}

Write = tuple[int, int, list[int]]


class RawDevice:
    """A Modbus TCP device that holds the words of a dump."""

    def __init__(self, dump: Mapping[str, Any]) -> None:
        self.unit: int = dump.get("unit", 1)
        self.words = {space: dict(dump.get(space, {})) for space in SPACES.values()}
        for space, spans in dump.get("spare", {}).items():
            for first, last in spans:
                for address in range(first, last + 1):
                    self.words[space].setdefault(address, 0)
        self.at_most: Mapping[str, int] = dump.get("at_most", {})
        self.leaves: Mapping[tuple[int, int], Mapping[int, int]] = {
            (w["function"], w["address"]): w["leaves"] for w in dump.get("writes", [])
        }
        self.refusals: list[bytes] = []
        self.writes: list[Write] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                request = await reader.readexactly(length - 1)
                if unit == self.unit:
                    answer = self.answer(request)
                    head = struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit)
                    writer.write(head + answer)
                    await writer.drain()
        writer.close()

    def answer(self, request: bytes) -> bytes:
        function, address, count = struct.unpack(">BHH", request[:5])
        if function in SPACES:
            return self._read(request, SPACES[function], address, count)
        if function == 5:
            return self._written(request, address, [int(count == 0xFF00)])
        if function == 6:
            return self._written(request, address, [count])
        if function == 16:
            return self._written(request, address, list(struct.unpack(f">{count}H", request[6:])))
        return self._refuse(request, ILLEGAL_FUNCTION)

    def _read(self, request: bytes, space: str, address: int, count: int) -> bytes:
        if count > self.at_most.get(space, 125):
            return self._refuse(request, ILLEGAL_VALUE)
        held = self.words[space]
        if not all(a in held for a in range(address, address + count)):
            return self._refuse(request, ILLEGAL_ADDRESS)
        values = [held[a] for a in range(address, address + count)]
        if space in ("holding", "input"):
            data = struct.pack(f">{count}H", *values)
        else:
            packed = sum(bit << i for i, bit in enumerate(values))
            data = packed.to_bytes((count + 7) // 8, "little")
        return bytes((request[0], len(data))) + data

    def _written(self, request: bytes, address: int, words: list[int]) -> bytes:
        self.writes.append((request[0], address, words))
        for place, word in self.leaves.get((request[0], address), {}).items():
            for space in self.words.values():
                if place in space:
                    space[place] = word
        return request[:5]

    def _refuse(self, request: bytes, code: int) -> bytes:
        self.refusals.append(request)
        return bytes((request[0] | 0x80, code))


@pytest.fixture
async def listen() -> AsyncIterator[Callable[..., Any]]:
    """Return a coroutine function that serves a raw device and says at which port."""
    async with contextlib.AsyncExitStack() as servers:

        async def start(device: RawDevice) -> int:
            server = await asyncio.start_server(device.serve, "127.0.0.1", 0)
            servers.callback(server.close)
            port: int = server.sockets[0].getsockname()[1]
            return port

        yield start


def test_every_packaged_profile_has_a_dump() -> None:
    assert sorted(DUMPS) == packaged_profiles()


@pytest.mark.parametrize("name", sorted(DUMPS))
def test_a_dump_says_something_of_every_point(name: str) -> None:
    assert set(DUMPS[name]["expect"]) == {point.point for point in load_profile(name).samples}


@pytest.mark.parametrize("name", sorted(DUMPS))
async def test_the_words_of_a_device_are_read_as_its_source_says(
    name: str, listen: Any, drive: Any, eventually: Any
) -> None:
    device = RawDevice(DUMPS[name])
    _, seen = drive(name, await listen(device), unit=device.unit, period=60.0, timeout=5.0)
    await eventually(lambda: bool(seen.statuses()))
    for point, expected in DUMPS[name]["expect"].items():
        value, status, _ = seen.latest(point)
        if isinstance(expected, str):
            assert status == MARKS[expected], point
        else:
            assert status == GOOD, point
            assert value == pytest.approx(expected, rel=1e-6, abs=1e-9), point
    assert device.refusals == []


@pytest.mark.parametrize("name", sorted(DUMPS))
async def test_what_sources_dispute_is_read_on_request_in_every_reading(
    name: str, listen: Any
) -> None:
    device, profile = RawDevice(DUMPS[name]), load_profile(name)
    expected = [tuple(*reading.items()) for reading in DUMPS[name].get("unverified", [])]
    assert [point for point, _ in expected] == [p.point for p in profile.unverified_points]
    link = ModbusLink.to(DeviceConnection.model_validate(f"tcp://127.0.0.1:{await listen(device)}"))
    access = DeviceAccess(profile, link, device.unit, 5.0, SystemClock())
    try:
        plain, readings = await access.read(), await access.read(unverified=True)
    finally:
        await access.close()
    assert [r.point.point for r in plain] == [p.point for p in profile.points]
    for (point, value), reading in zip(expected, readings[len(plain) :], strict=True):
        if isinstance(value, str):
            assert reading.status == MARKS[value], point
        else:
            assert reading.value == pytest.approx(value, rel=1e-6, abs=1e-9), point
    assert device.refusals == []


@pytest.mark.parametrize(
    ("name", "number"),
    [(name, i) for name, dump in DUMPS.items() for i in range(len(dump.get("writes", [])))],
)
async def test_a_write_sends_the_words_that_the_source_wants(
    name: str, number: int, listen: Any, drive: Any, eventually: Any
) -> None:
    write = DUMPS[name]["writes"][number]
    device = RawDevice(DUMPS[name])
    driver, seen = drive(name, await listen(device), unit=device.unit, period=60.0, timeout=5.0)
    await eventually(lambda: bool(seen.statuses()))
    index = next(i for i, point in driver.points.items() if point == write["point"])
    outcome = await driver.write(index, write["value"])
    strokes = [write["first"], write["words"]] if "first" in write else [write["words"]]
    assert device.writes == [(write["function"], write["address"], words) for words in strokes]
    assert outcome.state is WriteState.CONFIRMED
    assert outcome.read_back == pytest.approx(write.get("reads_back", write["value"]))
