"""Program panel: overrides, schedule and tank program of a heat pump, with their methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from heatpump_twin.config.phrase import Phrase
from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, MethodModel, Variable
from heatpump_twin.hmi.pages.control import ControlResult, confirmed
from heatpump_twin.hmi.pages.reasoned_button import NumberField, ReasonedButton, limits_line
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import aware, value_text

_PERIOD = 2.0
_HEATS = {"ScheduleReady": "supply_setpoint", "StartDhwBoost": "dhw_setpoint"}
"""Methods that this panel offers with a target, and the point that has its unit."""
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
            self._checks: list[Callable[[], None]] = []
            with ui.element("div").classes("bar-row"):
                for name in _ENDS:
                    if name in unit.methods:
                        self._ends[name] = self._end_button(unit.methods[name])
            self._result = ControlResult(person.say)
            for name, point in _HEATS.items():
                if name in unit.methods and point in unit.variables:
                    self._form(unit.methods[name], unit.variables[point])
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

    def _form(self, method: MethodModel, variable: Variable) -> None:
        """Build the inputs of one method: a target and, for a schedule, a time of day."""
        say = self._person.say
        with ui.element("div").classes("faceplate"):
            label = say(texts.PROGRAM_METHODS[method.name])
            ui.html(f'<span class="l">{escape(label)}</span>', sanitize=False)
            with ui.element("div").classes("bar-row"):
                time = None
                if "ReadyAt" in method.inputs:
                    time = ui.input(label=say(texts.READY_AT)).props("type=time dense outlined")
                    time.props('data-ready-at="time"')
                target = NumberField(
                    self._person.language,
                    variable,
                    method.inputs["Target"].span,
                    label=texts.TARGET,
                    mark=f'data-target="{method.name}"',
                    on_change=lambda: check(),
                )
                button = ui.button(say(texts.START_PROGRAM))
                button.props(f'unelevated no-caps data-start="{method.name}"')
            limits_line(target)
            gate = ReasonedButton(say, button)
            result = ControlResult(say)

        def check() -> None:
            # One program at a time in a tank; a new schedule replaces the old one.
            if time is None and self._tank_is_busy:
                gate.settle(texts.TANK_BUSY)
            else:
                gate.settle(texts.CHOOSE_TIME if time and not time.value else target.problem)

        async def act() -> None:
            if target.value is None:
                return
            when = [] if time is None else [self._next(time.value)]
            rest = [0.0] * (len(method.inputs) - len(when) - 1)  # 0: the server's default
            call = self._person.call(method, *when, target.value, *rest)
            await result.of(call, lambda _: "")
            await self._refresh()

        button.on_click(act)
        if time is not None:
            time.on_value_change(check)
        self._checks.append(check)
        check()

    def _next(self, clock: str) -> datetime:
        """Return the next time at which the site's clock shows a time of day such as ``07:00``."""
        # The server's clock and not that of this machine or of the browser: it decides when a
        # schedule starts.
        now = aware(self._person.now()).astimezone(self._zone)
        hour, minute = map(int, clock.split(":")[:2])
        today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)

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
        for check in self._checks:
            check()


@dataclass(frozen=True, slots=True)
class SiteClock:
    """Clock of the site, for times as text: ``Mon 07:00``."""

    zone: ZoneInfo
    language: Language

    def text(self, time: datetime | None) -> str:
        """Return a time of the coming days with its weekday."""
        if time is None:
            return texts.NO_VALUE
        local = aware(time).astimezone(self.zone)
        return f"{self.language.weekday(local)} {local:%H:%M}"


def _lines(unit: HeatPumpModel, values: Mapping[str, Any], clock: SiteClock) -> list[Phrase]:
    """Return a sentence for each override, schedule and tank program."""
    lines = []
    overrides: Sequence[str] = values.get("Overrides") or ()
    before: Sequence[float] = values.get("OverriddenValues") or ()
    by_name = {variable.name: variable for variable in unit.variables.values()}
    for name, value in zip(overrides, before, strict=False):
        # A setting without a variable has no title and no unit to be shown with.
        variable = by_name.get(name)
        if variable is not None:
            shown = (
                f"{value_text(variable, value, clock.language.decimal)} {variable.unit}".rstrip()
            )
            lines.append(texts.overridden(variable.title, shown))
    if values.get("ScheduleReadyAt"):
        target = _degrees(unit, "supply_setpoint", values.get("ScheduleTarget"), clock)
        start = values.get("ScheduleStartAt")
        lines.append(
            texts.scheduled(
                target,
                clock.text(values["ScheduleReadyAt"]),
                clock.text(start) if start else "",
            )
        )
    if values.get("TankProgram"):
        target = _degrees(unit, "dhw_setpoint", values.get("TankTarget"), clock)
        what = texts.TANK_PROGRAMS.get(values["TankProgram"], "")
        lines.append(texts.tank_program(what, target, clock.text(values.get("TankUntil"))))
    return lines


def _degrees(unit: HeatPumpModel, point: str, value: float | None, clock: SiteClock) -> str:
    return _shown(unit.variables[point], value, clock)


def _shown(variable: Variable, value: float | None, clock: SiteClock) -> str:
    return f"{value_text(variable, value, clock.language.decimal)} {variable.unit}".rstrip()
