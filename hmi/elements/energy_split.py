"""Today's electricity by what it was used for: a bar of shares, with its figures."""

from __future__ import annotations

from html import escape

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say, live
from heatpump_twin.hmi.heat_pump_model import HeatPumpSummary, Variable

PARTS = {
    "electricity_heating_day": texts.FOR_HEATING,
    "electricity_hot_water_day": texts.HOT_WATER,
    "electricity_cooling_day": texts.FOR_COOLING,
    "electricity_defrost_day": texts.DEFROST,
    "electricity_standby_day": texts.AT_REST,
}
"""Points of the running day that add up to what was used, with their short names."""
_HEATER = ("electricity_heater_day", texts.OF_WHICH_HEATERS)
"""Heaters work while rooms are heated or hot water is made: they are in those parts already."""


def energy_split(unit: HeatPumpSummary, say: Say) -> str:
    """Return the split of what this heat pump has; nothing where it has no figures of the day.

    The page's script draws the bar: shares of what is known, none where nothing is.
    """
    parts = [
        (unit.variables[name], label) for name, label in PARTS.items() if name in unit.variables
    ]
    if not parts:
        return ""
    bars = "".join(
        f'<em class="share-{place}" data-share="{escape(part.key)}"></em>'
        for place, (part, _) in enumerate(parts)
    )
    rows = "".join(_row(part, say(label), f"share-{n}") for n, (part, label) in enumerate(parts))
    heater = unit.variables.get(_HEATER[0])
    rows += _row(heater, say(_HEATER[1]), "") if heater else ""
    return (
        f"<h2>{escape(say(texts.ELECTRICITY_TODAY))}</h2>"
        f'<div class="split" aria-hidden="true">{bars}</div><div class="split-parts">{rows}</div>'
    )


def _row(part: Variable, label: str, css: str) -> str:
    mark = f'<i class="{css}"></i>' if css else "<i></i>"
    return f'<div>{mark}<span class="l">{escape(label)}</span>{live(part)}</div>'
