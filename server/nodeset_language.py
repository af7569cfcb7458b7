"""What language the texts of a nodeset are in: the library's XML import drops it."""

from __future__ import annotations

from asyncua import ua
from asyncua.server.internal_server import InternalServer

from heatpump_twin.server.node_builder import text

TEXTS = (ua.AttributeIds.DisplayName, ua.AttributeIds.Description, ua.AttributeIds.InverseName)


async def state_english(iserver: InternalServer, namespace: int) -> None:
    """Say that the texts of a namespace are English, so that they can be translated."""
    aspace = iserver.aspace
    for node in [node for node in aspace.keys() if node.NamespaceIndex == namespace]:  # noqa: SIM118 - no mapping
        for attribute in TEXTS:
            stored = aspace.read_attribute_value(node, attribute).Value
            if stored is not None and stored.Value is not None and stored.Value.Text:
                english = ua.Variant(text(stored.Value.Text), ua.VariantType.LocalizedText)
                await iserver.write_attribute_value(node, ua.DataValue(english), attribute)
