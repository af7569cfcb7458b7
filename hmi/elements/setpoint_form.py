"""Form that writes a setpoint: its limits, the value on the button, what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.calls import Outcome
from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.elements.reasoned_button import NumberField, ReasonedButton, limits_line
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Input, MethodModel, Variable
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import told_text

_REASONED = "SetWithReason"
_LONGEST = 500
"""Of a reason, as the method has it. [characters]"""


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


class ReasonField:
    """Field for why something is written; a server that takes no reason is not asked to.

    It is shown once there is something to give a reason for.
    """

    def __init__(self, person: Person, unit: HeatPumpModel, variable: Variable) -> None:
        self._person, self._variable = person, variable
        self._method = unit.methods.get(_REASONED)
        self._field: ui.input | None = None
        if self._method is not None:
            self._field = ui.input(label=person.say(texts.WHY)).props(
                f'dense outlined maxlength={_LONGEST} data-why="{variable.id}"'
            )
            self.show(there=False)

    def show(self, *, there: bool) -> None:
        """Show the field where there is something to write."""
        if self._field is not None:
            self._field.set_visibility(there)

    def call(self, method: MethodModel, value: float) -> Awaitable[Outcome]:
        """Return the call that writes a value, with the reason where one is given."""
        why = str(self._field.value or "").strip() if self._field is not None else ""
        if why and self._method is not None:
            return self._person.call(self._method, self._variable.name, value, why)
        return self._person.call(method, *([value] if method.inputs else []))

    def clear(self) -> None:
        """Forget the reason: the next write has one of its own."""
        if self._field is not None:
            self._field.value = ""


class SetpointForm:
    """Form that writes a number with limits; a value outside them cannot be sent."""

    def __init__(
        self,
        person: Person,
        unit: HeatPumpModel,
        variable: Variable,
        method: MethodModel,
        takes: Input,
    ) -> None:
        self._person, self._say = person, person.say
        self._variable, self._method = variable, method
        with ui.element("div").classes("bar-row"):
            self._field = NumberField(
                person.language,
                variable,
                takes.span,
                label=texts.NEW_VALUE,
                mark=f'data-setpoint="{variable.id}"',
                on_change=lambda: self._check(),
            )
            self._button = ui.button(self._say(texts.WRITE), on_click=self._write).props(
                "unelevated"
            )
            self._button.props(f'data-write="{variable.id}" no-caps')
        limits_line(self._field)
        self._why = ReasonField(person, unit, variable)
        self._gate = ReasonedButton(self._say, self._button)
        self._result = ControlResult(person.say)
        self._check()

    def _check(self) -> None:
        value = self._field.value
        self._gate.settle(self._field.problem)
        self._why.show(there=value is not None)
        shown = texts.WRITE if value is None else texts.write(self._shown(value))
        self._button.text = self._say(shown)

    def _shown(self, value: float) -> str:
        """Return a value of the server as the person reads it."""
        return told_text(self._variable, value, self._person.language.decimal)

    async def _write(self) -> None:
        value = self._field.value
        if value is None:
            return
        # Until it has ended: a second click would write twice.
        self._button.disable()
        try:
            outcome = await self._result.of(
                self._why.call(self._method, value),
                lambda number: texts.written(self._shown(number)),
            )
            if outcome.done:
                self._why.clear()
        finally:
            self._check()
