"""Emulated devices over real TCP, drivers on them, and a place to see what they emit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from heatpump_twin.config.catalogue import CATALOGUE, Point
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.clock import Clock, SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_plan import write_limits
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    EmulatedDevice,
    EmulatedGateway,
    RtuSession,
)
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.modbus.wire.pseudo_terminal import PseudoTerminal


@dataclass
class Tank:
    """A process that keeps what it is told; what nobody set is not there."""

    values: dict[str, float | None] = field(default_factory=dict)
    written: list[tuple[str, float]] = field(default_factory=list)

    def read(self, point: str) -> float | None:
        return self.values.get(point)

    def write(self, point: str, value: float) -> None:
        self.written.append((point, value))
        self.values[point] = value


@dataclass
class Seen:
    """Every frame of a driver, and the latest sample of every point by its id."""

    names: Mapping[int, str]
    frames: list[Frame] = field(default_factory=list)

    def __call__(self, frame: Frame) -> None:
        self.frames.append(frame)

    def latest(self, name: str) -> tuple[float, int, int]:
        """Return value, status and time."""
        index = next(i for i, n in self.names.items() if n == name)
        for frame in reversed(self.frames):
            for place in np.flatnonzero(frame.point == index)[::-1]:
                return (
                    float(frame.value[place]),
                    int(frame.status[place]),
                    int(frame.time[place]),
                )
        raise LookupError(name)

    def value(self, name: str) -> float:
        with contextlib.suppress(LookupError):
            return self.latest(name)[0]
        return float("nan")

    def statuses(self) -> set[int]:
        """Return the latest status of all points; empty until every point was seen."""
        try:
            return {self.latest(name)[1] for name in self.names.values()}
        except LookupError:
            return set()


@pytest.fixture
def tank() -> Tank:
    return Tank()


Served = Mapping[int, tuple[Profile | str, Tank]]
GatewayFactory = Callable[..., Awaitable[EmulatedGateway]]


@pytest.fixture
async def serve() -> AsyncIterator[GatewayFactory]:
    """Return a coroutine function that serves emulated devices until the test ends."""
    running: list[EmulatedGateway] = []

    async def start(devices: Served, port: int = 0, **transport: Any) -> EmulatedGateway:
        gateway = EmulatedGateway("127.0.0.1", port, _built(devices), **transport)
        await gateway.start()
        running.append(gateway)
        return gateway

    yield start
    for gateway in running:
        await gateway.stop()


@pytest.fixture
async def line() -> AsyncIterator[Callable[[Served], tuple[str, EmulatedGateway]]]:
    """Return a function that puts devices on a serial line (a pty) and gives the line's path."""
    with contextlib.ExitStack() as lines:

        def start(devices: Served) -> tuple[str, EmulatedGateway]:
            gateway = EmulatedGateway("", 0, _built(devices), session=RtuSession())
            terminal = PseudoTerminal(gateway.connection())
            lines.callback(terminal.close)
            return terminal.path, gateway

        yield start


def _built(devices: Served) -> dict[int, EmulatedDevice]:
    return {
        unit: EmulatedDevice(
            load_profile(profile) if isinstance(profile, str) else profile, process
        )
        for unit, (profile, process) in devices.items()
    }


def points_of(profile: Profile) -> dict[str, Point]:
    """Return all points of a profile as points of one asset, numbered from 0."""
    specs = CATALOGUE["heat_pump"]
    return {
        p.point: Point(i, "hp1", p.point, specs[p.point], write_limits(p, specs[p.point]))
        for i, p in enumerate(profile.samples)
    }


Running = tuple[ModbusDriver, Seen]


@pytest.fixture
async def drive() -> AsyncIterator[Callable[..., Running]]:
    """Return a function that runs a driver until the test ends, and shows what it emits."""
    tasks: list[asyncio.Task[None]] = []

    def start(
        profile: Profile | str,
        target: EmulatedGateway | ModbusLink | int,
        *,
        unit: int = 1,
        period: float = 0.1,
        timeout: float | None = 0.1,
        clock: Clock | None = None,
        retry_refused: float = 60.0,
    ) -> Running:
        profile = load_profile(profile) if isinstance(profile, str) else profile
        port = target.port if isinstance(target, EmulatedGateway) else target
        driver = ModbusDriver(
            name=f"hp1.device{len(tasks)}",
            profile=profile,
            points=points_of(profile),
            link=target if isinstance(target, ModbusLink) else link_to(int(port)),
            unit=unit,
            clock=clock or SystemClock(),
            period=period,
            timeout=timeout,
            retry_refused=retry_refused,
        )
        seen = Seen(driver.points)
        tasks.append(asyncio.create_task(driver.run(seen)))
        return driver, seen

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def link_to(port: int) -> ModbusLink:
    return ModbusLink.to(DeviceConnection(scheme="tcp", host="127.0.0.1", port=port))


@pytest.fixture
def shared_link() -> Callable[[EmulatedGateway], ModbusLink]:
    """Return a function that makes one link for several drivers."""
    return lambda gateway: link_to(gateway.port)
