"""Share what is known of the heat pumps among the sessions of this process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from heatpump_twin.hmi.browsing.address_reader import AddressReader, ReferenceList
from heatpump_twin.hmi.browsing.site_browser import SiteMark
from heatpump_twin.hmi.browsing.unit_reader import (
    read_summaries,
    read_unit,
    with_figures,
)
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, HeatPumpSummary

_KEPT = 32
"""Heat pumps of which all is kept, some 0.3 MB each: those whose pages are looked at."""


class KnownUnits:
    """What is known of the heat pumps in one language: the same for everybody.

    The server shows every person the same nodes; what differs by person is which methods they may
    call, and that is not here.
    """

    def __init__(self, mark: SiteMark) -> None:
        self.mark = mark
        self._summaries: tuple[HeatPumpSummary, ...] | None = None
        self._tiles: dict[str, HeatPumpSummary] = {}
        self._units: OrderedDict[str, HeatPumpModel] = OrderedDict()
        # Of several people who come at once, as after a restart, one reads for all.
        self._reading = asyncio.Lock()

    async def summaries(
        self, reader: AddressReader, pumps: ReferenceList
    ) -> tuple[HeatPumpSummary, ...]:
        """Return of each heat pump what it is; read once."""
        async with self._reading:
            if self._summaries is None:
                self._summaries = await read_summaries(reader, pumps)
            return self._summaries

    async def tiles(
        self, reader: AddressReader, pumps: Sequence[HeatPumpSummary]
    ) -> list[HeatPumpSummary]:
        """Return heat pumps with all that the site shows of them; read when first in view."""
        async with self._reading:
            missing = [pump for pump in pumps if pump.id not in self._tiles]
            if missing:
                self._tiles |= {pump.id: pump for pump in await with_figures(reader, missing)}
            return [self._tiles[pump.id] for pump in pumps]

    async def unit(self, reader: AddressReader, summary: HeatPumpSummary) -> HeatPumpModel:
        """Return all of a heat pump, with the methods of whomever; read when first asked for."""
        async with self._reading:
            if summary.id not in self._units:
                self._units[summary.id] = await read_unit(reader, summary)
                if len(self._units) > _KEPT:
                    self._units.popitem(last=False)
            self._units.move_to_end(summary.id)
            return self._units[summary.id]


class SharedUnits:
    """What is known of the heat pumps, by language, as long as they are the same."""

    def __init__(self) -> None:
        self._known: dict[str, KnownUnits] = {}

    def of(self, mark: SiteMark, language: str) -> KnownUnits:
        """Return what is known of these heat pumps; nothing yet, where they are others."""
        known = self._known.get(language)
        # Without a version nothing tells a heat pump from the one that was reloaded in its place.
        if known is None or known.mark != mark or mark.version is None:
            known = self._known[language] = KnownUnits(mark)
        return known
