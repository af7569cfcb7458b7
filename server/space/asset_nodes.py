"""What was added for which asset, and the references that its nodes have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncua import ua

from heatpump_twin.server.space.node import LeanNode

Links = dict[tuple[ua.NodeId, ua.NodeId, bool], ua.ReferenceDescription]


@dataclass(slots=True)
class AssetNodes:
    """Its nodes, the nodes elsewhere that refer to them, and references to them by target."""

    nodes: list[ua.NodeId] = field(default_factory=list)
    referrers: set[ua.NodeId] = field(default_factory=set)
    links: Links = field(default_factory=dict)


class NodesByAsset:
    """All assets of the site namespace.

    The NodeId of an instance begins with the asset that it belongs to: ``hp1``,
    ``hp1.supply_temperature``. Nodes of other namespaces belong to none.
    """

    def __init__(self, namespace: int) -> None:
        self._namespace = namespace
        self._assets: dict[str, AssetNodes] = {}
        self._common: Links = {}

    def note_node(self, node: LeanNode) -> None:
        """Note a node that was added."""
        self._asset(str(self._owner(node.nodeid))).nodes.append(node.nodeid)

    def note_reference(self, source: LeanNode, target: LeanNode) -> None:
        """Note a reference that has to go with the asset of its target."""
        owner = self._owner(target.nodeid)
        if owner is not None and owner != self._owner(source.nodeid):
            self._asset(owner).referrers.add(source.nodeid)

    def link(self, kind: ua.NodeId, target: LeanNode, *, forward: bool) -> ua.ReferenceDescription:
        """Return a reference to a node: one for all nodes that have it.

        It says of its target what Browse shows. Were the target renamed, all of them would have to
        be, so that one for all is as good as many.
        """
        owner = self._owner(target.nodeid)
        links = self._common if owner is None else self._asset(owner).links
        key = kind, target.nodeid, forward
        link = links.get(key)
        if link is None:
            link = links[key] = reference_to(target, kind, forward=forward)
        return link

    def nodes(self, name: str) -> Sequence[ua.NodeId]:
        """Return the nodes of an asset."""
        return self._asset(name).nodes

    def pop(self, name: str) -> AssetNodes:
        """Return what was added for an asset, and forget it."""
        return self._assets.pop(name, AssetNodes())

    def _owner(self, node_id: ua.NodeId) -> str | None:
        ours = node_id.NamespaceIndex == self._namespace
        return str(node_id.Identifier).partition(".")[0] if ours else None

    def _asset(self, name: str) -> AssetNodes:
        asset = self._assets.get(name)
        if asset is None:
            asset = self._assets[name] = AssetNodes()
        return asset


def reference_to(target: LeanNode, kind: ua.NodeId, *, forward: bool) -> ua.ReferenceDescription:
    """Return a reference with what Browse shows of its target."""
    return ua.ReferenceDescription(
        kind,
        forward,
        target.nodeid,
        target.attribute(ua.AttributeIds.BrowseName),
        target.attribute(ua.AttributeIds.DisplayName),
        target.attribute(ua.AttributeIds.NodeClass),
        target.type_definition,
    )
