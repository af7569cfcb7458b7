"""The page of one heat pump: mimic, control, programs, prediction, trend, parameters."""

from __future__ import annotations

from html import escape

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.elements.day_ahead import day_ahead
from heatpump_twin.hmi.elements.energy_split import energy_split
from heatpump_twin.hmi.elements.faceplate import Faceplate
from heatpump_twin.hmi.elements.markup import Say, figure, live
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable
from heatpump_twin.hmi.mimic.mimic import mimic
from heatpump_twin.hmi.pages.control import control_panel
from heatpump_twin.hmi.pages.forecast import prediction_panel
from heatpump_twin.hmi.pages.not_found import LONGEST_READING, unit_or_page
from heatpump_twin.hmi.pages.parameters import parameter_table
from heatpump_twin.hmi.pages.programs import program_panel
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.pages.trend_panel import TrendPanel

_TODAY = (
    ("electrical_energy_today", texts.ELECTRICITY),
    ("heat_energy_today", texts.HEAT),
    ("cop_today", texts.COP),
)

_AHEAD = (
    "forecast_thermal_power", "forecast_electrical_power", "forecast_cop",
    "forecast_room_temperature", "forecast_dhw_temperature",
)  # fmt: skip
"""Points whose future is drawn, as far as a heat pump has them."""


def add_unit_page(shell: Shell) -> None:
    """Add the page ``/unit/<id>``."""

    @ui.page("/unit/{identifier}", response_timeout=LONGEST_READING)
    async def unit_page(request: Request, identifier: str) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        unit = await unit_or_page(person, shell.site, identifier)
        if isinstance(unit, Response):
            return unit
        ui.add_head_html(f'<link rel="stylesheet" href="{assets.url("unit.css")}">')
        with shell.page(person, request, unit.name, unit.variables.values()):
            # After the script of all pages, on which it stands.
            ui.add_head_html(f'<script src="{assets.url("unit.js")}"></script>')
            with ui.element("div").classes("unit-grid"):
                with ui.element("div").classes("side"):
                    with ui.element("section").classes("panel mimic-panel"):
                        ui.html(_heading(unit) + mimic(unit, person.say), sanitize=False)
                    day_ahead(person, _ahead(unit), shell.zone, "panel")
                    TrendPanel(person, unit, shell)
                with ui.element("div").classes("side"):
                    control_panel(person, unit)
                    program_panel(person, unit, shell.zone)
                    _today(unit, person.say)
                    prediction_panel(person.say, unit, shell.zone)
            parameter_table(unit, person.language)
            Faceplate(person, unit, shell.zone)
        return None


def _heading(unit: HeatPumpModel) -> str:
    state = unit.variables.get("operating_state")
    plate = " ".join(filter(None, (unit.plate.get("Manufacturer"), unit.plate.get("Model"))))
    badge = f'<span class="badge" data-alarms="{escape(unit.id)}" hidden></span>'
    return (
        f'<header class="unit-heading"><h1>{escape(unit.name)}</h1>'
        f'<p class="state">{live(state) if state else ""}</p>{badge}'
        f'<p class="plate">{escape(plate)}</p></header>'
    )


def _ahead(unit: HeatPumpModel) -> list[Variable]:
    return [unit.variables[point] for point in _AHEAD if point in unit.variables]


def _today(unit: HeatPumpModel, say: Say) -> None:
    figures = "".join(figure(unit, identifier, say(label)) for identifier, label in _TODAY)
    split = energy_split(unit, say)
    if figures:
        figures = f'<h2>{say(texts.TODAY)}</h2><div class="figures">{figures}</div>'
    if figures or split:
        ui.html(figures + split, sanitize=False).classes("panel today-panel")
