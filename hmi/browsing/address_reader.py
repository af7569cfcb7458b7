"""Browse and read many nodes of the address space at once (OPC 10000-4, 5.9 and 5.11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asyncua import Client, ua

from heatpump_twin.hmi.endpoint import standard_node

_BATCH = 250
"""Nodes in one request: the answer of a busy twin, too, comes well before it is late."""

ReferenceList = list[ua.ReferenceDescription]


class AddressReader:
    """Reader of a server's address space, with the rights of the session's person.

    Each of its methods raises OSError, TimeoutError or ua.UaError where the server cannot be asked.
    """

    def __init__(self, client: Client) -> None:
        self._session = client.uaclient

    async def namespaces(self) -> list[str]:
        """Return the server's namespaces, in the order of their numbers."""
        node = standard_node(ua.ObjectIds.Server_NamespaceArray)
        return list((await self.values([node]))[0] or ())

    async def browse(
        self, nodes: Sequence[ua.NodeId], references: int = ua.ObjectIds.HierarchicalReferences
    ) -> list[ReferenceList]:
        """Return the forward references of each node, all of them."""
        found: list[ReferenceList] = []
        for start in range(0, len(nodes), _BATCH):
            parameters = ua.BrowseParameters()
            parameters.NodesToBrowse = [
                ua.BrowseDescription(
                    NodeId=node,
                    BrowseDirection=ua.BrowseDirection.Forward,
                    ReferenceTypeId=standard_node(references),
                    IncludeSubtypes=True,
                    ResultMask=ua.BrowseResultMask.All,
                )
                for node in nodes[start : start + _BATCH]
            ]
            for result in await self._session.browse(parameters):
                references_of_node = list(result.References or [])
                point = result.ContinuationPoint
                # A server may answer in parts, and the continuation has to be read to its end or
                # released.
                while point:
                    (more,) = await self._session.browse_next(
                        ua.BrowseNextParameters(False, [point])
                    )
                    references_of_node += more.References or []
                    point = more.ContinuationPoint
                found.append(references_of_node)
        return found

    async def values(self, nodes: Sequence[ua.NodeId]) -> list[Any]:
        """Return the value of each variable; None where it cannot be read."""
        return await self.attributes(nodes, ua.AttributeIds.Value)

    async def attributes(self, nodes: Sequence[ua.NodeId], attribute: ua.AttributeIds) -> list[Any]:
        """Return one attribute of each node; None where it cannot be read."""
        values: list[Any] = []
        for start in range(0, len(nodes), _BATCH):
            batch = list(nodes[start : start + _BATCH])
            values += [
                data.Value.Value if data.Value is not None else None
                for data in await self._session.read_attributes(batch, attribute)
            ]
        return values

    async def properties(self, nodes: Sequence[ua.NodeId]) -> list[dict[str, Any]]:
        """Return the properties of each node by their BrowseName."""
        children = await self.browse(nodes, ua.ObjectIds.HasProperty)
        values = iter(await self.values([ref.NodeId for refs in children for ref in refs]))
        return [{str(ref.BrowseName.Name): next(values) for ref in refs} for refs in children]


def is_instance(reference: ua.ReferenceDescription) -> bool:
    """Tell an object of the site from what the DI specification itself has (``DeviceFeatures``)."""
    identifier = reference.NodeId.Identifier
    return reference.NodeClass == ua.NodeClass.Object and isinstance(identifier, str)


def node_named(key: str, namespace: int) -> ua.NodeId:
    """Return the NodeId of a variable of the site, whether or not there is such."""
    # asyncua annotates the marks of its encoding: a text and an int by other names.
    return ua.NodeId(ua.String(key), ua.Int16(namespace))


def text_of(value: Any) -> str:
    """Return a value of the address space as text: LocalizedTexts without their locale."""
    if value is None:
        return ""
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    return str(value)
