"""Every text that a server shows to a client: names, descriptions, and texts in values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from asyncua import Client, ua
from asyncua.ua import uaprotocol_auto

BATCH = 400
TYPE_CLASSES = (
    ua.NodeClass.ObjectType, ua.NodeClass.VariableType, ua.NodeClass.ReferenceType,
    ua.NodeClass.DataType,
)  # fmt: skip

_STRUCTURES = (uaprotocol_auto.Argument, ua.EUInformation, ua.EnumValueType)
"""Structures that have texts. The library decodes an Argument to the superclass of its own."""


@dataclass(frozen=True)
class Shown:
    """One text, and where it is."""

    text: ua.LocalizedText
    node: ua.NodeId
    attribute: ua.AttributeIds
    browse_name: ua.QualifiedName
    node_class: ua.NodeClass

    def is_identifier(self, own: Collection[int]) -> bool:
        """Tell whether a name only repeats a BrowseName: of a type, or that a standard gave."""
        name = self.browse_name
        repeats = self.attribute is ua.AttributeIds.DisplayName and self.text.Text == name.Name
        given = self.node_class in TYPE_CLASSES or name.NamespaceIndex not in own
        return repeats and (given or name.Name.startswith(("urn:", "<")))


async def shown_texts(client: Client) -> list[Shown]:
    """Walk from Root along every forward reference and read what people read."""
    session = client.uaclient
    nodes: dict[ua.NodeId, ua.ReferenceDescription] = {}
    frontier = [ua.NodeId(ua.ObjectIds.RootFolder)]
    while frontier:
        found = []
        for batch in _batches(frontier):
            request = ua.BrowseParameters()
            request.NodesToBrowse = [
                ua.BrowseDescription(
                    NodeId=node,
                    BrowseDirection=ua.BrowseDirection.Forward,
                    ReferenceTypeId=ua.NodeId(ua.ObjectIds.References),
                    IncludeSubtypes=True,
                    ResultMask=ua.BrowseResultMask.All,
                )
                for node in batch
            ]
            for result in await session.browse(request):
                for reference in result.References:
                    if reference.NodeId not in nodes:
                        nodes[reference.NodeId] = reference
                        found.append(reference.NodeId)
        frontier = found
    shown = []
    ours = [reference for node, reference in nodes.items() if node.NamespaceIndex > 0]
    for attribute in (
        ua.AttributeIds.DisplayName, ua.AttributeIds.Description, ua.AttributeIds.Value,
    ):  # fmt: skip
        for batch in _batches(ours):
            values = await session.read_attributes([r.NodeId for r in batch], attribute)
            shown += [
                Shown(text, r.NodeId, attribute, r.BrowseName, r.NodeClass)
                for r, value in zip(batch, values, strict=True)
                for text in texts_in(value.Value.Value if value.Value else None)
            ]
    return shown


def texts_in(value: Any) -> Iterator[ua.LocalizedText]:
    """Find texts in a value, also in structures and lists of them."""
    if isinstance(value, ua.LocalizedText):
        if value.Text:
            yield value
    elif isinstance(value, list | tuple):
        for element in value:
            yield from texts_in(element)
    elif isinstance(value, _STRUCTURES):
        for name in ("DisplayName", "Description"):
            yield from texts_in(getattr(value, name, None))


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
