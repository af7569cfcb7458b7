"""Prediction panel: predicted values, labelled, with their interval and model."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from heatpump_twin.hmi import presentation, texts
from heatpump_twin.hmi.elements.markup import Say, live
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable

_GROUP = "Prediction"
_HOUR = 3_600_000.0
_BOUNDS = ("_lower", "_upper")
_FORECAST = "forecast_"
"""Most of these are drawn as what is to come; what they say of now is folded away."""
_OF_SMART_START = "start_"
"""How well smart start kept its word stands on the page of smart start."""
_FIGURES = (*_BOUNDS, "_method", "_skill", "_coverage")
"""What is told of a forecast: its interval stands beside it, the others in the table."""


def prediction_panel(say: Say, unit: HeatPumpModel, zone: ZoneInfo) -> None:
    """Build the panel of all predicted values of a heat pump; none without predictions."""
    predicted = [
        variable
        for variable in unit.variables.values()
        if variable.group == _GROUP
        and not variable.id.endswith(_FIGURES)
        and not variable.id.startswith(_OF_SMART_START)
    ]
    if predicted:
        first = [variable for variable in predicted if not variable.id.startswith(_FORECAST)]
        shown, folded = (
            "".join(_prediction(say, unit, variable, zone) for variable in some)
            for some in (first, [variable for variable in predicted if variable not in first])
        )
        if folded:
            more = f"<summary>{escape(say(texts.FORECASTS_OF_NOW))}</summary>{folded}"
            shown += f"<details>{more}</details>" if first else f"<details open>{more}</details>"
        heading = f"<h2>{say(texts.PREDICTION)}</h2>"
        ui.html(heading + shown, sanitize=False).classes("panel prediction")


def _prediction(say: Say, unit: HeatPumpModel, variable: Variable, zone: ZoneInfo) -> str:
    bounds = [unit.variables.get(variable.id + end) for end in _BOUNDS]
    span = ""
    if bounds[0] and bounds[1]:
        low, high = (live(bound, unit=False) for bound in bounds if bound)
        words = say(texts.interval(low, high, escape(variable.unit)))
        span = f'<p class="interval">{words}</p>'
    # With the model beside it: a number that looks measured and is not would be trusted too far
    # (ADR 6).
    origin = [
        f"{say(label)} {escape(_origin_text(variable.provenance[name], zone))}"
        for name, label in texts.PROVENANCE.items()
        if variable.provenance.get(name)
    ]
    issued = f'{say(texts.ISSUED)} <span data-time="{escape(variable.key)}">{texts.NO_VALUE}</span>'
    return (
        f'<div class="figure" title="{escape(variable.text)}">'
        f'<span class="l">{escape(variable.title)} <mark>{say(texts.PREDICTED)}</mark></span>'
        f'{live(variable)}</div>{span}<p class="origin">{" · ".join([*origin, issued])}</p>'
    )


def _origin_text(value: Any, zone: ZoneInfo) -> str:
    """Return a model property as text: a date, a duration [ms] or a text."""
    if isinstance(value, datetime):
        return presentation.aware(value).astimezone(zone).strftime("%Y-%m-%d")
    if isinstance(value, float):
        return f"{value / _HOUR:g} h"
    return str(value)
