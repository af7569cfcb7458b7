"""The locale of a nodeset's texts, which asyncua's XML import drops."""

from __future__ import annotations

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.server.space.ua_values import content, text

TEXTS = (ua.AttributeIds.DisplayName, ua.AttributeIds.Description, ua.AttributeIds.InverseName)


def state_english(aspace: AddressSpace, namespace: int) -> None:
    """Set the locale of a namespace's texts to English, so that they are translated."""
    # Ours only: texts of the official nodesets have no translation, and pass as names.
    for node in [node for node in aspace.keys() if node.NamespaceIndex == namespace]:  # noqa: SIM118 - no mapping
        for name in TEXTS:
            stored = aspace[node].attributes.get(name)
            said = None if stored is None else content(stored.value)
            if stored is not None and said and said.Text:
                english = text(said.Text)
                stored.value = ua.DataValue(ua.Variant(english, ua.VariantType.LocalizedText))
        # A reference carries the DisplayName of its target, which Browse shows: that of the node is
        # not enough.
        for reference in aspace[node].references:
            neighbour = aspace.get(reference.NodeId)
            for back in neighbour.references if neighbour else ():
                if back.NodeId == node and back.DisplayName and back.DisplayName.Text:
                    back.DisplayName = text(back.DisplayName.Text)
