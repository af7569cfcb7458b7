"""Build a whole twin of N heat pumps, without polling them. Run as a process; prints JSON.

What is there afterwards is what `hptwin run` holds: image, drivers, rules, historian, server.
"""

from __future__ import annotations

import time

BEGIN = time.perf_counter()

import asyncio  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import psutil  # noqa: E402

from heatpump_twin.config.data_directory import DataDirectory  # noqa: E402
from heatpump_twin.config.load import load_site  # noqa: E402
from heatpump_twin.config.settings import Site  # noqa: E402
from heatpump_twin.drivers.clock import SystemClock  # noqa: E402
from heatpump_twin.runtime.assembly import assemble  # noqa: E402
from heatpump_twin.runtime.parts.alarm_watch import build_rules  # noqa: E402
from heatpump_twin.runtime.parts.twin_parts import open_parts  # noqa: E402
from heatpump_twin.runtime.reload.roster import Roster  # noqa: E402
from heatpump_twin.server.security.users import UserStore  # noqa: E402
from heatpump_twin.server.types.type_import import load_type_nodes  # noqa: E402

IMPORTED = time.perf_counter()


def site_of(pumps: int, port: int) -> Site:
    """Return the packaged site with its heat pump so many times."""
    site = load_site(
        "default",
        [
            f"opcua.port={port}",
            f"ops.port={port + 1}",
            "hmi.enabled=false",
            "opcua.max_sessions=200",
        ],
        {},
    )
    (pump,) = site.heat_pumps
    numbered = [
        pump.model_copy(update={"id": f"hp{n}", "name": f"Heat pump {n}"})
        for n in range(1, pumps + 1)
    ]
    return site.model_copy(update={"heat_pumps": numbered})


class Watch:
    """Seconds from one mark to the next."""

    def __init__(self) -> None:
        self.seconds = {"imports": IMPORTED - BEGIN}
        self._last = time.perf_counter()

    def mark(self, name: str) -> None:
        """Note how long it took since the last mark."""
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now


async def main(pumps: int, port: int, folder: Path) -> None:
    """Build, look at every node, remove a heat pump, add it again."""
    site, data = site_of(pumps, port), DataDirectory.open(folder)
    watch = Watch()
    await load_type_nodes(data.type_nodes)  # so that the next mark is without an import
    watch.mark("type nodes")
    async with open_parts(site, data, UserStore(data.users), (), SystemClock()) as parts:
        roster, foundation = Roster(parts), parts.foundation
        alarms, server = len(build_rules(foundation).definitions()), parts.clients.server
        watch.mark("the whole twin")
        gc.collect()
        watch.mark("one garbage collection")
        rss = psutil.Process().memory_info().rss
        space = server._running.iserver.aspace  # noqa: SLF001
        nodes = space._nodes  # noqa: SLF001
        resident = space.resident
        watch.mark("")
        for node in nodes.values():
            _ = [content.value for _, content in node.attributes.items()], node.references
        watch.mark("looking at every node")
        looked = psutil.Process().memory_info().rss
        (pump, *others) = site.heat_pumps
        rest = site.model_copy(update={"heat_pumps": others})
        await roster.change(rest, assemble(rest, data), ["hp1"], [])
        watch.mark("removing a heat pump")
        await roster.change(site, assemble(site, data), [], [pump])
        watch.mark("adding a heat pump")
        del watch.seconds[""]
        figures = {
            "points": len(foundation.table), "alarms": alarms,
            "nodes": len(nodes), "resident": resident, "resident after": space.resident,
            "rss": rss, "rss after": looked, "seconds": watch.seconds,
        }  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
