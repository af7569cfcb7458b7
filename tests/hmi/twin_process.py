"""A twin in a process of its own that does what a test says, one line of JSON at a time.

Everything is the real thing (server, historian, commands, audit) except the field: the devices are
held in memory by `Bench`, so that a test decides what they report.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.catalogue import CATALOGUE, PointRole, PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import FrameSink, WriteOutcome, WriteState
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD, UNCERTAIN
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.server.security.pki import Pki
from heatpump_twin.server.security.users import UserRole, UserStore
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.happening import SettingChange
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.provenance import Provenance
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpOutcome, HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity
from heatpump_twin.twin_engine.trajectory import Trajectory

OPERATOR, VIEWER, ENGINEER = "olga", "victor", "erika"
PASSWORD = "correct horse battery"
MINUTE = 60_000_000
QUARTER = 15 * MINUTE
SIMULATED = 20
"""History is simulated up to so many minutes ago."""

START = {
    "supply_temperature": 41.0, "return_temperature": 36.0, "supply_setpoint": 45.0,
    "room_setpoint": 21.0, "dhw_setpoint": 50.0, "outdoor_temperature": 6.5, "cop": 3.6,
    "room_temperature": 20.4, "dhw_temperature": 49.0, "electrical_power": 1320.0,
    "thermal_power": 4700.0, "water_flow": 14.2, "operating_mode": 2.0, "unit_enabled": 1.0,
    "operating_state": 2.0, "compressor_on": 1.0, "heat_up_time": 38.0,
    "heat_up_time_lower": 29.0, "heat_up_time_upper": 54.0, "dhw_enabled": 1.0,
}  # fmt: skip


ORIGIN = Provenance(
    model="heat-up", version="3", sha256="00" * 32, training_source="a test",
    training_start="2026-01-01T00:00:00+00:00", training_end="2026-02-01T00:00:00+00:00",
    horizon=14_400.0,
)  # fmt: skip


def with_prediction(table: PointTable) -> PointTable:
    """Add the predicted points, whether or not a model is installed here."""
    entries = [(point.asset, point.id, point.spec, point.limits) for point in table]
    asset = table[0].asset
    entries += [
        (asset, identifier, spec, None)
        for identifier, spec in CATALOGUE["heat_pump"].items()
        # Money needs a tariff, which the site has not.
        if spec.role is PointRole.PREDICTED
        and not spec.currency
        and identifier not in table.by_asset[asset]
    ]
    return PointTable.build(entries)


def heat_ups(asset: str, now: int) -> list[HeatUpRecord]:
    """Return what smart start has done in the last three mornings: in time, late, not at all."""
    outcomes = (HeatUpOutcome.NOT_REACHED, HeatUpOutcome.LATE, HeatUpOutcome.ON_TIME)
    return [
        HeatUpRecord(
            asset=asset, quantity=ReadyQuantity.ROOM, begin=end - 95 * MINUTE, ended=end,
            initial=18.0, target=21.0, outdoor=4.0, told=None, expected=5400.0,
            ready_at=end + 12 * MINUTE * (1 if outcome is HeatUpOutcome.ON_TIME else -1),
            probability=0.9, outcome=outcome, held_energy=240.0,
            reason="as the median of the last five", user=OPERATOR,
        )
        for days, outcome in zip((3, 2, 1), outcomes, strict=True)
        for end in (now - days * 24 * 60 * MINUTE,)
    ]  # fmt: skip


class Bench:
    """Devices in memory: what is written to them, they report."""

    name = "bench"
    connected = True

    def __init__(self, points: Mapping[int, str], image: Image, clock: SystemClock) -> None:
        self.points = points
        self._image, self._clock = image, clock

    async def run(self, sink: FrameSink) -> None:
        await asyncio.Event().wait()

    async def write(self, point: int, value: float) -> WriteOutcome:
        self._image.ingest(Frame.of([point], value, GOOD, self._clock.now()))
        return WriteOutcome(WriteState.CONFIRMED, GOOD, value, "")


async def main(data_root: Path, site_name: str, overrides: list[str]) -> None:
    site, data = load_site(site_name, overrides), DataDirectory.open(data_root)
    clock = SystemClock()
    assembly = assemble(site, data)
    table = with_prediction(assembly.table)
    image = Image(table, clock.now())
    url = database_url(site.historian, data)
    historian, audit = Historian(table, url, site.historian, clock), AuditLog(url)
    await historian.start()
    await audit.start()
    conditions, events = ConditionStore(url), EventLog(url)
    trajectories = TrajectoryLog(table, url)
    await conditions.load()
    users = UserStore(data.users)
    if not users.list():
        users.add(OPERATOR, UserRole.OPERATOR, PASSWORD)
        users.add(VIEWER, UserRole.VIEWER, PASSWORD)
        users.add(ENGINEER, UserRole.ENGINEER, PASSWORD)
    Pki(data.pki, clock).trust(data.hmi / "client.der")
    asset = site.heat_pumps[0].id
    alarms = {
        rule: AlarmDefinition(asset, rule, title, severity, cause, action, (point,))
        for rule, title, severity, cause, action, point in (
            ("low_water_flow", "Water flow is low", 700, "Clogged strainer or air",
             "Clean the strainer, vent, check the pump", "water_flow"),
            ("water_pressure_low", "Water pressure is low", 500, "Leak",
             "Refill and find the leak", "water_pressure"),
        )
    }  # fmt: skip
    store = ProgramStore(url)
    bench = Bench({point.index: point.id for point in table}, image, clock)
    programs = Programs(
        image=image,
        commands=Commands(table, image, [bench], audit, clock),
        journal=Journal(audit, clock),
        store=store,
        models=assembly.models,
        zone=ZoneInfo(site.site.timezone),
        clock=clock,
    )
    await store.remember(*heat_ups(asset, clock.now()))
    await programs.start()
    looking = [asyncio.create_task(programs.run()), asyncio.create_task(events.run())]
    server = TwinServer(
        site=site,
        data=data,
        table=table,
        image=image,
        alarms=list(alarms.values()),
        commands=programs.commands,
        programs=programs,
        history=historian,
        users=users,
        provenance={point.key: ORIGIN for point in table if point.spec.role is PointRole.PREDICTED},
        clock=clock,
        simulated_until=clock.now() - SIMULATED * MINUTE,
        audit=audit,
        conditions=conditions,
        events=events,
        trajectories=trajectories,
    )
    image.subscribe(historian.append)
    image.subscribe(server.publish)
    await server.start()
    known = [point for point in table if point.id in START]
    image.ingest(
        Frame.of([p.index for p in known], [START[p.id] for p in known], GOOD, clock.now())
    )

    def ingest(values: dict[str, float], status: int) -> None:
        index = [table.by_key[key].index for key in values]
        image.ingest(Frame.of(index, list(values.values()), status, clock.now()))

    def record(key: str, minutes: int, gap: list[int]) -> None:
        """Fill the past: a wave, one sample a minute, and a gap between two ages in minutes."""
        ages = np.arange(minutes, 0, -1)
        silent = (ages <= gap[0]) & (ages > gap[1])
        historian.append(
            Frame.of(
                np.full(len(ages), table.by_key[key].index),
                np.where(silent, np.nan, 40 + 5 * np.sin(ages / 9)),
                np.where(silent, BAD_NO_COMMUNICATION, GOOD),
                clock.now() - ages * MINUTE,
            )
        )

    async def forecast(key: str, low: float, middle: float, high: float) -> None:
        """Forecast the same for each quarter of an hour of the next two days."""
        quarters = np.arange(1, 193)
        await trajectories.announce([key])
        values = np.repeat([[low], [middle], [high]], len(quarters), axis=1)
        time = (clock.now() // QUARTER + quarters) * QUARTER
        shares = np.array([0.1, 0.5, 0.9])
        await trajectories.write(
            [Trajectory(key, clock.now(), time, shares, values, "a test", UNCERTAIN)]
        )

    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        match order.pop("do"):
            case "good":
                ingest(order["values"], GOOD)
            case "bad":
                ingest(dict.fromkeys(order["keys"], float("nan")), BAD_NO_COMMUNICATION)
            case "alarm":
                alarm = alarms[order["rule"]]
                message = f"{alarm.title}: 6.1 l/min"
                value = order.get("value")
                server.announce(
                    AlarmTransition(alarm, order["active"], clock.now(), message, value)
                )
            case "record":
                record(**order)
            case "forecast":
                await forecast(**order)
            case "setting":
                point = table.by_key[order["key"]]
                change = SettingChange(
                    point, clock.now(), order["old"], order["new"], "changed", order["user"]
                )
                server.report(change)
            case "audit":
                await asyncio.sleep(0)
        last = (await audit.tail(1)) if order.get("tail") else []
        print(json.dumps([[e.user, e.key, e.requested, e.read_back] for e in last]), flush=True)
    for task in looking:
        task.cancel()
    await server.stop()
    await programs.stop()
    await historian.stop()
    await audit.stop()
    await conditions.stop()
    await events.stop()
    trajectories.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
