"""The instances of a site as a list that any server can be told to build. Run as a process."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from asyncua import ua
from asyncua.ua import ua_binary

from bench.site_build import site_of
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.runtime.offline_server import offline_server

OWNING = ("HasComponent", "HasProperty", "HasAddIn", "Organizes", "HasHistoricalConfiguration")


async def recipe(pumps: int, folder: Path) -> dict[str, object]:
    """Return nodes, parents first, and the references beside those to the parent and the type."""
    async with offline_server(site_of(pumps, 4840), DataDirectory.open(folder)) as offline:
        site = offline.namespaces.site
        nodes = {n: d for n, d in offline.aspace._nodes.items() if n.NamespaceIndex == site}  # noqa: SLF001
        owning = [ua.NodeId(getattr(ua.ObjectIds, name)) for name in OWNING]
        rows, references, done = [], [], set()
        waiting = list(nodes)
        while waiting:
            node_id = waiting.pop(0)
            node = nodes[node_id]
            parents = [
                r for r in node.references if not r.IsForward and r.ReferenceTypeId in owning
            ]
            parent = min(parents, key=lambda r: owning.index(r.ReferenceTypeId))
            if parent.NodeId in nodes and parent.NodeId not in done:
                waiting.append(node_id)
                continue
            done.add(node_id)
            rows.append(_row(node, parent))
            references += [
                (node_id.to_string(), r.ReferenceTypeId.to_string(), r.NodeId.to_string())
                for r in node.references
                if r.IsForward
                and r.ReferenceTypeId != ua.NodeId(ua.ObjectIds.HasTypeDefinition)
                and not (r.NodeId in nodes and _is_parent(nodes[r.NodeId], node_id, r))
            ]
    return {"nodes": rows, "references": references}


def _row(node, parent) -> dict[str, object]:
    row = {
        "id": node.nodeid.to_string(),
        "parent": parent.NodeId.to_string(),
        "property": parent.ReferenceTypeId == ua.NodeId(ua.ObjectIds.HasProperty),
        "class": ua.NodeClass(node.attribute(ua.AttributeIds.NodeClass)).name,
        "name": node.attribute(ua.AttributeIds.BrowseName).to_string(),
    }
    if ua.AttributeIds.Value in node.attributes:
        value = node.attribute(ua.AttributeIds.Value)
        variant = node.attributes[ua.AttributeIds.Value].value.Value if value is not None else None
        variant = variant or ua.Variant(0.0, ua.VariantType.Double)
        row["value"] = ua_binary.variant_to_binary(variant).hex()
        row["type"] = node.attribute(ua.AttributeIds.DataType).to_string()
    return row


def _is_parent(child, parent: ua.NodeId, reference) -> bool:
    """Tell whether the reference is the one by which a child hangs on its parent."""
    first = next(r for r in child.references if not r.IsForward)
    return first.NodeId == parent and first.ReferenceTypeId == reference.ReferenceTypeId


if __name__ == "__main__":
    found = asyncio.run(recipe(int(sys.argv[1]), Path(sys.argv[2])))
    Path(sys.argv[3]).write_text(json.dumps(found))
