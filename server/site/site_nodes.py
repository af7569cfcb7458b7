"""The site object: its properties, its points, and the folder of its heat pumps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from asyncua import ua

from heatpump_twin.config.catalogue import SITE, Point, Section
from heatpump_twin.config.settings import SiteInfo
from heatpump_twin.server.heat_pump.point_nodes import LiveNode, PointNodes
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.space.declared_properties import fill_properties
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard

IDS = ua.ObjectIds
SAMPLING = 1.0
"""Sampling interval of the site's points, which are computed at this rate. [s]"""


class SiteNodes:
    """The builder of the site object under Objects."""

    def __init__(self, builder: NodeBuilder, model: TypeModel, points: PointNodes) -> None:
        self._builder = builder
        self._model = model
        self._points = points

    @property
    def node(self) -> ua.NodeId:
        """The site object."""
        return self._builder.node_id(SITE)

    @property
    def heat_pumps(self) -> ua.NodeId:
        """The folder that lists the heat pumps."""
        return self._builder.node_id(f"{SITE}.HeatPumps")

    def add(
        self,
        info: SiteInfo,
        points: Mapping[str, Point],
        *,
        emulated: bool,
        simulated_until: dt.datetime | None,
    ) -> dict[int, list[LiveNode]]:
        """Add the site object; return the variables that follow its points, by index."""
        builder, types = self._builder, self._builder.namespaces.types
        site = builder.object(
            SITE,
            ua.QualifiedName("Site", types),
            builder.type_id(self._model.site.name),
            NodePlace(standard(IDS.ObjectsFolder), IDS.Organizes),
            title=info.name,
            description=self._model.site.text,
        )
        values = {
            "Name": info.name,
            "Latitude": info.latitude,
            "Longitude": info.longitude,
            "TimeZone": info.timezone,
            "Emulated": emulated,
            "SimulatedUntil": simulated_until,
        }
        fill_properties(builder, site, self._model.site.properties, values)
        builder.object(
            f"{SITE}.HeatPumps",
            ua.QualifiedName("HeatPumps", types),
            standard(IDS.FolderType),
            NodePlace(site),
            description=self._model.site.heat_pumps,
        )
        return self.extend(points.values())

    async def tell_emulated(self, emulated: bool, now: dt.datetime) -> None:
        """Write whether any heat pump of the site has emulated devices."""
        node = self._builder.node_id(f"{SITE}.Emulated")
        await self._builder.change_value(node, emulated, now)

    def extend(self, points: Iterable[Point]) -> dict[int, list[LiveNode]]:
        """Add points to the site; return the variables that follow them, by index."""
        fresh = {point.id: point for point in points}
        added = {
            point.index: self._points.add(point, self._part(point), SAMPLING, None)
            for point in fresh.values()
        }
        # After all points: a relation may point forward.
        self._points.relate(fresh)
        return added

    def _part(self, point: Point) -> ua.NodeId:
        """Return the object for a point's section of the site; add it for the first point."""
        builder = self._builder
        name = next(n for n in self._model.site.parts if Section(n.lower()) == point.spec.section)
        node = builder.node_id(f"{SITE}.{name}")
        # Parts come with their first point, also after a reload: an empty one would say nothing.
        if node in builder.aspace:
            return node
        part = self._model.site.parts[name]
        return builder.object(
            f"{SITE}.{name}",
            ua.QualifiedName(name, builder.namespaces.types),
            builder.type_id(part.type),
            NodePlace(builder.node_id(SITE)),
            description=part.text,
        )

    def list_heat_pump(self, device: ua.NodeId) -> None:
        """Add a reference to a heat pump to the folder of the site."""
        # Organizes: the device has its place in DI's DeviceSet.
        self._builder.reference(self.heat_pumps, IDS.Organizes, device)
