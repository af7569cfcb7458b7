"""Find the heat pumps and the site object in the address space (OPC 10000-100, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asyncua import ua

from heatpump_twin.hmi.browsing.address_reader import AddressReader, ReferenceList, is_instance
from heatpump_twin.hmi.browsing.variable_reader import read_variables
from heatpump_twin.hmi.endpoint import standard_node
from heatpump_twin.hmi.heat_pump_model import SiteModel, Variable
from heatpump_twin.hmi.journal.event_history import TYPES

_DI = "http://opcfoundation.org/UA/DI/"


@dataclass(frozen=True, slots=True)
class SiteMark:
    """What differs when a heat pump may be another one than before."""

    started: datetime | None
    """When the server was started."""
    version: str | None
    """NodeVersion of the folder of heat pumps (OPC 10000-3, 9.32.2); None: it has none."""
    pumps: tuple[str, ...]
    """Their NodeIds."""


class SiteBrowser:
    """Browser of a site, with the rights of the session's person."""

    def __init__(self, reader: AddressReader) -> None:
        self._reader = reader

    async def pumps(self) -> ReferenceList:
        """Return every heat pump under ``DeviceSet``, in the server's order."""
        namespaces = await self._reader.namespaces()
        # A server without DI has no heat pumps for us; the pages then say so.
        if _DI not in namespaces:
            return []
        name = ua.QualifiedName("DeviceSet", namespaces.index(_DI))
        # Browsed and not addressed: NodeIds are the server's, and this client knows only standard
        # names.
        sets = await self._objects(name)
        if not sets:
            return []
        (devices,) = await self._reader.browse(sets[:1])
        return [ref for ref in devices if is_instance(ref)]

    async def site(self) -> tuple[SiteModel, ua.NodeId | None]:
        """Return the site object with what is in its parts, and its folder of heat pumps.

        An empty one, and no folder, where there is none.
        """
        namespaces = await self._reader.namespaces()
        if TYPES not in namespaces:
            return SiteModel(), None
        sites = await self._objects(ua.QualifiedName("Site", namespaces.index(TYPES)))
        if not sites:
            return SiteModel(), None
        (children,) = await self._reader.browse(sites[:1])
        by_name = {str(ref.BrowseName.Name): ref.NodeId for ref in children}
        parts = [
            ref
            for ref in children
            if is_instance(ref) and ref.BrowseName.Name not in ("HeatPumps", "Twin")
        ]
        return SiteModel(
            variables={variable.key: variable for variable in await self._members(parts)},
            devices=[by_name["Twin"]] if "Twin" in by_name else [],
        ), by_name.get("HeatPumps")

    async def mark(self, pumps: ReferenceList, folder: ua.NodeId | None) -> SiteMark:
        """Return what tells these heat pumps from those of another time."""
        (started,) = await self._reader.values(
            [standard_node(ua.ObjectIds.Server_ServerStatus_StartTime)]
        )
        own = {} if folder is None else (await self._reader.properties([folder]))[0]
        return SiteMark(
            started, own.get("NodeVersion"), tuple(str(pump.NodeId.Identifier) for pump in pumps)
        )

    async def _members(self, parts: ReferenceList) -> list[Variable]:
        browsed = await self._reader.browse([part.NodeId for part in parts])
        group_of = {
            ref.NodeId: str(part.BrowseName.Name)
            for part, members in zip(parts, browsed, strict=True)
            for ref in members
            if ref.NodeClass == ua.NodeClass.Variable
        }
        return await read_variables(self._reader, list(group_of), group_of)

    async def _objects(self, name: ua.QualifiedName) -> list[ua.NodeId]:
        (objects,) = await self._reader.browse([standard_node(ua.ObjectIds.ObjectsFolder)])
        return [ref.NodeId for ref in objects if ref.BrowseName == name]
