"""Run the twin process: open its parts, keep their loops running, stop them in order."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

import structlog

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import SiteFile
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.children import Child, Children, ChildState
from heatpump_twin.runtime.clock.clock_watch import ClockWatch
from heatpump_twin.runtime.clock.past_plan import PastPlan
from heatpump_twin.runtime.clock.site_clock import ClockKeeper
from heatpump_twin.runtime.ending import end_all
from heatpump_twin.runtime.greeting import greet
from heatpump_twin.runtime.login_probe import LoginProbe
from heatpump_twin.runtime.loop_lag import LoopLag
from heatpump_twin.runtime.metrics import TwinMetrics
from heatpump_twin.runtime.ops_server import OpsServer
from heatpump_twin.runtime.parts.acknowledge_page import acknowledge_page
from heatpump_twin.runtime.parts.field import Field
from heatpump_twin.runtime.parts.twin_health import TwinHealth
from heatpump_twin.runtime.parts.twin_parts import open_parts
from heatpump_twin.runtime.past import Past
from heatpump_twin.runtime.readiness import Readiness
from heatpump_twin.runtime.reload.reload import Reload
from heatpump_twin.runtime.reload.roster import Roster
from heatpump_twin.server.errors import ServerError
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.stopping import StopRequest
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.foresight.model_card import ModelError

log = structlog.stdlib.get_logger(__name__)

REST_LIMIT = 2.0
"""Longest wait for programs to give back what nobody watches after a stop. [s]"""
PLANT_TIMEOUT = 10.0
"""Longest wait for the embedded plant before its devices are polled. [s]"""


async def run_twin(
    site: Site,
    data: DataDirectory,
    file: SiteFile,
    users: UserStore,
    children: Children,
    clock: Clock,
    plan: PastPlan | None,
    stop: StopRequest,
    reload: asyncio.Event,
    *,
    first: bool,
) -> None:
    """Run the parts until ``stop`` is set. What a person can mend is raised as `TwinError`.

    Whenever ``reload`` is set, ``file``, which ``site`` is from, is read again. ``children`` are
    starting up, the plant by the same ``clock``. ``plan`` is a past to record; ``first`` tells
    whether the administrator was created just now.
    """
    try:
        async with (
            open_parts(site, data, users, children.arguments, clock) as parts,
            AsyncExitStack() as stack,
        ):
            roster, lag = Roster(parts), LoopLag()
            _watch("hmi", children.hmi, parts.health)
            _watch("plant", children.plant, parts.health)
            watch = ClockWatch(clock)
            watch.subscribe(parts.archive.historian.clock_was_set)
            parts.health.watch("clock_state", lambda: watch.state)
            login = LoginProbe(site.opcua, data)
            past = Past(plan, parts, children.arguments)
            readiness = Readiness(site, parts, children, watch, login, past)
            metrics = TwinMetrics(parts, children, lag, lambda: roster.points)
            page = acknowledge_page(parts.signer, parts.clients.server, clock)
            pages = None if page is None else page.add_to
            ops = OpsServer(site.ops, readiness.health, metrics.registry(), pages)
            stack.push_async_callback(ops.stop)
            await ops.start()
            _settle()
            # Frozen after all parts are open and before the first poll: what is there now is what
            # stays.
            greet(site, data, clock, first=first)
            plant = asyncio.Event()
            loops = [
                _await_plant(children, plant),
                *(child.run() for child in children),
                *parts.loops(),
                Reload(roster, file, data, parts.archive.audit, reload).run(),
                past.run(plant),
                watch.run(),
                ClockKeeper(clock, data).run(),
                login.run(),
                lag.run(),
            ]
            await _run(loops, parts.field, plant, stop, parts.steering.programs.rest)
    except (ServerError, EngineError, ModelError) as error:
        raise TwinError(str(error)) from error


async def _run(
    loops: Sequence[Coroutine[Any, Any, None]],
    field: Field,
    plant: asyncio.Event,
    stop: StopRequest,
    rest: Callable[[], Awaitable[None]],
) -> None:
    """Run all loops, and poll once ``plant`` is set, until ``stop`` is; then let programs ``rest``.

    A bug in one of them ends the run with its traceback.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop) for loop in loops]
            field.start(group.create_task, plant)
            # From here on a stop has something to lose, and takes the time that it needs.
            stop.started()
            await stop.wait()
            log.info("stopping")
            # Devices that do not answer hold nobody up: what is not given back now is at the start.
            with suppress(TimeoutError):
                await asyncio.wait_for(rest(), REST_LIMIT)
            # The polls were spawned in the same group, and new ones while the twin ran.
            await end_all([*tasks, *field.polls])
            # None comes any more; one may have, before the loop had ended that adds them.
            await end_all(field.polls)
    # One reason is enough for a person; any other exception passes with its traceback.
    except* TwinError as errors:
        raise errors.exceptions[0] from None


def _watch(name: str, child: Child | None, health: TwinHealth) -> None:
    health.watch(f"{name}_state", lambda: child.state if child else ChildState.NOT_USED)
    health.watch(f"{name}_restarts", lambda: child.restarts if child else 0)


async def _await_plant(children: Children, serves: asyncio.Event) -> None:
    """Wait until the plant that we start ourselves serves, `PLANT_TIMEOUT` at most."""
    if children.plant is not None:
        # A plant that is late is polled all the same: its devices are then shown as away, which
        # is what they are.
        with suppress(TimeoutError):
            async with asyncio.timeout(PLANT_TIMEOUT):
                await children.plant.running.wait()
    serves.set()


def _settle() -> None:
    """Freeze all objects built at the start, so that the garbage collector skips them.

    To look at all of it takes 0.6 s on a site of 250 heat pumps, in which nothing else is done.
    """
    gc.collect()
    gc.freeze()
