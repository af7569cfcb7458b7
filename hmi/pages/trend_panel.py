"""Trend panel: recorded values of a heat pump's points, carried on live."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.trend_chart import TrendChart
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.trends.trend_view import Placed, TrendView

_DEFAULT = ("supply_temperature", "return_temperature", "supply_setpoint", "electrical_power")
_MOST = 8
_WEEK = 168
"""[h]"""


class TrendPanel:
    """Trend of one heat pump, with a choice of points and ranges."""

    def __init__(self, person: Person, unit: HeatPumpModel, shell: Shell) -> None:
        self._zone = shell.zone
        variables = {v.id: v for v in unit.variables.values() if v.has_history}
        self._keys = {identifier: variable.key for identifier, variable in variables.items()}
        with ui.element("section").classes("panel trend-panel"):
            with ui.element("header").classes("bar-row"):
                ui.html(f"<h2>{escape(person.say(texts.TREND))}</h2>", sanitize=False)
                self._points = ui.select(
                    {identifier: variable.title for identifier, variable in variables.items()},
                    value=[identifier for identifier in _DEFAULT if identifier in variables],
                    multiple=True,
                    label=person.say(texts.POINTS),
                    on_change=self._show,
                ).props(f"dense outlined use-chips options-dense max-values={_MOST}")
                self._points.classes("points")
                self._hours = ui.toggle(texts.RANGES, value=1, on_change=self._show)
                self._hours.props("unelevated no-caps dense")
                self._weeks = ui.link(person.say(texts.WEEKS), "/trends").props("id=trend-weeks")
                self._more = ui.link(person.say(texts.TRENDS), "/trends").props("id=trend-more")
            self._chart = TrendChart(person, shell.zone, shell.silence)
        ui.timer(0, self._show, once=True)

    def _show(self) -> None:
        chosen = [self._keys[identifier] for identifier in self._points.value or ()][:_MOST]
        view = TrendView(tuple(map(Placed, chosen)), hours=self._hours.value)
        self._more.props(f'href="/trends?{view.query(self._zone)}"')
        weeks = replace(view, hours=_WEEK, earlier="week")
        self._weeks.props(f'href="/trends?{weeks.query(self._zone)}"')
        self._chart.show(view)
