"""Control panel: setpoints and switches with limits, confirmation and result."""

from __future__ import annotations

from html import escape

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say, bar, live
from heatpump_twin.hmi.elements.reasoned_button import ReasonedButton
from heatpump_twin.hmi.elements.setpoint_form import ControlResult, ReasonField, SetpointForm
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Input, MethodModel, Variable
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import value_text

_SWITCH, _SWITCHED = "unit_enabled", {"Start": 1.0, "Stop": 0.0}
"""What commands without a value write, and which value."""


def control_panel(person: Person, unit: HeatPumpModel) -> None:
    """Build a faceplate for each setpoint and switch that this person may write."""
    with ui.element("section").classes("panel control"):
        ui.html(f"<h2>{person.say(texts.CONTROL)}</h2>", sanitize=False)
        if not unit.methods:
            ui.html(f'<p class="calm">{person.say(texts.READ_ONLY)}</p>', sanitize=False)
            return
        actions = [unit.methods[name] for name in texts.ACTIONS if name in unit.methods]
        if actions:
            _Actions(person, unit, actions)
        # What the server lets this person write and no list of ours: rights are the server's
        # matter (ADR 4).
        for variable in unit.variables.values():
            setter = unit.setter(variable)
            if setter is None:
                continue
            if variable.states:
                _Choice(person, unit, variable, *setter)
                continue
            with ui.element("div").classes("faceplate"):
                shown = f'<span class="l">{escape(variable.title)}</span>{live(variable)}'
                ui.html(shown + bar(variable), sanitize=False).classes("figure")
                SetpointForm(person, unit, variable, *setter)


class _Choice:
    """Faceplate of a choice among named states."""

    def __init__(
        self,
        person: Person,
        unit: HeatPumpModel,
        variable: Variable,
        method: MethodModel,
        takes: Input,
    ) -> None:
        self._person, self._unit = person, unit
        self._variable, self._method = variable, method
        with ui.element("div").classes("faceplate"):
            ui.html(
                f'<span class="l">{escape(variable.title)}</span>{live(variable)}', sanitize=False
            ).classes("figure")
            with ui.element("div").classes("bar-row"):
                self._select = ui.select(
                    dict(takes.states or variable.states), label=person.say(texts.NEW_VALUE)
                )
                self._select.props(f'dense outlined data-setpoint="{variable.id}"')
                self._button = ui.button(person.say(texts.WRITE), on_click=self._write)
                self._button.props(f'unelevated no-caps data-write="{variable.id}"')
            self._why = ReasonField(person, unit, variable)
            self._gate = ReasonedButton(person.say, self._button)
            self._select.on_value_change(self._check)
            self._result = ControlResult(person.say)
        self._check()

    def _check(self) -> None:
        chosen = self._select.value is not None
        self._why.show(there=chosen)
        self._gate.settle("" if chosen else texts.CHOOSE_VALUE)

    async def _write(self) -> None:
        code = self._select.value
        if code is None:
            return
        chosen = f"{self._variable.title} → {self._variable.states[code]}"
        # Asked for states and commands, not for a setpoint within its limits: a question at each
        # step would be clicked away unread.
        decimal = self._person.language.decimal
        if await confirmed(self._person.say, texts.ask(chosen, self._unit.name)):
            outcome = await self._result.of(
                self._why.call(self._method, code),
                lambda number: texts.written(value_text(self._variable, number, decimal)),
            )
            if outcome.done:
                self._why.clear()


class _Actions:
    """Faceplate of commands without a value, such as start and stop."""

    def __init__(self, person: Person, unit: HeatPumpModel, methods: list[MethodModel]) -> None:
        self._person, self._unit = person, unit
        with ui.element("div").classes("faceplate"):
            with ui.element("div").classes("bar-row"):
                for method in methods:
                    ui.button(
                        person.say(texts.ACTIONS[method.name]),
                        on_click=lambda _, chosen=method: self._act(chosen),
                    ).props(f'unelevated no-caps data-action="{method.name}"')
            switch = unit.variables.get(_SWITCH)
            self._why = None if switch is None else ReasonField(person, unit, switch)
            if self._why is not None:
                self._why.show(there=True)
            self._result = ControlResult(person.say)

    async def _act(self, method: MethodModel) -> None:
        action = texts.ACTIONS[method.name]
        if not await confirmed(self._person.say, texts.ask(action, self._unit.name)):
            return
        value = _SWITCHED.get(method.name)
        if self._why is None or value is None:
            await self._result.of(self._person.call(method), lambda _: action)
            return
        outcome = await self._result.of(self._why.call(method, value), lambda _: action)
        if outcome.done:
            self._why.clear()


async def confirmed(say: Say, question: str) -> bool:
    """Ask for confirmation of a command that starts, stops or switches a machine."""
    with ui.dialog() as dialog, ui.element("div").classes("panel dialog"):
        ui.label(say(question))
        with ui.element("div").classes("bar-row end"):
            ui.button(say(texts.CANCEL), on_click=lambda: dialog.submit(False)).props(
                "flat no-caps data-cancel"
            )
            ui.button(say(texts.CONFIRM), on_click=lambda: dialog.submit(True)).props(
                "unelevated no-caps data-confirm"
            )
    try:
        return bool(await dialog)
    finally:
        dialog.delete()
