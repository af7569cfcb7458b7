"""Build the OPC UA address space of a site without a running server, for lists and exports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.runtime.parts.alarm_watch import build_rules
from heatpump_twin.runtime.parts.clients import build_server
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.steering import build_steering
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.server.twin_server import OfflineSpace
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.foresight.model_shelf import ModelShelf
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory


@asynccontextmanager
async def offline_server(site: Site, data: DataDirectory) -> AsyncIterator[OfflineSpace]:
    """Build the address space of a site. No device, database or port is opened."""
    foundation = Foundation.lay(site, data, SystemClock())
    audit, history = AuditLog(foundation.database), StoredHistory(foundation.database)
    # No drivers: nothing can be written, while every node that could be is there with its access.
    commands = Commands(foundation.table, foundation.image, [], audit, foundation.clock)
    models = ModelShelf(foundation.assembly.models)
    programs = build_steering(
        foundation, audit, commands, models, [], lambda: foundation.site.heat_pumps
    ).programs
    rules = build_rules(foundation)
    server = build_server(
        foundation, UserStore(data.users), programs, rules, history, audit,
        ConditionStore(foundation.database), EventLog(foundation.database),
    )  # fmt: skip
    async with server.offline() as shown:
        yield shown
