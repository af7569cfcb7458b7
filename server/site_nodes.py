"""The site as an object: its heat pumps, and what they are together."""

from __future__ import annotations

from collections.abc import Mapping

from asyncua import ua

from heatpump_twin.config.catalogue import SITE, Point, Section
from heatpump_twin.config.settings import SiteInfo
from heatpump_twin.server.node_builder import NodeBuilder, Place, standard
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.point_nodes import LiveNode, PointNodes

IDS = ua.ObjectIds
SAMPLING = 1.0
"""How often totals are computed. [s]"""


class SiteNodes:
    """Adds the site under Objects."""

    def __init__(self, builder: NodeBuilder, model: TypeModel, points: PointNodes) -> None:
        self._builder = builder
        self._model = model
        self._points = points

    def add(self, info: SiteInfo, points: Mapping[str, Point]) -> dict[int, list[LiveNode]]:
        """Add the site; return the variables that follow its points, by index."""
        builder, types = self._builder, self._builder.namespaces.types
        site = builder.object(
            SITE,
            ua.QualifiedName("Site", types),
            builder.type_id(self._model.site.name),
            Place(standard(IDS.ObjectsFolder), IDS.Organizes),
            title=info.name,
            description=self._model.site.text,
        )
        values = {
            "Name": info.name,
            "Latitude": info.latitude,
            "Longitude": info.longitude,
            "TimeZone": info.timezone,
        }
        for name, declared in self._model.site.properties.items():
            builder.property(
                site,
                ua.QualifiedName(name, types),
                getattr(IDS, declared.type),
                values[name],
                description=declared.text,
            )
        builder.object(
            f"{SITE}.HeatPumps",
            ua.QualifiedName("HeatPumps", types),
            standard(IDS.FolderType),
            Place(site),
            description=self._model.site.heat_pumps,
        )
        live = {}
        for name, part in self._model.site.parts.items():
            known = [p for p in points.values() if p.spec.section == Section(name.lower())]
            if not known:
                continue
            node = builder.object(
                f"{SITE}.{name}",
                ua.QualifiedName(name, types),
                builder.type_id(part.type),
                Place(site),
                description=part.text,
            )
            for point in known:
                live[point.index] = self._points.add(point, node, SAMPLING, None)
        return live

    def list_heat_pump(self, device: ua.NodeId) -> None:
        """Have a heat pump among those of the site."""
        folder = self._builder.node_id(f"{SITE}.HeatPumps")
        self._builder.reference(folder, IDS.Organizes, device)
