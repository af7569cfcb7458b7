"""Key figures of all heat pumps of a site, and of the site as a whole."""

from __future__ import annotations

from collections.abc import Collection

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.config.settings import Site
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.counting import CountingRules
from heatpump_twin.twin_engine.kpi.figure import Figure
from heatpump_twin.twin_engine.kpi.heat_pump_figures import heat_pump_figures
from heatpump_twin.twin_engine.kpi.tally_figures import PeriodFigures, site_figures


async def asset_figures(
    history: HistoryReader,
    keys: Collection[str],
    site: Site,
    rules: CountingRules,
    start: int,
    end: int,
) -> dict[str, list[Figure]]:
    """Return the key figures by asset: each heat pump of which something is recorded, the site."""
    of: dict[str, PeriodFigures] = {}
    for heat_pump in site.heat_pumps:
        lead = f"{heat_pump.id}."
        ids = frozenset(key.removeprefix(lead) for key in keys if key.startswith(lead))
        if ids:
            of[heat_pump.id] = await heat_pump_figures(history, heat_pump, ids, rules, start, end)
    if not of:
        return {}
    found = {asset: list(one.figures.values()) for asset, one in of.items()}
    return {**found, SITE: list(site_figures(of.values()).values())}
