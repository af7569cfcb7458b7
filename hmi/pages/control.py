"""Control panel: setpoints and switches with limits, confirmation and result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.calls import Outcome
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Input, MethodModel, Variable
from heatpump_twin.hmi.pages.markup import Say, bar, live
from heatpump_twin.hmi.pages.reasoned_button import NumberField, ReasonedButton, limits_line
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import value_text


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
            else:
                _Setpoint(person, unit, variable, *setter)


class ControlResult:
    """Result line under a faceplate, with the outcome of the last command."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._place = ui.html("", sanitize=False).classes("result")
        self._place.props('role="status" aria-live="polite"')

    async def of(self, command: Awaitable[Outcome], read_back: Callable[[float], str]) -> Outcome:
        """Await a command; show that it is under way, then its outcome."""
        self._show("busy", self._say(texts.WRITING))
        outcome = await command
        parts = [self._say(outcome.message)]
        if (
            outcome.read_back is not None
            and outcome.done
            and (shown := read_back(outcome.read_back))
        ):
            parts.insert(0, self._say(shown))
        self._show("done" if outcome.done else "failed", " · ".join(parts))
        return outcome

    def _show(self, kind: str, text: str) -> None:
        self._place.content = f'<p class="{kind}">{escape(text)}</p>'


class _Setpoint:
    """Faceplate of a number with limits; a value outside them cannot be sent."""

    def __init__(
        self,
        person: Person,
        unit: HeatPumpModel,
        variable: Variable,
        method: MethodModel,
        takes: Input,
    ) -> None:
        self._person, self._unit, self._say = person, unit, person.say
        self._variable, self._method = variable, method
        with ui.element("div").classes("faceplate"):
            ui.html(
                f'<span class="l">{escape(variable.title)}</span>{live(variable)}{bar(variable)}',
                sanitize=False,
            ).classes("figure")
            with ui.element("div").classes("bar-row"):
                self._field = NumberField(
                    person.language,
                    variable,
                    # The method's own limits first: the range of the variable is what the
                    # quantity normally spans.
                    takes.span or variable.span,
                    label=texts.NEW_VALUE,
                    mark=f'data-setpoint="{variable.id}"',
                    on_change=lambda: self._check(),
                )
                self._button = ui.button(self._say(texts.WRITE), on_click=self._write).props(
                    "unelevated"
                )
                self._button.props(f'data-write="{variable.id}" no-caps')
            limits_line(self._field)
            self._gate = ReasonedButton(self._say, self._button)
            self._result = ControlResult(person.say)
        self._check()

    def _check(self) -> None:
        value = self._field.value
        self._gate.settle(self._field.problem)
        shown = texts.WRITE if value is None else texts.write(self._shown(value))
        self._button.text = self._say(shown)

    def _shown(self, value: float) -> str:
        text = value_text(self._variable, value, self._person.language.decimal)
        return f"{text} {self._variable.unit}".rstrip()

    async def _write(self) -> None:
        value = self._field.value
        if value is None:
            return
        # Until it has ended: a second click would write twice.
        self._button.disable()
        try:
            await self._result.of(
                self._person.call(self._method, value),
                lambda number: texts.written(self._shown(number)),
            )
        finally:
            self._check()


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
            self._gate = ReasonedButton(person.say, self._button)
            self._select.on_value_change(self._check)
            self._result = ControlResult(person.say)
        self._check()

    def _check(self) -> None:
        self._gate.settle(texts.CHOOSE_VALUE if self._select.value is None else "")

    async def _write(self) -> None:
        code = self._select.value
        if code is None:
            return
        chosen = f"{self._variable.title} → {self._variable.states[code]}"
        # Asked for states and commands, not for a setpoint within its limits: a question at each
        # step would be clicked away unread.
        decimal = self._person.language.decimal
        if await confirmed(self._person.say, texts.ask(chosen, self._unit.name)):
            await self._result.of(
                self._person.call(self._method, code),
                lambda number: texts.written(value_text(self._variable, number, decimal)),
            )


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
            self._result = ControlResult(person.say)

    async def _act(self, method: MethodModel) -> None:
        action = texts.ACTIONS[method.name]
        if await confirmed(self._person.say, texts.ask(action, self._unit.name)):
            await self._result.of(self._person.call(method), lambda _: action)


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
