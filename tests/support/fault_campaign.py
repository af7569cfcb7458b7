"""A campaign of faults of processes: each at a random moment, on a twin that records and is read.

What a client was given by HistoryRead before a fault is asked for again after it.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from asyncua import Client
from patience import PATIENCE, until
from whole_twin import Twin

POINTS = (
    "ElectricalPower",
    "SupplyTemperature",
    "ReturnTemperature",
    "WaterFlow",
    "RoomTemperature",
)
LONGEST_WAIT = 4.0
"""Before a fault. [s]"""

Sample = tuple[str, datetime, float]
Connect = Callable[..., Any]
Find = Callable[..., Any]
Eventually = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault."""

    name: str
    victim: str
    """``twin``, or the child of that name."""
    number: signal.Signals
    sign: str
    """What the log says."""
    alarm: str | None = None
    """Alarm of the twin that tells of it while it lasts."""


FAULTS = (
    Fault("kill -9 of the twin", "twin", signal.SIGKILL, "the last run was not stopped"),
    Fault("kill -9 of the HMI", "hmi", signal.SIGKILL, "ended by itself", "hmi_down"),
    Fault("kill -9 of the plant", "plant", signal.SIGKILL, "ended by itself", "plant_down"),
    Fault("SIGSTOP of the HMI", "hmi", signal.SIGSTOP, "does not answer", "hmi_down"),
    Fault("SIGSTOP of the plant", "plant", signal.SIGSTOP, "does not answer", "plant_down"),
)
KILLS = FAULTS[:3]


@dataclass(slots=True)
class Outcome:
    """What was seen of all faults of a kind."""

    count: int = 0
    recorded: int = 0
    """Samples that a client had been given before."""
    missing: int = 0
    told: list[float] = field(default_factory=list)
    """From the fault until `/readyz` told of it. [s]"""
    recovered: list[float] = field(default_factory=list)
    """From the fault until all was ready again. [s]"""


class Campaign:
    """Faults on a twin that is running."""

    def __init__(
        self, twin: Twin, connect: Connect, find: Find, eventually: Eventually, seed: int
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._twin = twin
        self._connect = connect
        self._find = find
        self._eventually = eventually
        self._random = random.Random(seed)
        self._began = datetime.now(UTC) - timedelta(minutes=1)

    async def suffer(self, fault: Fault) -> None:
        """Bring a fault about, see it told of and over, and compare what is recorded."""
        outcome = self.outcomes.setdefault(fault.name, Outcome())
        await asyncio.sleep(self._random.uniform(0.0, LONGEST_WAIT))
        before = await self._recorded()
        log = len(self._twin.output) if fault.victim != "twin" else 0
        begin = time.monotonic()
        await asyncio.to_thread(self._bring_about, fault)
        outcome.told.append(time.monotonic() - begin)
        if fault.alarm is not None:
            await self._alarm(fault.alarm)
        await asyncio.to_thread(self._await_ready)
        outcome.recovered.append(time.monotonic() - begin)
        assert fault.sign in self._twin.output[log:], self._twin.output[log:]
        assert "Traceback" not in self._twin.output[log:]
        after = await self._recorded()
        outcome.count += 1
        outcome.recorded += len(before)
        outcome.missing += len(before - after)

    def _bring_about(self, fault: Fault) -> None:
        twin = self._twin
        assert twin.process is not None
        if fault.victim == "twin":
            family = psutil.Process(twin.process.pid).children(recursive=True)
            twin.stop(fault.number)
            _, alive = psutil.wait_procs(family, timeout=PATIENCE)
            assert alive == []
            twin.spawn()
        else:
            twin.children()[fault.victim].send_signal(fault.number)
            until(lambda: not self._component(fault.victim).get("ready", False))

    def _component(self, name: str) -> dict[str, Any]:
        components = self._twin.ready()[1].get("components", {})
        assert isinstance(components, dict)
        return dict(components.get(name, {}))

    def _await_ready(self) -> None:
        twin = self._twin
        until(lambda: twin.ready()[0] == 200, otherwise=lambda: f"{twin.ready()}\n{twin.output}")

    async def _alarm(self, name: str) -> None:
        async with self._connect(self._twin) as client:
            own = await self._find(client, "Site", "Twin")
            condition = await own.get_child(f"{own.nodeid.NamespaceIndex}:{name}")
            active = await condition.get_child(["0:ActiveState", "0:Id"])

            async def is_active() -> bool:
                return bool(await active.read_value())

            await self._eventually(is_active)

    async def _recorded(self) -> set[Sample]:
        async with self._connect(self._twin) as client:
            return {sample for point in POINTS for sample in await self._history(client, point)}

    async def _history(self, client: Client, point: str) -> list[Sample]:
        node = await self._find(client, "DeviceSet", "hp1", "ParameterSet", point)
        values = await node.read_raw_history(self._began, datetime.now(UTC))
        return [
            (point, value.SourceTimestamp, float(value.Value.Value))
            for value in values
            if value.StatusCode.is_good()
        ]


def report(outcomes: dict[str, Outcome]) -> str:
    """Return the outcomes as rows of a table in Markdown."""
    lines = [
        "| fault | times | told after, s | all ready after, s | samples read before | missing |"
    ]
    lines += ["|---|---|---|---|---|---|"]
    for name, o in outcomes.items():
        told, over = (f"{min(x):.1f} to {max(x):.1f}" for x in (o.told, o.recovered))
        lines.append(f"| {name} | {o.count} | {told} | {over} | {o.recorded} | {o.missing} |")
    return "\n".join(lines)
