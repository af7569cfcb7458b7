"""The page of smart start of one heat pump: ask, see what is planned, and what came of it."""

from __future__ import annotations

from html import escape

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.elements.site_clock import SiteClock
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.pages.not_found import LONGEST_READING, missing, unit_or_page
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.planner.heat_up import heat_ups
from heatpump_twin.hmi.planner.kept_panel import FIGURES, figures_of, heat_up_table
from heatpump_twin.hmi.planner.plan_form import PlanForm
from heatpump_twin.hmi.planner.planned_panel import PlannedPanel
from heatpump_twin.hmi.planner.ready_quantity import askable

_PERIOD = 2.0
"""[s]"""


def add_plan_page(shell: Shell) -> None:
    """Add the page ``/unit/<id>/plan``."""

    @ui.page("/unit/{identifier}/plan", response_timeout=LONGEST_READING)
    async def plan_page(request: Request, identifier: str) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        unit = await unit_or_page(person, shell.site, identifier)
        if isinstance(unit, Response):
            return unit
        # Nothing of it can be planned.
        if "ScheduleReadyAt" not in unit.programs:
            return missing(shell.site, person.language, texts.NOT_FOUND)
        shown = [unit.variables[point] for point in FIGURES if point in unit.variables]
        ui.add_head_html(f'<link rel="stylesheet" href="{assets.url("planner.css")}">')
        with shell.page(person, request, person.say(texts.SMART_START), shown):
            ui.html(_heading(person, unit), sanitize=False)
            with ui.element("div").classes("plan-grid"):
                _Planner(person, unit, shell)
        return None


class _Planner:
    def __init__(self, person: Person, unit: HeatPumpModel, shell: Shell) -> None:
        self._person, self._unit = person, unit
        self._clock = SiteClock(shell.zone, person.language)
        self._records: object = None
        with ui.element("section").classes("panel control plan-form"):
            ui.html(f"<h2>{escape(person.say(texts.ASK_FOR))}</h2>", sanitize=False)
            if askable(unit):
                PlanForm(person, unit, shell.zone, self._refresh)
            else:
                ui.html(
                    f'<p class="calm">{escape(person.say(texts.READ_ONLY))}</p>', sanitize=False
                )
        with ui.element("section").classes("panel control"):
            self._planned = PlannedPanel(person, unit, shell.zone)
        with ui.element("section").classes("panel kept-panel of-record"):
            ui.html(
                f"<h2>{escape(person.say(texts.KEPT_WORD))}</h2>{figures_of(unit, person)}",
                sanitize=False,
            )
            self._table = ui.html("", sanitize=False).props("data-heat-ups")
        # After the page is sent: its builder has a few seconds in all, and a read may take them.
        ui.timer(0, self._refresh, once=True)
        ui.timer(_PERIOD, self._refresh)

    async def _refresh(self) -> None:
        values = await self._person.read(self._unit.programs)
        # What was shown stays while there is no connection, marked as old by the page.
        if not values:
            return
        self._planned.show(values)
        records = values.get("HeatUps")
        if records != self._records:
            self._records = records
            found = heat_ups(records)
            self._table.content = heat_up_table(found, self._unit, self._person, self._clock)


def _heading(person: Person, unit: HeatPumpModel) -> str:
    return (
        f'<header class="unit-heading"><h1>{escape(person.say(texts.SMART_START))}</h1>'
        f'<p><a href="/unit/{escape(unit.id)}">{escape(unit.name)}</a></p></header>'
    )
