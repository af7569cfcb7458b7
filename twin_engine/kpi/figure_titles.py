"""Titles of key figures: those of the catalogue, and of what is computed of past periods alone."""

from __future__ import annotations

from heatpump_twin.config.catalogue import FIGURES

_OTHERS = {
    "run_cop": "COP of runs",
    "run_length_p10": "Run length, 10 %",
    "run_length_median": "Run length, median",
    "run_length_p90": "Run length, 90 %",
    "load_highest": "Highest load of an hour",
    "load_p90": "Load exceeded for 10 % of the time",
    "load_median": "Load exceeded for half of the time",
    "scop_en14825": "SCOP, EN 14825 average climate, 35 °C",
}


def title_of(name: str) -> str:
    """Return the title of a figure."""
    return FIGURES[name].title if name in FIGURES else _OTHERS[name]
