"""The overview page: one card per heat pump."""

from __future__ import annotations

from html import escape

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable
from heatpump_twin.hmi.pages.markup import Say, figure, live
from heatpump_twin.hmi.pages.shell import Shell

_SHOWN = (
    ("supply_temperature", texts.SUPPLY, "supply_setpoint", True),
    ("return_temperature", texts.RETURN, "", True),
    ("electrical_power", texts.POWER, "", True),
    ("cop", texts.COP, "", True),
    ("outdoor_temperature", texts.OUTDOOR, "", False),
    ("room_temperature", texts.ROOM, "", False),
)
_STATE = "operating_state"


def add_overview(shell: Shell) -> None:
    """Add the page ``/``."""

    @ui.page("/")
    def overview(request: Request) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        # Only the points of the cards are subscribed to: of 250 heat pumps all would be ten
        # thousand.
        shown = [variable for unit in person.units for variable in _variables(unit)]
        with shell.page(person, request, person.say(texts.OVERVIEW), shown):
            cards = "".join(card(unit, person.say) for unit in person.units)
            cards = cards or f"<p>{person.say(texts.NO_UNITS)}</p>"
            ui.html(cards, sanitize=False).classes("cards")
        return None


def card(unit: HeatPumpModel, say: Say) -> str:
    """Return a heat pump's card; all of it but the marks of its values leads to its page."""
    state = unit.variables.get(_STATE)
    figures = "".join(
        figure(unit, identifier, say(label), marker, with_bar=with_bar)
        for identifier, label, marker, with_bar in _SHOWN
    )
    plate = " ".join(filter(None, (unit.plate.get("Manufacturer"), unit.plate.get("Model"))))
    return (
        f'<article class="panel card"><header>'
        f'<h2><a href="/unit/{escape(unit.id)}">{escape(unit.name)}</a></h2>'
        f'<span class="badge" data-alarms="{escape(unit.id)}" hidden></span></header>'
        f'<p class="plate">{escape(plate)}</p>'
        f'<p class="state">{live(state) if state else ""}</p>'
        f'<div class="figures">{figures}</div></article>'
    )


def _variables(unit: HeatPumpModel) -> list[Variable]:
    wanted = {_STATE, *(name for shown in _SHOWN for name in (shown[0], shown[2]))}
    return [variable for variable in unit.variables.values() if variable.id in wanted]
