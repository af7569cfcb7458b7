"""Form that asks for something warm by a time: once, or on days of the week."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from heatpump_twin.config.phrase import Phrase
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.reasoned_button import NumberField, ReasonedButton, limits_line
from heatpump_twin.hmi.elements.setpoint_form import ControlResult
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, MethodModel
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.planner import plan_time
from heatpump_twin.hmi.planner.ready_quantity import METHOD, ReadyQuantity, askable
from heatpump_twin.hmi.presentation import aware, duration_text

ONCE, WEEKLY = "once", "weekly"
_MONDAY = date(2024, 1, 1)
_PROBABILITIES = (50, 75, 80, 90, 95, 99)
_USUAL_PROBABILITY = 90
"""What the method takes where nobody says. [%]"""
_HOLDS = (15, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
"""[min]"""
_USUAL_TIME = "07:00"


class PlanForm:
    """Form of a smart start; what cannot be asked for is said before it is sent."""

    def __init__(
        self,
        person: Person,
        unit: HeatPumpModel,
        zone: ZoneInfo,
        planned: Callable[[], Awaitable[None]],
    ) -> None:
        self._person, self._unit, self._zone = person, unit, zone
        self._say, self._planned = person.say, planned
        self._of = {one.code: one for one in askable(unit)}
        # A dialog that is drawn field by field: nothing is checked before all are there.
        self._gate: ReasonedButton | None = None
        self._what = self._select(
            texts.READY_WHAT, {one.code: self._say(one.title) for one in self._of.values()},
            next(iter(self._of)), "data-plan=what",
        )  # fmt: skip
        self._target_place = ui.element("div")
        self._what.on_value_change(self._build_target)
        self._build_target()
        self._rhythm = ui.radio(
            {ONCE: self._say(texts.ONCE), WEEKLY: self._say(texts.WEEKLY)}, value=ONCE
        ).props("inline data-plan=rhythm")
        self._build_time()
        self._probability = self._select(
            texts.PROBABILITY, {share: f"{share} %" for share in _PROBABILITIES},
            _USUAL_PROBABILITY, "data-plan=probability",
        )  # fmt: skip
        self._hold = self._select(texts.HOLD, self._holds(), 0, "data-plan=hold")
        self._button = ui.button(self._say(texts.PLAN_IT), on_click=self._ask)
        self._button.props("unelevated no-caps data-plan=ask")
        self._gate = ReasonedButton(self._say, self._button)
        self._result = ControlResult(self._say)
        for field in (self._rhythm, self._day, self._clock, self._hold, *self._days.values()):
            field.on_value_change(self._check)
        self._check()

    @property
    def _quantity(self) -> ReadyQuantity:
        return self._of[self._what.value]

    @property
    def _method(self) -> MethodModel:
        return self._unit.methods[METHOD]

    def _select(self, label: str, of: Mapping[int, str], value: int, mark: str) -> ui.select:
        field = ui.select(dict(of), value=value, label=self._say(label))
        return field.props(f"dense outlined {mark}")

    def _holds(self) -> dict[int, str]:
        lengths = {minutes: duration_text(timedelta(minutes=minutes)) for minutes in _HOLDS}
        return {0: self._say(texts.HOLD_UNTIL_RELEASED), **lengths}

    def _build_target(self) -> None:
        """Build the field of the target anew: each quantity has its own limits."""
        variable = self._quantity.variable(self._unit)
        if variable is None:
            return
        setter = self._unit.setter(variable)
        self._target_place.clear()
        with self._target_place:
            self._target = NumberField(
                self._person.language,
                variable,
                setter[1].span if setter else None,
                label=texts.TARGET,
                mark="data-plan=target",
                on_change=lambda: self._check(),
            )
            limits_line(self._target)
        self._check()

    def _build_time(self) -> None:
        first = plan_time.next_time(_USUAL_TIME, aware(self._person.now()), self._zone)
        day = "" if first is None else first.date().isoformat()
        with ui.element("div").classes("bar-row"):
            self._day = ui.input(label=self._say(texts.DAY), value=day)
            self._day.props("type=date dense outlined stack-label data-plan=day")
            self._clock = ui.input(label=self._say(texts.READY_AT), value=_USUAL_TIME)
            self._clock.props("type=time dense outlined stack-label data-plan=time")
        label = escape(self._say(texts.WEEKDAYS))
        self._week = ui.element("div").classes("bar-row weekdays")
        self._week.props(f'role=group aria-label="{label}"')
        with self._week:
            self._days = {
                number: ui.checkbox(
                    self._person.language.weekday(_MONDAY + timedelta(days=number)),
                    value=number < 5,
                ).props(f"dense data-weekday={number}")
                for number in range(7)
            }

    def _chosen_days(self) -> list[int]:
        weekly = self._rhythm.value == WEEKLY
        return [number for number, box in self._days.items() if weekly and box.value]

    def _ready_at(self) -> datetime | None:
        if self._rhythm.value == ONCE:
            return plan_time.once(str(self._day.value), str(self._clock.value), self._zone)
        now = aware(self._person.now())
        return plan_time.weekly(self._chosen_days(), str(self._clock.value), now, self._zone)

    def _check(self) -> None:
        if self._gate is None:
            return
        weekly = self._rhythm.value == WEEKLY
        self._day.set_visibility(not weekly)
        self._week.set_visibility(weekly)
        self._gate.settle(self._problem())

    def _problem(self) -> str:
        """Return why it cannot be asked for; empty: it can."""
        if self._target.problem:
            return self._target.problem
        weekly, ready_at = self._rhythm.value == WEEKLY, self._ready_at()
        if weekly and not self._chosen_days():
            return texts.CHOOSE_DAYS
        if ready_at is None:
            return texts.CHOOSE_TIME
        ahead = ready_at - aware(self._person.now())
        if not timedelta() < ahead <= plan_time.LONGEST_AHEAD:
            return texts.WITHIN_A_WEEK
        # Else the first morning would hold for ever, and no later one would heat anything up.
        return texts.CHOOSE_HOLD if weekly and not self._hold.value else ""

    async def _ask(self) -> None:
        ready_at, target = self._ready_at(), self._target.value
        if ready_at is None or target is None:
            return
        values: dict[str, Any] = {
            "ReadyAt": ready_at,
            "Target": target,
            "Probability": float(self._probability.value),
            "Quantity": self._quantity.code,
            "Weekdays": plan_time.weekday_bits(self._chosen_days()),
            "HoldTime": timedelta(minutes=self._hold.value) / timedelta(milliseconds=1),
        }
        call = self._person.call(self._method, *(values[name] for name in self._method.inputs))
        await self._result.of(call, lambda _: Phrase(""))
        await self._planned()
