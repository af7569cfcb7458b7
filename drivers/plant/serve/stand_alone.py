"""Emulated devices that stand alone: any profiles on any transport, without a site."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    EmulatedDevice,
    EmulatedGateway,
    RtuSession,
    TcpSession,
)
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.wire.pseudo_terminal import PseudoTerminal
from heatpump_twin.drivers.modbus.wire.serial_port import SerialSettings, open_serial
from heatpump_twin.drivers.plant.devices.signal_generator import SignalGenerator
from heatpump_twin.drivers.plant.errors import PortTakenError
from heatpump_twin.drivers.plant.faults.fault_board import FaultBoard
from heatpump_twin.drivers.plant.serve.control_server import ControlServer
from heatpump_twin.drivers.plant.serve.field_devices import listening
from heatpump_twin.drivers.plant.serve.transport import Transport


@dataclass(frozen=True, slots=True)
class StandAlone:
    """What to emulate: devices behind one gateway, and how many such gateways."""

    devices: Mapping[int, Profile]
    """By unit id."""
    name: str
    """Name of the gateway; of several, with a number behind."""
    transport: Transport = Transport.TCP
    host: str = "127.0.0.1"
    port: int = 15502
    """TCP port of the first gateway; each further one takes the next."""
    count: int = 1
    line: DeviceConnection | None = None
    """The serial port; None: a pseudo terminal."""
    control_port: int = 15000
    seed: int = 1


@dataclass(slots=True)
class Serving:
    """What is being served: the addresses as a site file states them, by gateway name."""

    gateways: Mapping[str, EmulatedGateway]
    control: ControlServer
    addresses: dict[str, str] = field(default_factory=dict)


async def serve_stand_alone(
    wanted: StandAlone, clock: Clock, ready: Callable[[Serving], None], stop: asyncio.Event
) -> None:
    """Serve until `stop`; `ready` is called when all ports listen.

    Raises
    ------
    PlantError
        A port cannot be opened, or the serial port went away; the message says what to do.
    """
    gateways = {name: _gateway(wanted, number, clock) for number, name in enumerate(_names(wanted))}
    remedy = "--control-port PORT"
    control = ControlServer(wanted.control_port, FaultBoard(gateways, clock), {}, remedy)
    serving = Serving(gateways, control)
    lines: list[EmulatedConnection] = []
    async with AsyncExitStack() as stack:
        if wanted.transport is Transport.SERIAL:
            for name, gateway in gateways.items():
                lines.append(gateway.connection())
                serving.addresses[name] = _on_line(wanted.line, lines[-1], stack)
                stack.push_async_callback(gateway.stop)
        else:
            await stack.enter_async_context(listening(gateways, "--port PORT"))
            for name, gateway in gateways.items():
                serving.addresses[name] = f"{wanted.transport}://{gateway.host}:{gateway.port}"
        await control.start()
        stack.push_async_callback(control.stop)
        ready(serving)
        await _until_stopped(stop, lines)


async def _until_stopped(stop: asyncio.Event, lines: Sequence[EmulatedConnection]) -> None:
    """Wait until `stop`; raise `PortTakenError` if a serial port goes away before."""
    # A TCP port stays; a serial adapter can be unplugged, and would leave devices nobody can reach.
    stopping = asyncio.create_task(stop.wait())
    hung_up = [asyncio.create_task(line.closed()) for line in lines]
    await asyncio.wait((stopping, *hung_up), return_when=asyncio.FIRST_COMPLETED)
    lost = not stopping.done()
    for task in (stopping, *hung_up):
        task.cancel()
    await asyncio.gather(stopping, *hung_up, return_exceptions=True)
    if lost:
        raise PortTakenError("the serial port is gone; plug it in again and restart")


def _names(wanted: StandAlone) -> Sequence[str]:
    if wanted.count == 1:
        return [wanted.name]
    return [f"{wanted.name}.{number + 1}" for number in range(wanted.count)]


def _gateway(wanted: StandAlone, number: int, clock: Clock) -> EmulatedGateway:
    devices = {}
    for unit, profile in wanted.devices.items():
        # Unit ids end at 255, so that each device of each gateway has a seed of its own.
        generator = SignalGenerator(profile, clock, seed=wanted.seed + 256 * number + unit)
        devices[unit] = EmulatedDevice(profile, generator, on_restart=generator.restart)
    session = TcpSession() if wanted.transport is Transport.TCP else RtuSession()
    port = wanted.port + number if wanted.port else 0  # 0: each takes any free one
    return EmulatedGateway(wanted.host, port, devices, session=session)


def _on_line(
    line: DeviceConnection | None, connection: EmulatedConnection, stack: AsyncExitStack
) -> str:
    """Connect a gateway to a serial port and return the address that a client has to use."""
    if line is None:
        terminal = PseudoTerminal(connection)
        stack.callback(terminal.close)
        return f"serial://{terminal.path}"
    try:
        open_serial(SerialSettings.of(line), connection)
    except (OSError, ValueError) as error:
        raise PortTakenError(
            f"the serial port {line.path} cannot be opened: {error}; give another --line, "
            "or none for a pseudo terminal"
        ) from error
    stack.callback(connection.abort)
    return str(line)
