"""Show how the alarms of the site behave as points of the site."""

from __future__ import annotations

import asyncio

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.drivers.clock import real_period
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.alarm_report.alarm_tally import AlarmTally

_PERIOD = 1.0
"""[s]"""


class AlarmPoints(HeatPumpPart):
    """Points of the site that show the tally of its alarms, once a second of its clock."""

    def __init__(self, foundation: Foundation) -> None:
        self._image, self._clock = foundation.image, foundation.clock
        self._points = foundation.table.by_asset[SITE]
        self._tally = AlarmTally()

    def take(self, transition: AlarmTransition) -> None:
        """Count an alarm that was raised or returned to normal."""
        self._tally.take(transition)

    async def run(self) -> None:
        """Show the values of now, for ever."""
        period = real_period(_PERIOD, self._clock.speed)
        while True:
            self.show()
            await asyncio.sleep(period)

    def show(self) -> None:
        """Put the values of now into the image."""
        now = self._clock.now()
        values = self._tally.values(now)
        points = [self._points[name].index for name in values]
        self._image.ingest(Frame.of(points, list(values.values()), GOOD, now))

    async def remove(self, asset: str) -> None:
        """Count the alarms of a heat pump that was taken out as standing no more."""
        self._tally.forget(asset)
