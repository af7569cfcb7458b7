"""Start-up writes: before anything is read, after each connect and each return, on the record."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import ports
import pytest
from patience import PATIENCE

from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.protocol import WriteOutcome, WriteState
from heatpump_twin.drivers.status import GOOD

IDS = [0x8238, 0x8204]


def profile_with(**write: Any) -> Profile:
    return Profile.model_validate(
        {
            "title": "t",
            "kind": "heat_pump_controller",
            "source": "a test",
            "start_up": [{"address": 6000, "words": IDS, "why": "choose what is shown", **write}],
            "points": [
                {"point": "outdoor_temperature", "space": "holding", "address": 10, "type": "int16"}
            ],
        }
    )


@dataclass
class Forgetful:
    """A gateway that shows nothing before it was told what, and forgets it with a restart."""

    port: int = 0
    told: bool = False
    refuses: bool = False
    log: list[str] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = struct.unpack(">HHHB", await reader.readexactly(7))
                answer = self.answer(await reader.readexactly(head[2] - 1))
                writer.write(struct.pack(">HHHB", head[0], 0, len(answer) + 1, head[3]) + answer)
        writer.close()

    def answer(self, request: bytes) -> bytes:
        function, address = struct.unpack(">BH", request[:3])
        if function == 16 and not self.refuses:
            assert address == 6000
            assert list(struct.unpack(">2H", request[6:])) == IDS
            self.log.append("told")
            self.told = True
            return request[:5]
        if not self.told or function == 16:
            self.log.append("refused")
            return bytes((function | 0x80, 2))
        self.log.append("read")
        return struct.pack(">BBh", function, 2, -7)

    def restart(self) -> None:
        self.told = False
        for writer in self.writers:
            writer.close()
        self.writers.clear()


@pytest.fixture
async def gateway() -> AsyncIterator[Forgetful]:
    device = Forgetful()
    async with await asyncio.start_server(device.serve, "127.0.0.1", 0) as server:
        device.port = server.sockets[0].getsockname()[1]
        yield device
        device.restart()


@dataclass
class Record:
    """Who carries writes out, and what they came to."""

    outcomes: list[WriteOutcome] = field(default_factory=list)
    whats: list[str] = field(default_factory=list)

    async def __call__(
        self, device: str, what: str, send: Callable[[], Awaitable[WriteOutcome]]
    ) -> None:
        assert device == "hp1.device0"
        self.whats.append(what)
        self.outcomes.append(await send())


async def test_it_comes_before_the_first_read(
    gateway: Forgetful, drive: Any, eventually: Any
) -> None:
    driver, seen = drive(profile_with(), gateway.port, timeout=PATIENCE)
    record = Record()
    driver.carry_out_start_up(record)
    await eventually(lambda: seen.value("outdoor_temperature") == -7)
    assert gateway.log[0] == "told"
    assert "refused" not in gateway.log
    assert record.whats == ["holding 6000 := 8238 8204 (choose what is shown)"]
    assert [outcome.state for outcome in record.outcomes] == [WriteState.CONFIRMED]
    read = gateway.log.count("read")
    await eventually(lambda: gateway.log.count("read") > read + 5)
    assert gateway.log.count("told") == 1


async def test_a_restarted_gateway_is_told_again(
    gateway: Forgetful, drive: Any, eventually: Any
) -> None:
    driver, seen = drive(profile_with(throttle=0), gateway.port, timeout=PATIENCE)
    driver.carry_out_start_up(Record())
    for times in (1, 2, 3):
        await eventually(lambda: seen.statuses() == {GOOD} and gateway.told)
        assert gateway.log.count("told") >= times
        gateway.restart()
        await eventually(lambda: gateway.told)


async def test_it_is_not_repeated_sooner_than_its_wear_allows(
    gateway: Forgetful, drive: Any, eventually: Any
) -> None:
    driver, _ = drive(profile_with(throttle=3600), gateway.port, timeout=PATIENCE)
    driver.carry_out_start_up(Record())
    await eventually(lambda: "read" in gateway.log)
    for _ in range(3):
        polls = driver.metrics.polls
        gateway.restart()
        await eventually(lambda polls=polls: driver.metrics.polls > polls + 1)
    assert gateway.log.count("told") == 1


async def test_what_is_refused_is_on_record_and_tried_again(
    gateway: Forgetful, drive: Any, eventually: Any
) -> None:
    gateway.refuses = True
    driver, _ = drive(profile_with(throttle=0.1), gateway.port, timeout=PATIENCE)
    record = Record()
    driver.carry_out_start_up(record)
    await eventually(lambda: len(record.outcomes) > 1)
    assert record.outcomes[0].state is WriteState.REFUSED
    gateway.refuses = False
    await eventually(lambda: gateway.told)


async def test_nobody_writes_where_a_device_is_only_looked_at(
    gateway: Forgetful, drive: Any, eventually: Any
) -> None:
    drive(profile_with(), gateway.port, timeout=PATIENCE)
    await eventually(lambda: "refused" in gateway.log)
    assert "told" not in gateway.log


async def test_what_cannot_leave_is_no_write(drive: Any, eventually: Any) -> None:
    driver, _ = drive(profile_with(throttle=0), ports.claim(), timeout=PATIENCE)
    record = Record()
    driver.carry_out_start_up(record)
    await eventually(lambda: driver.metrics.failed_polls > 0)
    assert record.whats == []
