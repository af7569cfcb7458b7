"""What a model expects: always labelled, always with its interval and where it comes from."""

from __future__ import annotations

from html import escape

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.model import Unit, Variable
from heatpump_twin.hmi.pages.markup import live

_GROUP = "Prediction"
_BOUNDS = ("_lower", "_upper")


def prediction_panel(unit: Unit) -> None:
    """Show every predicted quantity of a heat pump; without one there is no panel."""
    predicted = [
        variable
        for variable in unit.variables.values()
        if variable.group == _GROUP and not variable.id.endswith(_BOUNDS)
    ]
    if predicted:
        shown = "".join(_prediction(unit, variable) for variable in predicted)
        ui.html(f"<h2>{texts.PREDICTION}</h2>{shown}", sanitize=False).classes("panel prediction")


def _prediction(unit: Unit, variable: Variable) -> str:
    bounds = [unit.variables.get(variable.id + end) for end in _BOUNDS]
    span = ""
    if bounds[0] and bounds[1]:
        low, high = (live(bound, unit=False) for bound in bounds if bound)
        span = f'<p class="interval">{texts.interval(low, high, escape(variable.unit))}</p>'
    origin = " · ".join(
        f"{label}: {escape(variable.provenance[name])}"
        for name, label in texts.PROVENANCE.items()
        if variable.provenance.get(name)
    )
    return (
        f'<div class="figure" title="{escape(variable.text)}">'
        f'<span class="l">{escape(variable.title)} <mark>{texts.PREDICTED}</mark></span>'
        f'{live(variable)}</div>{span}<p class="origin">{origin}</p>'
    )
