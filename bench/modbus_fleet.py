"""Emulated devices in a process of their own, and who polls them: our drivers, or pymodbus."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from bench.peer_pymodbus import Block
from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.modbus.driver.device_plan import (
    build_drivers,
    mapped_points,
    plan_devices,
)
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space, ValueType

_PLATE = {
    "manufacturer": "none",
    "model": "emulated",
    "nominal_flow": 14.3,
    "max_power": 2590,
    "heating": [{"outdoor": 7, "water": 35, "capacity": 5000, "power": 1080}],
}
_PYMODBUS_READS = {
    Space.COIL: "coils",
    Space.DISCRETE: "discrete_inputs",
    Space.HOLDING: "holding_registers",
    Space.INPUT: "input_registers",
}


@dataclass
class Fleet:
    """Emulated devices, each on a port of its own."""

    process: psutil.Process
    ports: list[int]
    scans: list[list[float]] = field(default_factory=list)
    """When each device saw a scan begin [s, CLOCK_MONOTONIC]; known when the fleet has ended."""


@contextmanager
def serving(profiles: Sequence[str], *, changing: bool = False) -> Iterator[Fleet]:
    """Serve one device for each profile, whose values change each second, or stay."""
    kind = "changing" if changing else "steady"
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.modbus_devices", kind, *profiles],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        fleet = Fleet(psutil.Process(process.pid), json.loads(process.stdout.readline()))
        yield fleet
        process.stdin.close()
        fleet.scans = json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def drivers_of(profiles: Sequence[str], ports: Sequence[int], period: float) -> list[ModbusDriver]:
    """Return the drivers of a site that has one heat pump at every port."""
    plans = plan_devices(Site.model_validate(site_of(profiles, ports, period)))
    return build_drivers(plans, PointTable.build(mapped_points(plans)), SystemClock())


def site_of(profiles: Sequence[str], ports: Sequence[int], period: float) -> dict[str, object]:
    """Return what the file of a site says that has one heat pump at every port."""
    heat_pumps = [
        {
            "id": f"hp{i}",
            "name": f"HP {i}",
            "plate": _PLATE,
            "devices": [
                {
                    "id": "device",
                    "profile": profile,
                    "connection": f"tcp://127.0.0.1:{port}",
                    "poll": period,
                }
            ],
        }
        for i, (profile, port) in enumerate(zip(profiles, ports, strict=True))
    ]
    where = {"name": "bench", "latitude": 0, "longitude": 0, "timezone": "UTC"}
    return {"site": where, "heat_pumps": heat_pumps}


def for_pymodbus(profile: Profile, blocks: Iterable[ReadBlock]) -> list[Block]:
    """Say in pymodbus' words what to read, and what to convert the registers to."""
    return [
        (
            _PYMODBUS_READS[block.space],
            block.address,
            block.count,
            [
                (
                    point.address - block.address,
                    point.end - block.address,
                    "UINT16" if point.type is ValueType.BOOL else point.type.upper(),
                    str(profile.read_order(point)[0]),
                )
                for point in block.points
            ],
        )
        for block in blocks
    ]
