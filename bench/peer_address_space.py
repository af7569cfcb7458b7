"""Build a site's instances in a stock asyncua server by its public API. Run as a process."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from asyncua import Server, ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary

from heatpump_twin.server.nodeset.type_models import all_nodesets, runtime_part
from heatpump_twin.server.security.site_identity import EARLIER


async def main(told: dict[str, Any]) -> None:
    """Build and print how long it took and how much memory it took."""
    server = Server()
    await server.init()
    for nodeset in all_nodesets():
        await server.import_xml(xmlstring=runtime_part(nodeset))
    await server.register_namespace(EARLIER)
    before, begin = psutil.Process().memory_info().rss, time.perf_counter()
    for row in told["nodes"]:
        parent = server.get_node(row["parent"])
        node_id, name = ua.NodeId.from_string(row["id"]), ua.QualifiedName.from_string(row["name"])
        if row["class"] == "Object":
            await parent.add_object(node_id, name)
        elif row["class"] == "Method":
            await parent.add_method(node_id, name, lambda *_: [])
        else:
            value = ua_binary.variant_from_binary(Buffer(bytes.fromhex(row["value"])))
            add = parent.add_property if row["property"] else parent.add_variable
            await add(node_id, name, value, datatype=ua.NodeId.from_string(row["type"]))
    for source, kind, target in told["references"]:
        await server.get_node(source).add_reference(target, ua.NodeId.from_string(kind))
    print(
        json.dumps(
            {
                "nodes": len(told["nodes"]),
                "seconds": time.perf_counter() - begin,
                "rss": psutil.Process().memory_info().rss - before,
            }
        )
    )
    await server.iserver.stop()


asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
