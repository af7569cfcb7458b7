"""Key figures of all heat pumps of a site, and of the site as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.figure import Figure, missing, ratio
from heatpump_twin.twin_engine.kpi.heat_pump_figures import FigureFrame, heat_pump_figures

_SUMMED = ("electricity", "heat", "cost", "CO₂", "starts", "run hours")


async def asset_figures(
    history: HistoryReader, keys: Collection[str], site: Site, start: int, end: int
) -> dict[str, list[Figure]]:
    """Return the key figures by asset: each heat pump of which something is recorded, the site."""
    of: dict[str, list[Figure]] = {}
    for heat_pump in site.heat_pumps:
        lead = f"{heat_pump.id}."
        ids = frozenset(key.removeprefix(lead) for key in keys if key.startswith(lead))
        if ids:
            frame = _frame(site, heat_pump)
            of[heat_pump.id] = await heat_pump_figures(history, heat_pump, ids, frame, start, end)
    return {**of, SITE: site_figures(of)} if of else {}


def site_figures(of: Mapping[str, Sequence[Figure]]) -> list[Figure]:
    """Return the sums over heat pumps, and the SPF of those that measure both heat and power."""
    by_name = [{figure.name: figure for figure in figures} for figures in of.values()]
    sums = [_sum(name, [known[name] for known in by_name if name in known]) for name in _SUMMED]
    both = [
        known for known in by_name if _there(known.get("electricity")) and _there(known.get("heat"))
    ]
    heat = _sum("heat", [known["heat"] for known in both])
    used = _sum("electricity", [known["electricity"] for known in both])
    return [*sums, ratio("SPF H4", heat, used)]


def _sum(name: str, figures: Sequence[Figure]) -> Figure:
    there = [figure for figure in figures if _there(figure)]
    if not there:
        return missing(name, figures[0].unit if figures else "", "no heat pump has it")
    doubts = dict.fromkeys(doubt for figure in figures for doubt in figure.doubts)
    # Meters of one make may be off to the same side: their errors are added, not compensated.
    return Figure(
        name,
        there[0].unit,
        sum(figure.value for figure in there),
        sum(figure.low for figure in there),
        sum(figure.high for figure in there),
        tuple(doubts),
    )


def _there(figure: Figure | None) -> bool:
    return figure is not None and figure.value == figure.value


def _frame(site: Site, heat_pump: HeatPump) -> FigureFrame:
    classes = [device.meter_class for device in heat_pump.devices if device.meter_class]
    return FigureFrame(
        ZoneInfo(site.site.timezone),
        site.tariff,
        next((c for c in classes if c in "ABC"), None),
        next((c for c in classes if c in "123"), None),
    )
