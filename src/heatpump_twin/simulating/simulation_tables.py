"""A simulation as tables: CSV of its trajectories, rows of its figures, a page in HTML."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from html import escape

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.simulating.simulated_site import Answer
from heatpump_twin.twin_engine.model.whatif.comparison import SHOWN
from heatpump_twin.twin_engine.model.whatif.likely_figures import LikelyFigure

MARK = "simulated"
"""Stands beside each value: nobody measured it."""
UNITS = {"room": "°C", "supply": "°C", "tank": "°C", "power": "W", "heat": "W"}
TITLES = {
    "room": "Room temperature", "supply": "Supply temperature", "tank": "Hot water temperature",
    "power": "Electrical power", "heat": "Heat",
}  # fmt: skip
FIGURE_TITLES = {
    "electricity": "Electricity", "heat": "Heat", "heat_hot_water": "of it for hot water",
    "heaters": "Electric heaters", "spf": "SPF", "cost": "Cost",
    "starts": "Starts", "running": "Compressor running", "room_mean": "Room, mean",
    "room_coldest": "Room, coldest quarter-hour", "room_missed": "Room below its setpoint",
    "hot_water_tepid": "Hot water below 40 °C",
}  # fmt: skip
_COLUMNS = ("time", "origin", "quantity", "unit", "scenario", "low", "value", "high")


def as_csv(answer: Answer, hours: int = 0) -> str:
    """Return the trajectories: a row for each moment, quantity and scenario.

    Parameters
    ----------
    hours : int
        Of which means are written; 0: each interval as it is. [h]
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    found = answer.comparison
    many = max(round(hours * 3600.0 / found.interval), 1)
    times = [iso_utc(int(moment)) for moment in found.time[: len(found.time) // many * many : many]]
    for scenario, side in (("baseline", found.baseline), ("changed", found.changed)):
        for name in SHOWN:
            for moment, low, value, high in zip(
                times, *_meant(side.values[name], many), strict=True
            ):
                numbers = (f"{low:.3f}", f"{value:.3f}", f"{high:.3f}")
                writer.writerow((moment, MARK, name, UNITS[name], scenario, *numbers))
    return out.getvalue()


def _meant(rows: Values, many: int) -> Values:
    whole = rows[:, : rows.shape[1] // many * many]
    return np.asarray(whole.reshape(len(rows), -1, many).mean(axis=2))


def figures_json(answer: Answer) -> str:
    """Return figures and notes as JSON."""
    found = {
        "origin": MARK,
        "heat_pump": answer.pump.id,
        "changes": list(answer.question.changes),
        "from": iso_utc(answer.span[0]),
        "to": iso_utc(answer.span[1]),
        "figures": {one.name: asdict(one) for one in answer.comparison.figures},
        "notes": answer.notes,
    }
    return json.dumps(found, ensure_ascii=False)


def figure_rows(answer: Answer) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield title, unit, baseline, changed and difference of each figure, as a person reads it."""
    for figure in answer.comparison.figures:
        unit = answer.currency if figure.name == "cost" else figure.unit.replace("1", "")
        yield (
            FIGURE_TITLES[figure.name],
            unit,
            _with_half(figure.before, figure.before_half, figure),
            _with_half(figure.after, figure.after_half, figure),
            _with_half(figure.difference, figure.difference_half, figure, sign="+"),
        )


def as_html(answer: Answer, drawing: str) -> str:
    """Return a page that needs nothing else: figures, notes, and the drawing as SVG."""
    title = f"{answer.pump.name}: {', '.join(answer.question.changes) or 'as it is'}"
    span = " to ".join(iso_utc(moment) for moment in answer.span)
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(unit)}</td>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, unit, *cells in figure_rows(answer)
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in answer.notes)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<p><strong>Simulated</strong>, {escape(span)}; ± is half the interval of 90 %.</p>"
        "<table><tr><th></th><th></th><th>baseline</th><th>changed</th><th>difference</th></tr>"
        f"{rows}</table><ul>{notes}</ul>{drawing}</html>\n"
    )


_STYLE = (
    "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "th{text-align:left;font-weight:normal}td{text-align:right;padding:0 .8rem}"
    "svg{width:100%;height:auto}"
)


def iso_utc(time: int) -> str:
    """Return a time in µs as ISO 8601, UTC."""
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).isoformat(timespec="minutes")


def _with_half(value: float, half: float, figure: LikelyFigure, sign: str = "") -> str:
    largest = max(abs(figure.before), abs(figure.after))
    digits = 0 if largest >= 100 else 1 if largest >= 20 else 2
    shown = f"{value:{sign}.{digits}f}"
    return f"{shown} ± {half:.{digits}f}" if np.isfinite(half) and half > 0 else shown
