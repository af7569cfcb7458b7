"""Run a twin: lock the data directory, start the child processes, then load and run the parts.

Loading the twin takes longer than anything else at the start, and so does loading each child. So
the children are started first, each as soon as what it needs is there.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import SiteFile
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock, ScaledClock, SystemClock
from heatpump_twin.drivers.modbus.driver.device_plan import plan_devices
from heatpump_twin.errors import TwinError
from heatpump_twin.loading import loading
from heatpump_twin.runtime.children import Child, Children, Probe
from heatpump_twin.runtime.clock.past_plan import PastPlan, plan_past
from heatpump_twin.runtime.clock.site_clock import site_clock
from heatpump_twin.runtime.first_run import create_administrator, exclusive, writable
from heatpump_twin.runtime.ports import require_free_ports
from heatpump_twin.runtime.run_record import recorded
from heatpump_twin.runtime.web_probe import local_url, page_is_served
from heatpump_twin.server.errors import ServerError
from heatpump_twin.server.security.site_identity import site_namespace
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.stopping import StopRequest

_STDIN = 0
"""A number and not ``sys.stdin``, which is None where it was closed."""


async def run(site: Site, data: DataDirectory, file: SiteFile, stop: StopRequest) -> None:
    """Run the twin until ``stop`` is set. What a person can mend is raised as `TwinError`.

    ``file`` is where ``site`` is from; it is read again on SIGHUP.
    """
    # Before anything slow: SIGHUP without a handler ends a process.
    reload = _hung_up(stop)
    async with stop.ends_start():
        with writable(data):
            await _run(site, data, file, stop, reload)


async def _run(
    site: Site, data: DataDirectory, file: SiteFile, stop: StopRequest, reload: asyncio.Event
) -> None:
    with exclusive(data), _told_in_words():
        users = UserStore(data.users)
        # Before this run is on record: what is on record had users, and a namespace.
        first = create_administrator(data, users)
        site_namespace(site.opcua.site_namespace, data)
        clock = await site_clock(site, data)
        past = plan_past(site, data, clock.now())
        # The lock first, then the ports: a second twin on one directory is told of the
        # directory, and not of a port that its own site file is not to blame for.
        require_free_ports(site)
        plan_devices(site)  # so that a mistake is reported here, and not by a child as well
        # Only now: a start that came to nothing is no run, and has begun no past.
        with recorded(data, file.arguments, SystemClock()):
            if past is not None:
                past.write(data)
            async with _started(site, data, file.arguments, clock, past) as children:
                # Imported only now: the children load at the same time.
                with loading():
                    from heatpump_twin.runtime.twin_process import run_twin

                await run_twin(
                    site, data, file, users, children, clock, past, stop, reload, first=first
                )


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        raise TwinError(str(error)) from error


def _hung_up(stop: StopRequest) -> asyncio.Event:
    """Return an event that SIGHUP sets. When our terminal is closed it means ``stop`` instead."""
    reload = asyncio.Event()
    in_terminal = os.isatty(_STDIN)

    def hang_up() -> None:
        # Both meanings of SIGHUP: with the terminal gone standard input is none any more.
        closed = in_terminal and not os.isatty(_STDIN)
        (stop if closed else reload).set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hang_up)
    return reload


@asynccontextmanager
async def _started(
    site: Site, data: DataDirectory, arguments: Sequence[str], clock: Clock, past: PastPlan | None
) -> AsyncIterator[Children]:
    """Start the child processes, with the same site and settings."""
    plant = hmi = None
    async with AsyncExitStack() as stack:
        if site.plant is not None and site.plant.managed and site.emulated_gateways():
            control = local_url("http", "127.0.0.1", site.plant.control_port, "/faults")
            told = _told(data, clock, past)
            plant = Child("plant", ["plant", *arguments, *told], _served(control))
            stack.push_async_callback(plant.stop)
            await plant.start()
        if site.hmi.enabled:
            _trust_hmi(data)
            scheme = "https" if site.hmi.certificate else "http"
            page = local_url(scheme, site.hmi.host, site.hmi.port, "/login")
            hmi = Child("hmi", ["hmi", *arguments, "--data", str(data.root)], _served(page))
            stack.push_async_callback(hmi.stop)
            await hmi.start()
        children = Children(plant, hmi, arguments)
        # Together, where one of them takes its time; on an early way out one by one, as above.
        stack.push_async_callback(children.stop)
        yield children


def _told(data: DataDirectory, clock: Clock, past: PastPlan | None) -> list[str]:
    """Return the arguments that tell the plant of its clock, its past and its memory."""
    told = ["--clock", str(clock)] if isinstance(clock, ScaledClock) else []
    if past is not None:
        told += ["--past", str(past.span)]
    # What history has of it goes on from there, and from nowhere else.
    return [*told, "--memory", str(data.plant_memory)] if data.past.exists() else told


def _served(url: str) -> Probe:
    return partial(page_is_served, url)


def _trust_hmi(data: DataDirectory) -> None:
    """Trust the HMI's client certificate before the HMI connects."""
    from heatpump_twin.hmi.identity import HmiIdentity
    from heatpump_twin.server.security.pki import Pki

    # Here and not in the HMI, which starts at the same time as the server (ADR 5).
    Pki(data.pki, SystemClock()).trust(HmiIdentity.open(data).certificate)
