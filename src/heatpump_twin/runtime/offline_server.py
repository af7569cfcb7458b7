"""The address space of a site without a server around it, for lists and exports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from asyncua import Server

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_pack
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.runtime.retraining import Retraining
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.security.authentication import Authenticator
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.server.site.site_address_space import Sources, build_address_space
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.node_builder import Namespaces
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.types.type_import import load_type_nodes
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.historian.database import database_url
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.programs import Programs


@dataclass(frozen=True, slots=True)
class OfflineServer:
    """What a running server would show of a site, before any device was read."""

    server: Server
    aspace: TwinAddressSpace
    namespaces: Namespaces
    table: PointTable


@asynccontextmanager
async def offline_server(site: Site, data: DataDirectory) -> AsyncIterator[OfflineServer]:
    """Build the address space of a site. No device, database or port is opened."""
    clock = SystemClock()
    assembly = assemble(site, data)
    table = assembly.table
    image = Image(table, clock.now())
    rules = RuleEngine([load_pack(name) for name in site.rules.packs], site, table)
    url = database_url(site.historian, data)
    audit = AuditLog(url)
    programs = Programs(
        image=image,
        commands=Commands(table, image, [], audit, clock),
        audit=audit,
        store=ProgramStore(url),
        models=assembly.models,
        zone=ZoneInfo(site.site.timezone),
        clock=clock,
    )
    programs.trainer = Retraining(table, data, [], programs.journal, _never, clock)
    authenticator = Authenticator(UserStore(data.users), lambda: 0.0)
    types = await load_type_nodes(data.type_nodes)
    iserver = TwinInternalServer(site.opcua, authenticator, lambda _certificate: None, types)
    server = Server(iserver=iserver)
    await server.init()
    now = to_datetime(clock.now())
    space = await build_address_space(
        server,
        iserver,
        Sources(
            site=site,
            table=table,
            image=image,
            alarms=rules.definitions(),
            commands=programs.commands,
            programs=programs,
            provenance=assembly.provenance,
            starts=dict.fromkeys(table.by_asset, now),
            clock=clock,
        ),
    )
    try:
        yield OfflineServer(server, iserver.aspace, space.namespaces, table)
    finally:
        authenticator.close()


async def _never(_asset: str, _model: HeatUpModel) -> bool:
    """Nothing is trained here."""
    return False
