"""The faceplate: one point of a heat pump with all that a person decides by, over the page.

A native dialog, one for each page: it keeps the focus within, Escape closes it, and the focus goes
back to where it was opened.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from html import escape
from zoneinfo import ZoneInfo

import structlog
from asyncua import ua
from nicegui import background_tasks, ui

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.elements.course import course
from heatpump_twin.hmi.elements.markup import bar, live
from heatpump_twin.hmi.elements.setpoint_form import SetpointForm
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable
from heatpump_twin.hmi.journal.aggregates import AVERAGE, read_aggregates
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import span_text
from heatpump_twin.hmi.trends.trend_view import Placed, TrendView

logger = structlog.stdlib.get_logger(__name__)

_SPAN, _STEP = timedelta(hours=1), 60_000.0
"""Of the course, and of one average in it. [ms]"""


class Faceplate:
    """Faceplate of whichever point of a heat pump is asked for."""

    def __init__(self, person: Person, unit: HeatPumpModel, zone: ZoneInfo) -> None:
        self._person, self._unit, self._zone, self._say = person, unit, zone, person.say
        self._by_key = {variable.key: variable for variable in unit.variables.values()}
        self._reading: asyncio.Task[None] | None = None
        ui.add_head_html(
            f'<link rel="stylesheet" href="{assets.url("faceplate.css")}">'
            f'<script src="{assets.url("faceplate.js")}"></script>'
        )
        dialog = ui.element("dialog").classes("panel").props("id=faceplate aria-labelledby=fp-name")
        with dialog:
            close = escape(person.say(texts.CLOSE))
            ui.html(
                f'<h2 id="fp-name"></h2><form method="dialog"><button class="quiet" '
                f'aria-label="{close}" title="{close}">✕</button></form>',
                sanitize=False,
            ).classes("fp-head")
            self._body = ui.element("div").classes("fp-body")
        ui.on("faceplate", lambda event: self._open(str(event.args)))
        ui.context.client.on_delete(self.close)

    def close(self) -> None:
        """Stop reading: the page is gone, or another point is asked for."""
        if self._reading is not None:
            self._reading.cancel()

    def _open(self, key: str) -> None:
        variable = self._by_key.get(key)
        # What a browser asks for is none of ours until it is found.
        if variable is None:
            return
        self.close()
        self._body.clear()
        with self._body:
            ui.html(self._now(variable), sanitize=False)
            course_place = ui.html("", sanitize=False).classes("fp-course")
            ui.html(self._alarms(variable), sanitize=False)
            self._write(variable)
            ui.html(self._link(variable), sanitize=False)
        if variable.has_history and not variable.states:
            course_place.content = f'<p class="calm">{escape(self._say(texts.TREND_READING))}</p>'
            self._reading = background_tasks.create(
                self._read(variable, course_place), name="faceplate"
            )

    def _now(self, variable: Variable) -> str:
        """Return value, quality, time and age, range, what is expected, and what it is."""
        key, say = escape(variable.key), self._say
        rows = [
            (texts.COLUMNS[4], f'<span data-quality="{key}"></span>'),
            (texts.COLUMNS[5], f'<span data-time="{key}">{texts.NO_VALUE}</span>'),
            (texts.AGE, f'<span data-age="{key}">{texts.NO_VALUE}</span>'),
            (texts.COLUMNS[3], self._range(variable)),
            (texts.EXPECTED, self._expected(variable)),
            (texts.RESIDUAL, self._other(f"{variable.id}_residual")),
        ]
        facts = "".join(
            f"<div><dt>{escape(say(label))}</dt><dd>{shown}</dd></div>"
            for label, shown in rows
            if shown
        )
        about = f'<p class="calm">{escape(variable.text)}</p>' if variable.text else ""
        return f'<p class="fp-value">{live(variable)}</p>{bar(variable)}<dl>{facts}</dl>{about}'

    def _range(self, variable: Variable) -> str:
        if variable.span is None or variable.states:
            return ""
        return escape(span_text(variable, variable.span, self._person.language))

    def _expected(self, variable: Variable) -> str:
        """Return what the model of the machine expects, with the half of its interval."""
        expected = self._other(f"expected_{variable.id}")
        half = self._other(f"expected_{variable.id}_uncertainty")
        return f"{expected} ± {half}" if half else expected

    def _other(self, identifier: str) -> str:
        other = self._unit.variables.get(identifier)
        return live(other) if other is not None else ""

    def _alarms(self, variable: Variable) -> str:
        """Return the place of its alarms, which the page's script fills in."""
        return (
            f"<h3>{escape(self._say(texts.ALARMS))}</h3>"
            f'<div class="fp-alarms" data-own-alarms="{escape(variable.key)}" '
            f'data-none="{escape(self._say(texts.NO_OWN_ALARMS))}"></div>'
        )

    def _write(self, variable: Variable) -> None:
        setter = self._unit.setter(variable)
        if setter is None:
            return
        with ui.element("div").classes("control fp-write"):
            ui.html(f"<h3>{escape(self._say(texts.WRITE))}</h3>", sanitize=False)
            if not variable.states:
                SetpointForm(self._person, self._unit, variable, *setter)
                return
            # Its menu would open beneath this dialog: it is chosen in the panel of the page.
            ui.html(
                f'<button type="button" class="quiet" '
                f"onclick=\"faceplate.goTo('[data-setpoint=&quot;{variable.id}&quot;]')\">"
                f"{escape(self._say(texts.TO_CONTROL))}</button>",
                sanitize=False,
            )

    def _link(self, variable: Variable) -> str:
        if not variable.has_history:
            return ""
        view = TrendView((Placed(variable.key),)).query(self._zone)
        words = escape(self._say(texts.TRENDS))
        return f'<p class="bar-row end"><a href="/trends?{escape(view)}">{words} →</a></p>'

    async def _read(self, variable: Variable, place: ui.html) -> None:
        end = self._person.now()
        try:
            (samples,) = await read_aggregates(
                self._person.client, [(variable, AVERAGE)], end - _SPAN, end, _STEP
            )
        except (TwinUnreachableError, OSError, TimeoutError, ua.UaError) as error:
            logger.debug("course_not_read", error=repr(error))
            failed = self._say(texts.trend_failed(self._say(texts.TWIN_UNREACHABLE)))
            place.content = f'<p class="calm">{escape(failed)}</p>'
        else:
            language = self._person.language
            place.content = course(language, variable, [sample.value for sample in samples])
