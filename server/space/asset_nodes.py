"""The nodes of each asset, and the reference descriptions that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncua import ua

from heatpump_twin.server.space.node import LeanNode

Links = dict[tuple[ua.NodeId, ua.NodeId, bool], ua.ReferenceDescription]


@dataclass(slots=True)
class AssetNodes:
    """The nodes of one asset, the nodes elsewhere that refer to them, and shared references."""

    nodes: list[ua.NodeId] = field(default_factory=list)
    referrers: set[ua.NodeId] = field(default_factory=set)
    links: Links = field(default_factory=dict)


class NodesByAsset:
    """The register of nodes by asset, for the site namespace.

    The NodeId of an instance begins with the asset that it belongs to: ``hp1``,
    ``hp1.supply_temperature``. Nodes of other namespaces belong to none.
    """

    def __init__(self, namespace: int) -> None:
        self._namespace = namespace
        self._assets: dict[str, AssetNodes] = {}
        self._common: Links = {}

    def note_node(self, node: LeanNode) -> None:
        """Register a node that was added."""
        self._asset(str(self._owner(node.nodeid))).nodes.append(node.nodeid)

    def note_reference(self, source: LeanNode, target: LeanNode) -> None:
        """Register a reference that has to be removed with the asset of its target."""
        owner = self._owner(target.nodeid)
        # References within an asset go with its nodes, and types are never removed.
        if owner is not None and owner != self._owner(source.nodeid):
            self._asset(owner).referrers.add(source.nodeid)

    def link(self, kind: ua.NodeId, target: LeanNode, *, forward: bool) -> ua.ReferenceDescription:
        """Return the reference description of a node: one object for all nodes that have it.

        It says of its target what Browse shows. Were the target renamed, all of them would have to
        be, so that one for all is as good as many.
        """
        owner = self._owner(target.nodeid)
        # With the asset they are of, so that they are forgotten with it.
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
        """Return the nodes and references of an asset, and forget them."""
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
    """Return a reference description with what Browse shows of its target."""
    return ua.ReferenceDescription(
        kind,
        forward,
        target.nodeid,
        target.attribute(ua.AttributeIds.BrowseName),
        target.attribute(ua.AttributeIds.DisplayName),
        target.attribute(ua.AttributeIds.NodeClass),
        target.type_definition,
    )
