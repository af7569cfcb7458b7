"""Open the OPC UA server part of a twin, and add and remove heat pumps in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.hmi.identity import HmiIdentity
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.runtime.clock.past_plan import PastPlan
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.correction import HistoryEditor
from heatpump_twin.twin_engine.foresight.model_shelf import ModelShelf
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.programs.programs import Programs


@dataclass(frozen=True, slots=True)
class Clients(HeatPumpPart):
    """OPC UA server with the nodes of all heat pumps and of the alarms that they can have."""

    server: TwinServer
    rules: RuleEngine

    async def add(self, newcomer: Newcomer) -> None:
        """Add the nodes of a heat pump."""
        alarms = self.rules.alarms_of(newcomer.heat_pump)
        await self.server.add(newcomer.heat_pump, alarms, newcomer.assembly.provenance)

    async def remove(self, asset: str) -> None:
        """Remove the nodes of a heat pump."""
        await self.server.remove(asset)


def build_server(
    foundation: Foundation,
    users: UserStore,
    programs: Programs,
    rules: RuleEngine,
    history: HistoryReader,
    audit: AuditLog,
    conditions: ConditionStore,
    events: EventLog,
    editor: HistoryEditor | None = None,
    trajectories: TrajectoryLog | None = None,
) -> TwinServer:
    """Return the OPC UA server of a site. It does not listen yet."""
    past = PastPlan.read(foundation.data)
    return TwinServer(
        site=foundation.site,
        data=foundation.data,
        table=foundation.table,
        image=foundation.image,
        alarms=rules.definitions(),
        # People's writes pass the programs, which give way to them; `Commands` itself is not
        # handed out.
        commands=programs.commands,
        programs=programs,
        history=history,
        editor=editor,
        users=users,
        provenance=foundation.assembly.provenance,
        clock=foundation.clock,
        wall=SystemClock(),
        archive_start=None if past is None else past.begin,
        simulated_until=None if past is None else past.end,
        audit=audit,
        conditions=conditions,
        events=events,
        trajectories=trajectories,
        hmi_certificate=_hmi_certificate(foundation),
    )


def _hmi_certificate(foundation: Foundation) -> bytes | None:
    """Return the HMI's certificate (DER); it is there before the server is, where a HMI is."""
    if not foundation.site.hmi.enabled:
        return None
    return HmiIdentity.open(foundation.data).certificate.read_bytes()


@asynccontextmanager
async def open_clients(
    foundation: Foundation,
    users: UserStore,
    programs: Programs,
    rules: RuleEngine,
    history: Historian,
    models: ModelShelf,
    audit: AuditLog,
    conditions: ConditionStore,
    events: EventLog,
    trajectories: TrajectoryLog,
) -> AsyncIterator[Clients]:
    """Start the OPC UA server. Clients are told of models that replace others."""
    server = build_server(
        foundation, users, programs, rules, history.stored, audit, conditions, events, history,
        trajectories,
    )  # fmt: skip

    async def adopted(asset: str, model: HeatUpModel) -> None:
        await server.adopt(asset, model.card.provenance)

    models.subscribe(adopted)
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        yield Clients(server, rules)
