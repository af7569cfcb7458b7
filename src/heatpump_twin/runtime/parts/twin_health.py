"""Watch the twin's own parts: once a second their state becomes values of the asset ``twin``.

From there it goes the way of every value: OPC UA, history, rules and thereby alarms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_INTERNAL_ERROR, BAD_NO_DATA, GOOD
from heatpump_twin.rules.ruled_asset import TWIN_PERIOD
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.twin_engine.failure_log import FailureLog

Look = Callable[[], float | None]
"""Returns the present value in the catalogue's unit; None: it is not known. Must not block."""


class TwinHealth(HeatPumpPart):
    """Watch of the twin's own parts: each value is looked up at its owner once a second."""

    def __init__(self, foundation: Foundation) -> None:
        self._image, self._clock = foundation.image, foundation.clock
        self._points = foundation.table.by_asset[TWIN]
        self._looks: dict[str, Look] = {}
        self._failures = FailureLog("a value of the twin itself cannot be had", "point")

    def watch(self, point: str, look: Look) -> None:
        """Ask ``look`` for the value of a point of the twin from now on."""
        if point not in self._points:
            raise ValueError(f"{point!r} is no point of {TWIN!r} in config/catalogue.yaml")
        self._looks[point] = look

    async def run(self) -> None:
        """Look at everything once a second, for ever."""
        while True:
            self.look()
            await asyncio.sleep(TWIN_PERIOD)

    def look(self) -> None:
        """Put the present values into the image."""
        if self._looks:
            points = [self._points[name].index for name in self._looks]
            samples = [self._sample(name, look) for name, look in self._looks.items()]
            value, status = zip(*samples, strict=True)
            self._image.ingest(Frame.of(points, value, status, self._clock.now()))

    def _sample(self, name: str, look: Look) -> tuple[float, int]:
        try:
            value = look()
        except Exception:  # noqa: BLE001 (the boundary of one value: the others are looked at)
            self._failures.failed(name)
            return np.nan, BAD_INTERNAL_ERROR
        self._failures.worked(name)
        return (np.nan, BAD_NO_DATA) if value is None else (float(value), GOOD)
