"""Program panel: overrides, schedule and tank program of a heat pump, with their methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from heatpump_twin.config.phrase import Phrase
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.reasoned_button import NumberField, ReasonedButton, limits_line
from heatpump_twin.hmi.elements.setpoint_form import ControlResult
from heatpump_twin.hmi.elements.site_clock import SiteClock
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, MethodModel, Variable
from heatpump_twin.hmi.pages.control import confirmed
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.planner.ready_quantity import of_schedule, target_text
from heatpump_twin.hmi.presentation import told_text

_PERIOD = 2.0
_BOOST, _TANK = "StartDhwBoost", "dhw_setpoint"
"""Method of the boost, and the point that has the unit of its target."""
_ENDS = {"ReleaseOverride": "Overrides", "CancelSchedule": "ScheduleReadyAt"}
"""Methods that end something, and the variable that shows whether there is something to end."""


def program_panel(person: Person, unit: HeatPumpModel, zone: ZoneInfo) -> None:
    """Build the panel of overrides, schedule and tank program of a heat pump."""
    if unit.programs:
        _Panel(person, unit, zone)


class _Panel:
    def __init__(self, person: Person, unit: HeatPumpModel, zone: ZoneInfo) -> None:
        self._person, self._unit, self._zone = person, unit, zone
        with ui.element("section").classes("panel control"):
            ui.html(f"<h2>{person.say(texts.PROGRAMS)}</h2>", sanitize=False)
            self._state = ui.html("", sanitize=False).classes("programs")
            self._state.props("data-programs")
            self._ends: dict[str, ui.button] = {}
            self._tank_is_busy = False
            self._check: Callable[[], None] = lambda: None
            with ui.element("div").classes("bar-row"):
                for name in _ENDS:
                    if name in unit.methods:
                        self._ends[name] = self._end_button(unit.methods[name])
            self._result = ControlResult(person.say)
            if "ScheduleReadyAt" in unit.programs:
                words = escape(person.say(texts.SMART_START))
                ui.html(f'<a href="/unit/{escape(unit.id)}/plan">{words} →</a>', sanitize=False)
            if _BOOST in unit.methods and _TANK in unit.variables:
                self._boost(unit.methods[_BOOST], unit.variables[_TANK])
        # After the page is sent: its builder has a few seconds in all, and a read may take them.
        ui.timer(0, self._refresh, once=True)
        ui.timer(_PERIOD, self._refresh)

    def _end_button(self, method: MethodModel) -> ui.button:
        async def act() -> None:
            label = texts.PROGRAM_METHODS[method.name]
            if await confirmed(self._person.say, texts.ask(label, self._unit.name)):
                await self._result.of(self._person.call(method), lambda _: "")
                await self._refresh()

        button = ui.button(self._person.say(texts.PROGRAM_METHODS[method.name]), on_click=act)
        button.props(f'unelevated no-caps data-action="{method.name}"')
        # Shown when there is something to end: an action that can only fail is not offered.
        button.set_visibility(False)
        return button

    def _boost(self, method: MethodModel, variable: Variable) -> None:
        """Build the inputs of the boost of the tank."""
        say = self._person.say
        with ui.element("div").classes("faceplate"):
            label = say(texts.PROGRAM_METHODS[method.name])
            ui.html(f'<span class="l">{escape(label)}</span>', sanitize=False)
            with ui.element("div").classes("bar-row"):
                target = NumberField(
                    self._person.language,
                    variable,
                    method.inputs["Target"].span,
                    label=texts.TARGET,
                    mark=f'data-target="{method.name}"',
                    on_change=lambda: self._check(),
                )
                button = ui.button(say(texts.START_PROGRAM))
                button.props(f'unelevated no-caps data-start="{method.name}"')
            limits_line(target)
            gate = ReasonedButton(say, button)
            result = ControlResult(say)

        def check() -> None:
            # One program at a time in a tank.
            gate.settle(texts.TANK_BUSY if self._tank_is_busy else target.problem)

        async def act() -> None:
            if target.value is None:
                return
            rest = [0.0] * (len(method.inputs) - 1)  # 0: the server's default
            await result.of(self._person.call(method, target.value, *rest), lambda _: "")
            await self._refresh()

        button.on_click(act)
        self._check = check
        check()

    async def _refresh(self) -> None:
        values = await self._person.read(self._unit.programs)
        say = self._person.say
        clock = SiteClock(self._zone, self._person.language)
        lines = [say(line) for line in _lines(self._unit, values, clock)]
        self._state.content = "".join(f"<p>{escape(line)}</p>" for line in lines) or (
            f'<p class="calm">{say(texts.NO_PROGRAMS)}</p>'
        )
        for name, button in self._ends.items():
            button.set_visibility(bool(values.get(_ENDS[name])))
        self._tank_is_busy = bool(values.get("TankProgram"))
        self._check()


def _lines(unit: HeatPumpModel, values: Mapping[str, Any], clock: SiteClock) -> list[Phrase]:
    """Return a sentence for each override, schedule and tank program."""
    lines, decimal = [], clock.language.decimal
    overrides: Sequence[str] = values.get("Overrides") or ()
    before: Sequence[float] = values.get("OverriddenValues") or ()
    by_name = {variable.name: variable for variable in unit.variables.values()}
    for name, value in zip(overrides, before, strict=False):
        # A setting without a variable has no title and no unit to be shown with.
        variable = by_name.get(name)
        if variable is not None:
            lines.append(texts.overridden(variable.title, told_text(variable, value, decimal)))
    if values.get("ScheduleReadyAt"):
        quantity = of_schedule(values.get("ScheduleQuantity"))
        target = target_text(unit, quantity, values.get("ScheduleTarget"), decimal)
        start = values.get("ScheduleStartAt")
        lines.append(
            texts.scheduled(
                quantity.title if quantity else "",
                target,
                clock.text(values["ScheduleReadyAt"]),
                clock.text(start) if start else "",
            )
        )
    if values.get("TankProgram"):
        target = told_text(unit.variables[_TANK], values.get("TankTarget"), decimal)
        what = texts.TANK_PROGRAMS.get(values["TankProgram"], "")
        lines.append(texts.tank_program(what, target, clock.text(values.get("TankUntil"))))
    return lines
