"""The page of one heat pump: mimic, control, programs, prediction, trend, parameters."""

from __future__ import annotations

from html import escape

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.pages import mimic
from heatpump_twin.hmi.pages.control import control_panel
from heatpump_twin.hmi.pages.forecast import prediction_panel
from heatpump_twin.hmi.pages.markup import Say, figure, live
from heatpump_twin.hmi.pages.not_found import missing
from heatpump_twin.hmi.pages.parameters import parameter_table
from heatpump_twin.hmi.pages.programs import program_panel
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.pages.trend import TrendPanel

_TODAY = (
    ("electrical_energy_today", texts.ELECTRICITY),
    ("heat_energy_today", texts.HEAT),
    ("cop_today", texts.COP),
)
# Without an unchanged value for three times the longest interval, something was not recording.
_SILENT_INTERVALS = 3


def add_unit_page(shell: Shell) -> None:
    """Add the page ``/unit/<id>``."""
    # Known from the site file: OPC UA does not tell how often an unchanged value is recorded.
    silence = round(_SILENT_INTERVALS * shell.site.historian.max_interval * 1000)

    @ui.page("/unit/{identifier}")
    def unit_page(request: Request, identifier: str) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        unit = person.unit(identifier)
        # A heat pump that went with a reload, or a wrong address.
        if unit is None:
            return missing(shell.site, person.language, texts.NOT_FOUND)
        with shell.page(person, request, unit.name, unit.variables.values()):
            with ui.element("div").classes("unit-grid"):
                with ui.element("section").classes("panel mimic-panel"):
                    ui.html(_heading(unit) + mimic.draw(unit, person.say), sanitize=False)
                with ui.element("div").classes("side"):
                    control_panel(person, unit)
                    program_panel(person, unit, shell.zone)
                    prediction_panel(person.say, unit, shell.zone)
                    _today(unit, person.say)
                trend = TrendPanel(person, unit, shell.site.site.timezone, silence)
            parameter_table(unit, person.language)
        ui.context.client.on_delete(trend.close)
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


def _today(unit: HeatPumpModel, say: Say) -> None:
    figures = "".join(figure(unit, identifier, say(label)) for identifier, label in _TODAY)
    if figures:
        ui.html(
            f'<h2>{say(texts.TODAY)}</h2><div class="figures">{figures}</div>', sanitize=False
        ).classes("panel")
