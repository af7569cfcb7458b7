"""What language the texts of a nodeset are in: the library's XML import drops it."""

from __future__ import annotations

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.server.space.ua_values import content, text

TEXTS = (ua.AttributeIds.DisplayName, ua.AttributeIds.Description, ua.AttributeIds.InverseName)


def state_english(aspace: AddressSpace, namespace: int) -> None:
    """Say that the texts of a namespace are English, so that they can be translated."""
    for node in [node for node in aspace.keys() if node.NamespaceIndex == namespace]:  # noqa: SIM118 - no mapping
        for name in TEXTS:
            stored = aspace[node].attributes.get(name)
            said = None if stored is None else content(stored.value)
            if stored is not None and said and said.Text:
                english = text(said.Text)
                stored.value = ua.DataValue(ua.Variant(english, ua.VariantType.LocalizedText))
        for reference in aspace[node].references:
            neighbour = aspace.get(reference.NodeId)
            for back in neighbour.references if neighbour else ():
                if back.NodeId == node and back.DisplayName and back.DisplayName.Text:
                    back.DisplayName = text(back.DisplayName.Text)
