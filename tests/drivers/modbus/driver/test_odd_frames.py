"""Devices whose frames are not quite by the book: tolerated, or told of with the option."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import hptwin
import pytest
from plain_device import VALUES, address_of, is_plain, link_at, plain_profile, plain_tank
from structlog.testing import capture_logs

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import Corruption, RtuSession
from heatpump_twin.drivers.modbus.profile.profile import Space
from heatpump_twin.drivers.modbus.wire.line_oddities import Oddity
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.modbus.wire.pseudo_terminal import PseudoTerminal
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.protocol import LinkError, WriteState
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION

PLAIN = plain_profile()
SETPOINT = next(i for i, p in enumerate(PLAIN.samples) if p.point == "supply_setpoint"), 42.5
METER = "eastron-sdm120"


@pytest.fixture
async def odd(serve: Any) -> Any:
    """Return a coroutine function that serves a plain device whose frames are odd."""

    async def start(kind: Corruption, scheme: str) -> Any:
        session = {} if scheme == "tcp" else {"session": RtuSession()}
        gateway = await serve({1: (PLAIN, plain_tank())}, **session)
        gateway.faults.corruption = kind
        return gateway

    return start


@pytest.mark.parametrize(
    ("kind", "scheme", "option", "message"),
    [
        (Corruption.NO_TRANSACTION, "tcp", "transaction=any", "with transaction 0 instead of 1"),
        (Corruption.NO_UNIT, "tcp", "unit=any", "as unit 0 instead of 1"),
        (Corruption.NO_UNIT, "rtu+tcp", "unit=any", "as unit 0 instead of 1"),
        (Corruption.NOISE_BEFORE, "tcp", "noise=skip", "with 1 byte around the response: 00"),
        (Corruption.NOISE_BEFORE, "rtu+tcp", "noise=skip", "with 1 byte around the response: 00"),
        (Corruption.NOISE_BEHIND, "rtu+tcp", "noise=skip", "with 1 byte around the response: 00"),
        (Corruption.ECHO, "rtu+tcp", "echo=skip", "the line echoes what is sent"),
    ],
)
async def test_what_weakens_a_check_is_an_option_and_its_message_names_it(
    odd: Any, drive: Any, eventually: Any, kind: Corruption, scheme: str, option: str, message: str
) -> None:
    gateway = await odd(kind, scheme)
    with capture_logs() as logs:
        _, strict = drive(PLAIN, link_at(gateway, scheme), timeout=0.5)
        await eventually(lambda: strict.statuses() == {BAD_NO_COMMUNICATION})
    (lost,) = [entry for entry in logs if entry["event"] == "device lost"]
    assert f"something answers, but {message}" in lost["reason"]
    assert f"add {option} to the connection" in lost["reason"]
    driver, seen = drive(PLAIN, link_at(gateway, scheme, f"?{option}"), timeout=0.5)
    await eventually(lambda: is_plain(seen))
    assert (await driver.write(*SETPOINT)).state is WriteState.CONFIRMED


@pytest.mark.parametrize(
    ("kind", "scheme", "options", "oddity"),
    [
        (Corruption.NOISE_BEFORE, "rtu+tcp", "?noise=skip", Oddity.NOISE),
        (Corruption.NOISE_BEHIND, "rtu+tcp", "?noise=skip", Oddity.NOISE),
        (Corruption.NOISE_BEFORE, "tcp", "?noise=skip", Oddity.NOISE),
        (Corruption.ECHO, "rtu+tcp", "?echo=skip", Oddity.ECHO),
        (Corruption.TWICE, "tcp", "", Oddity.REPEATED),
    ],
)
async def test_an_unmistakable_response_is_taken_and_the_rest_counted(
    odd: Any,
    drive: Any,
    eventually: Any,
    kind: Corruption,
    scheme: str,
    options: str,
    oddity: Oddity,
) -> None:
    gateway = await odd(kind, scheme)
    with capture_logs() as logs:
        driver, seen = drive(PLAIN, link_at(gateway, scheme, options), timeout=0.5)
        await eventually(lambda: driver.metrics.polls >= 8)
        assert (await driver.write(*SETPOINT)).state is WriteState.CONFIRMED
    assert is_plain(seen, {**VALUES, "supply_setpoint": 42.5})
    assert driver.metrics.failed_polls == 0
    assert driver.link.oddities.counts[oddity] >= 7
    assert driver.link.connections == 1
    assert sum(entry.get("link") == driver.link.name for entry in logs) == 1  # said once


async def test_a_serial_line_with_an_echo(line: Any, drive: Any, eventually: Any) -> None:
    """The request comes back first, also that of a write, whose response looks the same."""
    tank = plain_tank()
    path, gateway = line({1: (PLAIN, tank)})
    gateway.faults.corruption = Corruption.ECHO
    address = f"serial://{path}?parity=N&echo=skip"
    driver, seen = drive(
        PLAIN, ModbusLink.to(DeviceConnection.model_validate(address)), timeout=0.5
    )
    await eventually(lambda: is_plain(seen))
    assert (await driver.write(*SETPOINT)).state is WriteState.CONFIRMED
    assert tank.written == [("supply_setpoint", 42.5)]
    assert driver.metrics.failed_polls == 0


async def test_a_write_does_not_leave_on_a_line_whose_echo_is_not_skipped(
    odd: Any, drive: Any
) -> None:
    gateway = await odd(Corruption.ECHO, "rtu+tcp")
    driver, _ = drive(PLAIN, link_at(gateway, "rtu+tcp"), period=60.0, timeout=0.5)
    outcome = await driver.write(*SETPOINT)
    assert outcome.state is WriteState.REFUSED
    assert "the line echoes what is sent; " in outcome.message
    assert gateway.devices[1].process.written == []


class Adapter(asyncio.Protocol):
    """A two-wire adapter that hears what it says, and nobody else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


@pytest.mark.parametrize("option", ["", "&echo=skip"])
async def test_an_echo_alone_confirms_no_write(drive: Any, option: str) -> None:
    """Where the first request on a line is a write, a device that is gone must not confirm it."""
    terminal = PseudoTerminal(Adapter())
    address = f"serial://{terminal.path}?parity=N{option}"
    link = ModbusLink.to(DeviceConnection.model_validate(address))
    driver, _ = drive(PLAIN, link, period=60.0, timeout=0.2)
    assert (await driver.write(*SETPOINT)).state is WriteState.REFUSED
    await link.close()
    terminal.close()


async def test_two_devices_with_one_unit_id_are_told_of(
    odd: Any, drive: Any, eventually: Any
) -> None:
    gateway = await odd(Corruption.TWICE, "rtu+tcp")
    with capture_logs() as logs:
        _, seen = drive(PLAIN, link_at(gateway, "rtu+tcp"), timeout=0.5)
        await eventually(lambda: seen.statuses() == {BAD_NO_COMMUNICATION})
    assert any("have two devices this unit id?" in str(e.get("reason")) for e in logs)


# ── read and scan say so ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("command", ["read", "scan"])
@pytest.mark.parametrize(
    ("kind", "scheme", "said"),
    [
        (Corruption.NO_TRANSACTION, "tcp", "add transaction=any"),
        (Corruption.NO_UNIT, "tcp", "add unit=any"),
        (Corruption.NOISE_BEFORE, "rtu+tcp", "add noise=skip"),
        (Corruption.ECHO, "rtu+tcp", "add echo=skip"),
    ],
)
async def test_commissioning_names_the_option(
    serve: Any, command: str, kind: Corruption, scheme: str, said: str
) -> None:
    session = {} if scheme == "tcp" else {"session": RtuSession()}
    gateway = await serve({1: (METER, plain_tank())}, **session)
    gateway.faults.corruption = kind
    address = str(address_of(gateway, scheme))
    arguments = ["--profile", METER, *(["--units", "1"] if command == "scan" else [])]
    ran = await hptwin.run(command, address, *arguments)
    assert ran.code == 1
    told = " ".join((ran.out + ran.err).split())
    assert "something answers, but" in told
    assert said in told
    assert command == "read" or "nothing answers" not in told


@pytest.mark.parametrize("command", ["read", "scan"])
async def test_commissioning_says_that_the_line_echoes(serve: Any, command: str) -> None:
    gateway = await serve({1: (METER, plain_tank())}, session=RtuSession())
    gateway.faults.corruption = Corruption.ECHO
    address = f"rtu+tcp://127.0.0.1:{gateway.port}?echo=skip"
    units = ["--units", "1"] if command == "scan" else []
    ran = await hptwin.run(command, address, "--profile", METER, *units)
    assert ran.code == 0, ran.err
    assert "the line echoes what is sent" in ran.err


class OneBehind(asyncio.Protocol):
    """A server that answers each request with the number of the one before it."""

    def __init__(self, served: list[bytes]) -> None:
        self._served = served
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        words = data[11]
        head = self._served[-1] + bytes((0, 0, 0, 3 + 2 * words))
        self._served.append(data[:2])
        self._transport.write(head + data[6:8] + bytes((2 * words,)) + bytes(2 * words))

    def connection_lost(self, _error: Exception | None) -> None:
        self._served.insert(0, b"end")


async def test_a_device_that_is_one_number_behind_is_told_of(eventually: Any) -> None:
    served = [b"\0\0"]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: OneBehind(served), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = ModbusLink.to(DeviceConnection.model_validate(f"tcp://127.0.0.1:{port}"))
    for number in range(1, 4):
        said = rf"something answers, but .*transaction {number - 1} instead of {number}; .*=any"
        with pytest.raises(LinkError, match=said):
            await link.request(Request.read(1, Space.HOLDING, 1, 2), 0.2)
        served[:] = [number.to_bytes(2, "big")]
    await link.close()
    await eventually(lambda: served[0] == b"end")
    server.close()


# ── the wrong protocol ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("served", "asked", "remedy"),
    [("rtu+tcp", "tcp", "try rtu+tcp://"), ("tcp", "rtu+tcp", "try tcp://")],
)
async def test_the_other_framing_is_suggested(
    serve: Any, drive: Any, eventually: Any, served: str, asked: str, remedy: str
) -> None:
    session = {"session": RtuSession()} if served == "rtu+tcp" else {}
    gateway = await serve({1: (METER, plain_tank())}, **session)
    with capture_logs() as logs:
        _, seen = drive(METER, link_at(gateway, asked), timeout=0.2)
        await eventually(lambda: seen.statuses() == {BAD_NO_COMMUNICATION})
    (lost,) = [entry for entry in logs if entry["event"] == "device lost"]
    assert remedy in lost["reason"]
    ran = await hptwin.run("read", address_of(gateway, asked), "--profile", METER, "--timeout", 0.2)
    assert ran.code == 1
    assert remedy in " ".join(ran.err.split())


# ── streams in pieces ─────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def proxied() -> AsyncIterator[Any]:
    """Return a coroutine function that puts a proxy before a gateway; it sends byte by byte."""
    servers: list[asyncio.Server] = []

    async def start(gateway: Any, *, closes: bool = False) -> int:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, out = await asyncio.open_connection("127.0.0.1", gateway.port)
            try:
                while request := await reader.read(260):
                    out.write(request)
                    for byte in await there.read(260):
                        writer.write(bytes((byte,)))
                        await writer.drain()
                        await asyncio.sleep(0.001)
                    if closes:
                        break
            finally:
                out.close()
                writer.close()

        servers.append(await asyncio.start_server(pass_on, "127.0.0.1", 0))
        port: int = servers[-1].sockets[0].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("closes", [False, True])
async def test_a_response_in_pieces_and_a_device_that_closes_after_each(
    serve: Any, drive: Any, proxied: Any, eventually: Any, closes: bool
) -> None:
    gateway = await serve({1: (PLAIN, plain_tank())})
    driver, seen = drive(PLAIN, await proxied(gateway, closes=closes), timeout=1.0)
    await eventually(lambda: driver.metrics.polls >= 5)
    assert is_plain(seen)
    assert driver.metrics.failed_polls == 0


@pytest.mark.parametrize("unit", [0, 255])
async def test_units_0_and_255(serve: Any, drive: Any, eventually: Any, unit: int) -> None:
    gateway = await serve({unit: (PLAIN, plain_tank())})
    driver, seen = drive(PLAIN, gateway, unit=unit, timeout=0.5)
    await eventually(lambda: is_plain(seen))
    setpoint = next(i for i, n in driver.points.items() if n == "supply_setpoint")
    assert (await driver.write(setpoint, 42.5)).state is WriteState.CONFIRMED
