"""The server of a twin whose points are fed by hand. Run as a process; it reads what to do.

``feed N P K`` has all points of K heat pumps change N times, with a pause of P seconds after each;
``same N P K`` only gives them new times, ``count N P K`` values that grow by one each time. The
answer is the CPU time that was used meanwhile, as it is to ``cpu``. What is fed goes to the image
and the server alone: rules, history and derived points have no part in it.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import structlog

from bench.site_build import site_of
from heatpump_twin.config.catalogue import PointKind
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.runtime.parts.twin_parts import open_parts
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.twin_engine.image import Image


def frames(image: Image, pumps: int, *, number: float, change: bool) -> Iterator[Frame]:
    """Return a frame of each heat pump; all its numbers are others than before, or none is.

    Switches and states stay: each that changes is an event, which is no notification of a value.
    """
    for pump in range(1, pumps + 1):
        points = image.table.by_asset[f"hp{pump}"].values()
        analog = [point.index for point in points if point.spec.kind is PointKind.ANALOG]
        index = np.array(analog, np.int32)
        value = np.full(len(index), number) if change else image.value[index]
        yield Frame.of(index, value, 0, time.time_ns() // 1000)


async def main(pumps: int, port: int, folder: Path) -> None:
    """Serve and feed until there is nothing more to do."""
    data = DataDirectory.open(folder)
    users, site = UserStore(data.users), site_of(pumps, port)
    async with open_parts(site, data, users, [], SystemClock()) as parts:
        server, image = parts.clients.server, parts.foundation.image
        # As the twin's process does when it has begun: else the collector goes through all nodes
        # whenever a client asks for many objects.
        gc.collect()
        gc.freeze()
        print("ready", flush=True)
        total = 0
        while line := (await asyncio.to_thread(sys.stdin.readline)).split():
            begin = 0.0
            if line[0] in ("feed", "same", "count"):
                begin = time.process_time()
                fed = int(line[3])
                for turn in range(int(line[1])):
                    total += 1
                    number = float(total if line[0] == "count" else turn % 2)
                    for frame in frames(image, fed, number=number, change=line[0] != "same"):
                        image.value[frame.point] = frame.value
                        image.status[frame.point] = frame.status
                        image.time[frame.point] = frame.time
                        server.publish(frame)
                    await asyncio.sleep(float(line[2]))
            print(time.process_time() - begin, flush=True)


if __name__ == "__main__":
    # What is printed is the answers alone.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
