"""The twin process: wires the rooms, starts them, keeps them running, stops them in order."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import structlog
from rich.console import Console

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import SiteFile
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock, SystemClock
from heatpump_twin.drivers.modbus.driver.device_plan import build_drivers
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.errors import TwinError
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_pack
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.runtime.children import Children
from heatpump_twin.runtime.first_run import ADMINISTRATOR
from heatpump_twin.runtime.loop_lag import LoopLag
from heatpump_twin.runtime.metrics import TwinMetrics
from heatpump_twin.runtime.ops_server import OpsServer, PartHealth
from heatpump_twin.runtime.reload import Reload
from heatpump_twin.runtime.retraining import Retraining
from heatpump_twin.runtime.roster import Roster
from heatpump_twin.server.errors import ServerError
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.errors import AuditError, EngineError
from heatpump_twin.twin_engine.foresight.model_card import ModelError
from heatpump_twin.twin_engine.foresight.prediction import Forecaster, HeatUpModel
from heatpump_twin.twin_engine.historian.database import database_url
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver

log = structlog.stdlib.get_logger(__name__)

RULE_PERIOD = 0.5
"""How often rules are looked at; the shortest delay that makes sense is a poll period. [s]"""
FORECAST_PERIOD = 2.0
HMI_PROBE_PERIOD = 0.25
PLANT_PROBE_PERIOD = 0.05
PLANT_TIMEOUT = 10.0
"""Longest wait for the embedded plant before its devices are polled. [s]"""


async def run_twin(
    site: Site,
    data: DataDirectory,
    file: SiteFile,
    users: UserStore,
    children: Children,
    stop: asyncio.Event,
    reload: asyncio.Event,
    *,
    first: bool,
) -> None:
    """Run until ``stop`` is set. What a person can mend is raised as `TwinError`.

    Whenever ``reload`` is set, ``file``, which ``site`` is from, is read again. ``children`` are
    starting up; ``first`` tells whether the administrator was created just now.
    """
    try:
        async with _started(site, data, users, children) as twin:
            _settle()
            _greet(site, data, first=first)
            await twin.run(stop, Reload(twin.roster, file, data, reload))
    except (ServerError, EngineError, ModelError) as error:
        raise TwinError(str(error)) from error


@asynccontextmanager
async def _started(
    site: Site, data: DataDirectory, users: UserStore, children: Children
) -> AsyncIterator[_Twin]:
    """Open everything, in the order of the flow; close it in reverse."""
    clock: Clock = SystemClock()
    assembly = assemble(site, data)
    table = assembly.table
    image = Image(table, clock.now())
    links: dict[str, ModbusLink] = {}
    drivers = build_drivers(assembly.plans, table, clock, links)
    rules = RuleEngine([load_pack(name) for name in site.rules.packs], site, table)
    async with AsyncExitStack() as stack:
        url = database_url(site.historian, data)
        audit = AuditLog(url)
        stack.push_async_callback(audit.stop)
        with suppress(AuditError):  # away: the historian reports it, and commands are refused
            await audit.start()
        historian = Historian(table, url, site.historian, clock)
        await historian.start()
        stack.push_async_callback(historian.stop)
        deriver = Deriver(image, site, historian, clock)
        await deriver.start()
        totals = SiteDeriver(image, site, historian, clock)
        await totals.start()
        models = dict(assembly.models)  # a model that is trained meanwhile takes its place here
        commands = Commands(table, image, drivers, audit, clock)
        programs = Programs(
            image=image,
            commands=commands,
            audit=audit,
            store=ProgramStore(url),
            models=models,
            zone=ZoneInfo(site.site.timezone),
            clock=clock,
        )
        retraining = Retraining(
            table,
            data,
            children.arguments,
            programs.journal,
            lambda asset, model: _adopt(models, server, asset, model),
            clock,
        )
        programs.trainer = retraining
        stack.push_async_callback(programs.stop)
        await programs.start()
        server = TwinServer(
            site=site,
            data=data,
            table=table,
            image=image,
            alarms=rules.definitions(),
            commands=programs.commands,
            programs=programs,
            history=historian,
            users=users,
            provenance=assembly.provenance,
            clock=clock,
        )
        await server.start()
        stack.push_async_callback(server.stop)
        for sink in (deriver.derive, totals.derive, historian.append, server.publish):
            image.subscribe(sink)
        roster = Roster(
            site=site,
            assembly=assembly,
            clock=clock,
            image=image,
            rules=rules,
            historian=historian,
            deriver=deriver,
            totals=totals,
            commands=commands,
            programs=programs,
            models=models,
            forecaster=Forecaster(table, image, models, clock),
            server=server,
            drivers=drivers,
            links=links,
        )
        twin = _Twin(site, roster, retraining, children)
        ops = OpsServer(site.ops, twin.readiness, twin.metrics().registry())
        stack.push_async_callback(ops.stop)
        await ops.start()
        yield twin


async def _adopt(
    models: dict[str, HeatUpModel], server: TwinServer, asset: str, model: HeatUpModel
) -> bool:
    """Put a model in place of the one that there is; without one there are no points for it."""
    if asset not in models:
        return False
    models[asset] = model
    await server.adopt(asset, model.card.provenance)
    return True


@dataclass
class _Twin:
    """Everything that runs, and how it is doing."""

    site: Site
    """As it was at the start: what of it is used here cannot change."""
    roster: Roster
    retraining: Retraining
    children: Children
    lag: LoopLag = field(default_factory=LoopLag)
    hmi_serves: bool = False

    async def run(self, stop: asyncio.Event, reload: Reload) -> None:
        """Run all loops until ``stop``; a bug in one of them ends the run with its traceback."""
        plant = asyncio.Event()
        jobs = [
            self._await_plant(plant),
            *(child.run() for child in self.children),
            self.roster.historian.run(),
            self.roster.server.wait(),
            self.roster.programs.run(),
            reload.run(),
            self.retraining.run(),
            self.lag.run(),
            self._watch_rules(),
            self._issue_forecasts(),
            self._watch_hmi(),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(job) for job in jobs]
                self.roster.start(group.create_task, plant)
                await stop.wait()
                log.info("stopping")
                for task in tasks:
                    task.cancel()
                self.roster.stop()
        except* TwinError as errors:
            raise errors.exceptions[0] from None

    def metrics(self) -> TwinMetrics:
        """Return what Prometheus may ask for."""
        roster = self.roster
        return TwinMetrics(
            roster.drivers,
            roster.image,
            roster.historian,
            roster.server,
            list(self.children),
            self.lag,
            roster.active_alarms,
            lambda: roster.points,
        )

    def readiness(self) -> Mapping[str, PartHealth]:
        """Tell of each part whether it works."""
        health = self.roster.historian.health
        parts = {
            "historian": PartHealth(
                health.connected, health.last_error if not health.connected else "recording"
            ),
            "opcua": PartHealth(True, self.site.opcua.url),
            **{
                driver.name: PartHealth(
                    driver.connected, "answers" if driver.connected else "does not answer"
                )
                for driver in self.roster.drivers
            },
        }
        if self.site.hmi.enabled:
            parts["hmi"] = PartHealth(self.hmi_serves, _hmi_url(self.site))
        return parts

    async def _await_plant(self, serves: asyncio.Event) -> None:
        """Give the plant that we start ourselves the time to do so: it is not dead."""
        settings = self.site.plant
        if self.children.plant is not None and settings is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(PLANT_TIMEOUT):
                    while not serves.is_set():
                        await asyncio.sleep(PLANT_PROBE_PERIOD)
                        if await _listens("127.0.0.1", settings.control_port):
                            serves.set()
        serves.set()

    async def _watch_rules(self) -> None:
        roster = self.roster
        while True:
            for transition in roster.rules.evaluate(roster.image, roster.clock.now()):
                roster.active_alarms[transition.alarm.asset] += 1 if transition.active else -1
                roster.server.announce(transition)
            await asyncio.sleep(RULE_PERIOD)

    async def _issue_forecasts(self) -> None:
        while True:
            self.roster.forecaster.issue()
            await asyncio.sleep(FORECAST_PERIOD)

    async def _watch_hmi(self) -> None:
        """See whether the HMI's port is open; often until it is, then rarely."""
        hmi = self.site.hmi
        while hmi.enabled:
            self.hmi_serves = await _listens(hmi.host, hmi.port)
            await asyncio.sleep(HMI_PROBE_PERIOD * (20 if self.hmi_serves else 1))


async def _listens(host: str, port: int) -> bool:
    """Tell whether somebody accepts connections on a port."""
    try:
        async with asyncio.timeout(2.0):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _hmi_url(site: Site) -> str:
    scheme = "https" if site.hmi.certificate else "http"
    return f"{scheme}://{site.hmi.host}:{site.hmi.port}"


def _settle() -> None:
    """Have the garbage collector leave alone what was built at the start: it is there to stay.

    To look at all of it takes 0.6 s on a site of 250 heat pumps, in which nothing else is done.
    """
    gc.collect()
    gc.freeze()


def _greet(site: Site, data: DataDirectory, *, first: bool) -> None:
    """Tell the person in front of the terminal where everything is."""
    out = Console(soft_wrap=True, highlight=False)
    out.print(f"heatpump-twin: {site.site.name}")
    if site.hmi.enabled:
        out.print(f"  HMI      {_hmi_url(site)}")
    out.print(f"  OPC UA   {site.opcua.url}")
    out.print(f"  health   http://{site.ops.host}:{site.ops.port}/readyz")
    out.print(f"  state    {data.root}")
    if first:
        out.print(f"  log in   as {ADMINISTRATOR}; the password is in {data.initial_password}")
        out.print("           change it: hptwin user passwd admin, then delete the file")
    else:
        out.print("  log in   with a user of `hptwin user list`")
    out.print("  Ctrl-C stops everything")
