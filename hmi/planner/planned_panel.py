"""What is planned: the next start and why then, and the other schedules."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.setpoint_form import ControlResult
from heatpump_twin.hmi.elements.site_clock import SiteClock
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.pages.control import confirmed
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.planner.ready_quantity import CANCEL, of_schedule, target_text


class PlannedPanel:
    """Panel of the schedules of a heat pump, read again and again."""

    def __init__(self, person: Person, unit: HeatPumpModel, zone: ZoneInfo) -> None:
        self._person, self._unit, self._say = person, unit, person.say
        self._clock, self._decimal = SiteClock(zone, person.language), person.language.decimal
        ui.html(f"<h2>{escape(self._say(texts.PLANNED))}</h2>", sanitize=False)
        self._place = ui.html("", sanitize=False).props('data-planned aria-live="polite"')
        self._cancel: ui.button | None = None
        if CANCEL in unit.methods:
            self._cancel = ui.button(self._say(texts.PROGRAM_METHODS[CANCEL]), on_click=self._end)
            self._cancel.props(f'unelevated no-caps data-action="{CANCEL}"')
            # Shown when there is something to end: an action that can only fail is not offered.
            self._cancel.set_visibility(False)
        self._result = ControlResult(self._say)

    def show(self, values: Mapping[str, Any]) -> None:
        """Show what the variables of programs say."""
        planned = bool(values.get("ScheduleReadyAt"))
        if self._cancel is not None:
            self._cancel.set_visibility(planned)
        none = f'<p class="calm">{escape(self._say(texts.NOTHING_PLANNED))}</p>'
        self._place.content = self._next(values) + self._others(values) if planned else none

    def _next(self, values: Mapping[str, Any]) -> str:
        quantity = of_schedule(values.get("ScheduleQuantity"))
        what = "" if quantity is None else self._say(quantity.title)
        target = target_text(self._unit, quantity, values.get("ScheduleTarget"), self._decimal)
        ready_at, start_at = values["ScheduleReadyAt"], values.get("ScheduleStartAt")
        rows = [
            (texts.READY_AT, self._clock.text(ready_at)),
            (texts.STARTS_AT, self._clock.text(start_at) if start_at else texts.NO_VALUE),
            (texts.PHASE, self._say(texts.READY_PHASES.get(values.get("SchedulePhase") or 0, ""))),
        ]
        facts = "".join(
            f"<div><dt>{escape(self._say(label))}</dt><dd>{escape(shown)}</dd></div>"
            for label, shown in rows
        )
        why = values.get("ScheduleReason")
        reason = f'<p class="calm" data-why>{escape(why)}</p>' if why else ""
        return f'<p class="plan-next">{escape(what)} {escape(target)}</p><dl>{facts}</dl>{reason}'

    def _others(self, values: Mapping[str, Any]) -> str:
        others = list(values.get("Schedules") or ())[1:]
        if not others:
            return ""
        items = "".join(f"<li>{escape(words)}</li>" for words in others)
        return f"<h3>{escape(self._say(texts.OTHER_SCHEDULES))}</h3><ul>{items}</ul>"

    async def _end(self) -> None:
        label = texts.PROGRAM_METHODS[CANCEL]
        if await confirmed(self._say, texts.ask(label, self._unit.name)):
            await self._result.of(self._person.call(self._unit.methods[CANCEL]), lambda _: "")
