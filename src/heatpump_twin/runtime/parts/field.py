"""Open the field part of a twin: drivers that poll devices, and commands to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from heatpump_twin.drivers.modbus.driver.device_plan import build_drivers
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import Commands

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Field(HeatPumpPart):
    """Field part of a twin: one driver for each device, and the commands to them."""

    def __init__(self, foundation: Foundation, audit: AuditLog) -> None:
        self._foundation = foundation
        # Shared by name: devices behind one gateway take turns on one connection, also those that
        # come later.
        self._links: dict[str, ModbusLink] = {}
        plans, table, clock = foundation.assembly.plans, foundation.table, foundation.clock
        self.drivers: list[ModbusDriver] = build_drivers(plans, table, clock, self._links)
        self.commands = Commands(table, foundation.image, self.drivers, audit, clock)
        for driver in self.drivers:
            driver.carry_out_start_up(self.commands.set_up)
        self._polling: dict[str, asyncio.Task[None]] = {}
        self._spawn: Spawn | None = None
        self._ready = asyncio.Event()

    def start(self, spawn: Spawn, ready: asyncio.Event) -> None:
        """Poll every device once ``ready`` is set, also those added later."""
        self._spawn, self._ready = spawn, ready
        for driver in self.drivers:
            self._poll(driver)

    @property
    def polls(self) -> list[asyncio.Task[None]]:
        """The tasks that poll the devices."""
        return list(self._polling.values())

    async def add(self, newcomer: Newcomer) -> None:
        """Add the devices of a heat pump: poll them and accept commands to them."""
        table, clock = self._foundation.table, self._foundation.clock
        for driver in build_drivers(newcomer.plans, table, clock, self._links):
            self.drivers.append(driver)
            self.commands.add(driver)
            driver.carry_out_start_up(self.commands.set_up)
            self._poll(driver)

    async def remove(self, asset: str) -> None:
        """Remove the devices of a heat pump, once pending writes are done."""
        for driver in [d for d in self.drivers if d.name.partition(".")[0] == asset]:
            # Writes first, polls second: a setpoint with its read-back is not left half done.
            await self.commands.remove(driver)
            self.drivers.remove(driver)
            polling = self._polling.pop(driver.name, None)
            if polling is not None:
                polling.cancel()
                await asyncio.wait([polling])  # until it has left the link

    def _poll(self, driver: ModbusDriver) -> None:
        async def poll() -> None:
            await self._ready.wait()
            await driver.run(self._foundation.image.ingest)

        if self._spawn is not None:
            self._polling[driver.name] = self._spawn(poll())
