"""Record the past of an emulated site in the background, from a process that simulates it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import structlog

from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.errors import TwinError
from heatpump_twin.parent import child_environment
from heatpump_twin.runtime.children import end
from heatpump_twin.runtime.clock.clock_watch import iso
from heatpump_twin.runtime.clock.past_plan import PastPlan
from heatpump_twin.runtime.clock.past_stream import HEAD
from heatpump_twin.runtime.ops_server import PartHealth
from heatpump_twin.runtime.parts.twin_parts import TwinParts
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind
from heatpump_twin.twin_engine.historian.columns.column_codec import decode_frame

log = structlog.stdlib.get_logger(__name__)

_ROOM = 150_000
"""So many samples may wait for the historian, which is there for what comes now as well."""
_LOOK = 0.2
"""[s]"""
_TELL = 0.2
"""The log is told after each such share of the whole. [-]"""
_LINE = 1 << 20
"""Longest line of keys. [B]"""


class Past:
    """Recording of the past of an emulated site: what is simulated goes to the historian.

    ``arguments`` tell a process of ours of the site. Without a ``plan`` there is nothing to do.
    """

    def __init__(self, plan: PastPlan | None, parts: TwinParts, arguments: Sequence[str]) -> None:
        self._plan = plan
        self._parts = parts
        self._arguments = arguments
        self._done = 0.0
        self._samples = 0

    @property
    def health(self) -> PartHealth | None:
        """What ``/readyz`` says of it; None: the site has none."""
        data = self._parts.foundation.data
        plan = self._plan or PastPlan.read(data)
        if plan is None:
            return None
        said = f"emulated history from {iso(plan.begin)} to {iso(plan.end)}"
        if self._plan is None or self._done >= 1.0:
            return PartHealth(True, f"{said}: recorded", optional=True)
        return PartHealth(False, f"{said}: {self._done:.0%} recorded", optional=True)

    async def run(self, plant: asyncio.Event) -> None:
        """Record the past once ``plant`` is set, and take the day up from it; then return."""
        plan = self._plan
        if plan is None:
            return
        # What happens now goes first: the live plant has to live through the same before it serves.
        await plant.wait()
        log.info("recording the past of the emulated plant", since=iso(plan.begin))
        try:
            await self._record(plan)
        # What is shown is worth less than what happens now: the next start tries again.
        except (TwinError, asyncio.IncompleteReadError, ValueError) as error:
            log.error("the past of the emulated plant is not recorded", error=str(error))
            return
        await self._take_up()
        plan.done(self._parts.foundation.data)
        self._done = 1.0
        log.info("the past of the emulated plant is recorded", samples=self._samples)
        message = f"history of an emulated plant recorded, {iso(plan.begin)} to {iso(plan.end)}"
        now = self._parts.foundation.clock.now()
        entry = AuditEntry.of(AuditKind.RUN, now, (TWIN, "emulated plant"), "past", GOOD, message)
        await self._parts.archive.audit.note(entry)

    async def _record(self, plan: PastPlan) -> None:
        historian, told = self._parts.archive.historian, 0.0
        async with self._simulation(plan) as stream:
            points = self._points(await stream.readuntil())
            while self._done < 1.0:
                reached, length = HEAD.unpack(await stream.readexactly(HEAD.size))
                data = await stream.readexactly(length)
                frame = await asyncio.to_thread(decode_frame, data)
                known = points[frame.point] >= 0
                taken = Frame(
                    points[frame.point][known],
                    frame.value[known],
                    frame.status[known],
                    frame.time[known],
                )
                historian.take(taken)
                self._samples += len(taken)
                await self._wait(_ROOM)
                share = (reached - plan.begin) / (plan.end - plan.begin)
                if share >= told + _TELL and share < 1.0:
                    told = share
                    log.info("past of the emulated plant", recorded=f"{share:.0%}")
                if share >= 1.0:
                    break
                self._done = share
        # All of it in the database: only then it need not be done again.
        await self._wait(0)

    async def _wait(self, most: int) -> None:
        """Wait until of what was taken so far at most so much is not in the database yet."""
        historian = self._parts.archive.historian
        health = historian.health
        goal = health.rows_written + health.rows_dropped + health.queue_rows - most
        # The historian writes in a thread, which tells nobody.
        while (health := historian.health).rows_written + health.rows_dropped < goal:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)

    async def _take_up(self) -> None:
        """Have the day so far, and all that goes on from before, begin with what is known now."""
        foundation, figures = self._parts.foundation, self._parts.figures
        for pump in foundation.site.heat_pumps:
            await figures.take_up(pump)
        await figures.totals.follow(foundation.site)

    def _points(self, line: bytes) -> Points:
        """Return our index of each point of the simulation; -1: we have none."""
        by_key = self._parts.foundation.table.by_key
        keys = json.loads(line)
        return np.array([by_key[key].index if key in by_key else -1 for key in keys], np.int32)

    @asynccontextmanager
    async def _simulation(self, plan: PastPlan) -> AsyncIterator[asyncio.StreamReader]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "heatpump_twin", "plant", *self._arguments),
            *("--tell-past", str(plan.span)),
            stdin=asyncio.subprocess.PIPE,  # it ends with us: `end_with_parent`
            stdout=asyncio.subprocess.PIPE,
            env=child_environment(),
            start_new_session=True,
            limit=_LINE,
        )
        assert process.stdout is not None  # noqa: S101 (it was asked for)
        try:
            yield process.stdout
        finally:
            await end(process, "past")
