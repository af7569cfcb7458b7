"""Trend series: what the page's script is told of each line, and in which pane it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.presentation import decimals
from heatpump_twin.hmi.trends.trend_view import Placed

AXES = 2
"""Scales of one pane: at its left and at its right side."""


def panes_of(placed: Sequence[Placed], known: Mapping[str, Variable]) -> dict[str, str]:
    """Return the pane of each point by key; what a pane has no scale for goes with its unit."""
    units: dict[str, list[str]] = {}
    panes: dict[str, str] = {}
    for point in placed:
        unit = known[point.key].unit
        pane = str(point.pane) if point.pane else f"unit {unit}"
        scales = units.setdefault(pane, [])
        if unit not in scales and len(scales) == AXES:
            pane = f"unit {unit}"
            scales = units.setdefault(pane, [])
        if unit not in scales:
            scales.append(unit)
        panes[point.key] = pane
    return panes


def described(variable: Variable, name: str, pane: str) -> dict[str, Any]:
    """Return what the script has to know of the line of a variable."""
    return {
        "key": variable.key,
        "name": name,
        "unit": variable.unit,
        "pane": pane,
        "span": variable.span,
        "decimals": decimals(variable),
        # What is set or switched stands until it is changed.
        "step": bool(variable.states) or variable.group == "Configuration",
        "states": {str(code): text for code, text in variable.states.items()},
    }
