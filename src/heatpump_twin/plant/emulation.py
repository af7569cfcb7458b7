"""Serve emulated devices by profile without a site, and print how to reach them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.settings import EmulatedPlant
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.modbus.profile.profile import (
    Order,
    Profile,
    ProfilePoint,
    Space,
    ValueType,
)
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.plant.errors import PlantError
from heatpump_twin.drivers.plant.serve.stand_alone import (
    Serving,
    StandAlone,
    serve_stand_alone,
)
from heatpump_twin.drivers.plant.serve.transport import Transport
from heatpump_twin.errors import TwinError

_TABLE = {Space.COIL: "0", Space.DISCRETE: "1", Space.INPUT: "3", Space.HOLDING: "4"}
_FORMAT = {
    ValueType.FLOAT32: ":float",
    ValueType.INT32: ":int",
    ValueType.UINT32: ":int",
}


def stand_alone(
    profiles: Sequence[str],
    units: Sequence[int],
    transport: Transport,
    host: str,
    port: int,
    count: int,
    line: str | None,
    control_port: int,
) -> StandAlone:
    """Return the emulated devices that the command line asks for; raise `TwinError`."""
    if units and len(units) != len(profiles):
        raise TwinError("give as many --unit as --profile, or none for 1, 2, 3 …")
    numbers = units or range(1, len(profiles) + 1)
    # On one line two of a number would answer at once, which is what a real bus does wrong too.
    if len(set(numbers)) < len(numbers):
        raise TwinError("two devices behind one gateway need different --unit")
    if line is not None and transport is not Transport.SERIAL:
        raise TwinError("--line goes with --transport serial")
    if line is not None and not line.startswith("/"):
        raise TwinError(f"--line {line}: give the whole path, such as /dev/ttyUSB0")
    if line is not None and count > 1:
        raise TwinError("--count is for TCP ports and pseudo terminals; one --line is one gateway")
    if port and port + count > 65536:
        raise TwinError(f"{count} ports from {port} on end behind 65535; choose a lower --port")
    return StandAlone(
        {unit: load_profile(name) for unit, name in zip(numbers, profiles, strict=True)},
        Path(profiles[0]).stem,
        transport,
        host,
        port,
        count,
        None if line is None else DeviceConnection.model_validate(f"serial://{line}"),
        control_port,
    )


async def run_stand_alone(
    wanted: StandAlone, tell: Callable[[str], None], stop: asyncio.Event
) -> None:
    """Serve emulated devices until ``stop`` is set; ``tell`` gets the lines to print."""

    def ready(serving: Serving) -> None:
        for line in _described(wanted, serving):
            tell(line)

    try:
        await serve_stand_alone(wanted, SystemClock(), ready, stop)
    except PlantError as error:
        raise TwinError(str(error)) from error


def _described(wanted: StandAlone, serving: Serving) -> Iterator[str]:
    addresses = list(serving.addresses.items())
    for name, address in addresses if len(addresses) <= 3 else addresses[:1]:
        yield f"{address}  gateway {name}"
    if len(addresses) > 3:
        yield f"… {addresses[-1][1]}  gateway {addresses[-1][0]}, {len(addresses)} in all"
    for unit, profile in wanted.devices.items():
        yield f"  unit {unit}: {profile.title}, {len(profile.samples)} points"
    unit, profile = next(iter(wanted.devices.items()))
    if (command := _mbpoll(addresses[0][1], unit, profile)) is not None:
        yield "read it:"
        yield f"  {command}"
    yield f"change it, at the control port {serving.control.url}:"
    port = serving.control.port
    option = "" if port == EmulatedPlant().control_port else f" --control-port {port}"
    point = next(iter(profile.samples)).point
    for line in (
        "values",
        f"set {point}=VALUE",
        "fault latency seconds=2",
        f"fault stuck point={point}",
        "repair",
    ):
        yield f"  hptwin plant {line}{option}"


def _mbpoll(address: str, unit: int, profile: Profile) -> str | None:
    """Return the mbpoll command that reads a first point; None: mbpoll can read none."""
    connection = DeviceConnection.model_validate(address)
    for point in profile.samples:
        if connection.scheme == "rtu+tcp" or not _can_read(profile, point):
            continue
        kind = _TABLE[point.space] + _FORMAT.get(point.type, "")
        # The order of reading, which on some machines is not that of writing.
        order, _ = profile.read_order(point)
        big = " -B" if point.type in _FORMAT and order is Order.BIG else ""
        # "-0": our addresses are those on the wire, from zero; mbpoll counts from one by itself.
        what = f"-0 -1 -a {unit} -t {kind}{big} -r {point.address}"
        if connection.scheme == "serial":
            return f"mbpoll -m rtu -P none {what} {connection.path}"
        return f"mbpoll {what} -p {connection.port} {connection.host}"
    return None


def _can_read(profile: Profile, point: ProfilePoint) -> bool:
    _, byte_order = profile.read_order(point)
    # mbpoll does not swap the bytes of a word and is asked for the formats above only: a command
    # that prints nonsense is worse than none.
    return byte_order is Order.BIG and (point.size == 1 or point.type in _FORMAT)
