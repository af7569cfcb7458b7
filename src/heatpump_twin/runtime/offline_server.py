"""The address space of a site without a server around it, for lists and exports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from asyncua import Server
from asyncua.server.address_space import AddressSpace

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.runtime.parts.alarm_watch import build_rules
from heatpump_twin.runtime.parts.clients import build_server
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.steering import build_steering
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.server.space.node_builder import Namespaces
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.foresight.model_shelf import ModelShelf
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory


@dataclass(frozen=True, slots=True)
class OfflineServer:
    """What a running server would show of a site, before any device was read."""

    server: Server
    aspace: AddressSpace
    namespaces: Namespaces
    table: PointTable


@asynccontextmanager
async def offline_server(site: Site, data: DataDirectory) -> AsyncIterator[OfflineServer]:
    """Build the address space of a site. No device, database or port is opened."""
    foundation = Foundation.lay(site, data, SystemClock())
    audit, history = AuditLog(foundation.database), StoredHistory(foundation.database)
    commands = Commands(foundation.table, foundation.image, [], audit, foundation.clock)
    models = ModelShelf(foundation.assembly.models)
    programs = build_steering(foundation, audit, commands, models, arguments=[]).programs
    rules = build_rules(foundation)
    server = build_server(foundation, UserStore(data.users), programs, rules, history)
    async with server.offline() as shown:
        yield OfflineServer(shown.server, shown.aspace, shown.namespaces, foundation.table)
