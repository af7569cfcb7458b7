"""Whether smart start kept its word: figures of the last starts, and each of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import figure
from heatpump_twin.hmi.elements.site_clock import SiteClock
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.planner.heat_up import HeatUp
from heatpump_twin.hmi.planner.ready_quantity import target_text
from heatpump_twin.hmi.presentation import duration_text, number_text

FIGURES = {
    "start_on_time": texts.ON_TIME,
    "start_lateness": texts.LATENESS,
    "start_excess": texts.EXCESS,
    "start_holding_energy": texts.HOLDING_ENERGY,
}
"""Points of a heat pump, with their short names."""
MOST = 12
"""Heat-ups that are shown: the latest."""
_MARKS = {"on time": "✓", "late": "▲", "not reached": "✕"}


def figures_of(unit: HeatPumpModel, person: Person) -> str:
    """Return the figures that this heat pump has."""
    shown = "".join(figure(unit, point, person.say(label)) for point, label in FIGURES.items())
    return f'<div class="figures">{shown}</div>' if shown else ""


def heat_up_table(
    found: Sequence[HeatUp], unit: HeatPumpModel, person: Person, clock: SiteClock
) -> str:
    """Return the table of the latest heat-ups."""
    say = person.say
    if not found:
        return f'<p class="calm">{escape(say(texts.NO_HEAT_UPS))}</p>'
    head = "".join(f"<th>{escape(say(title))}</th>" for title in texts.HEAT_UP_COLUMNS)
    rows = "".join(_row(one, unit, person, clock) for one in found[:MOST])
    return (
        f'<table class="facts heat-ups" aria-label="{escape(say(texts.LAST_HEAT_UPS))}">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(one: HeatUp, unit: HeatPumpModel, person: Person, clock: SiteClock) -> str:
    say = person.say
    ready = clock.date_text(one.ended if one.ready_at is None else one.ready_at)
    said = texts.HEAT_UP_OUTCOMES.get(one.outcome)
    outcome = f"{_MARKS.get(one.outcome, '')} {say(said) if said else one.outcome}".strip()
    margin, energy, decimal = texts.NO_VALUE, texts.NO_VALUE, person.language.decimal
    if one.early is not None and one.outcome in ("on time", "late"):
        margin = ("−" if one.outcome == "late" else "+") + duration_text(abs(one.early))
    if one.held_energy is not None:
        energy = f"{number_text(one.held_energy / 1000, 2, decimal)} kWh"
    first, last = (target_text(unit, one.quantity, t, decimal) for t in (one.initial, one.target))
    cells = (
        ready, say(one.quantity.title),
        f"{first} → {last}",
        duration_text(one.took), outcome, margin, energy,
    )  # fmt: skip
    # On a narrow screen each row is a card, whose cells have their column's name before them.
    body = "".join(
        f'<td data-label="{escape(say(title))}">{escape(cell)}</td>'
        for title, cell in zip(texts.HEAT_UP_COLUMNS, cells, strict=True)
    )
    return f'<tr data-outcome="{escape(one.outcome)}">{body}</tr>'
