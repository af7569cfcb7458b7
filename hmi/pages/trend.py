"""Trend panel: recorded values of chosen points, drawn as they are read, carried on live."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import structlog
from asyncua import ua
from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable
from heatpump_twin.hmi.history import read_trend
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import decimals, epoch_ms

logger = structlog.stdlib.get_logger(__name__)

_HOUR = 3_600_000
# Together at most 2,000 points per series: the whole span, a zoomed window, and what comes in live.
_LIMIT = 1200
_DETAIL = 500
_DRAW_EVERY = 0.4
_DEFAULT = ("supply_temperature", "return_temperature", "supply_setpoint", "electrical_power")
_MOST = 8


class TrendPanel:
    """Trend chart with a choice of points and spans; one reading is under way at a time."""

    def __init__(self, person: Person, unit: HeatPumpModel, timezone: str, silence: int) -> None:
        self._person, self._silence = person, silence
        self._variables = {v.id: v for v in unit.variables.values() if v.has_history}
        self._reading: asyncio.Task[None] | None = None
        self._span = (0, 0)
        self._client = ui.context.client
        for name in ("time_axis.js", "trend.js"):
            ui.add_head_html(f'<script src="{assets.url(name)}"></script>')
        with ui.element("section").classes("panel trend-panel"):
            with ui.element("header").classes("bar-row"):
                ui.html(f"<h2>{person.say(texts.TREND)}</h2>", sanitize=False)
                self._points = ui.select(
                    {key: variable.title for key, variable in self._variables.items()},
                    value=[key for key in _DEFAULT if key in self._variables],
                    multiple=True,
                    label=person.say(texts.POINTS),
                    on_change=self._restart,
                ).props(f"dense outlined use-chips options-dense max-values={_MOST}")
                self._points.classes("points")
                self._hours = ui.toggle(texts.RANGES, value=1, on_change=self._restart)
                self._hours.props("unelevated no-caps dense")
            # Without animation: a chart that is drawn while it is read would never come to rest.
            self._chart = ui.echart({"animation": False}).classes("chart")
            self._note = ui.html("", sanitize=False).classes("note").props('id="trend-note"')
        ui.on("trend-window", self._read_window)
        ui.on("trend-full", self._restart)
        language = person.language.code
        until = unit.simulated_until
        self._setup = {
            "id": self._chart.id,
            "zone": timezone,
            "language": language,
            # History that nobody has recorded is shaded.
            "simulated": None if until is None else [epoch_ms(until), person.say(texts.SIMULATED)],
        }
        ui.timer(0, self._restart, once=True)

    def close(self) -> None:
        """Stop reading: the page is gone."""
        if self._reading is not None:
            self._reading.cancel()

    def _restart(self) -> None:
        """Read the whole span of the chosen points anew."""
        end = epoch_ms(self._person.now())
        self._span = (end - self._hours.value * _HOUR, end)
        chosen = self._chosen()
        series = [
            {
                "key": variable.key,
                "name": variable.title,
                "unit": variable.unit,
                "span": variable.span,
                "decimals": decimals(variable),
                "step": bool(variable.states) or variable.group == "Configuration",
                "states": {str(code): text for code, text in variable.states.items()},
            }
            for variable in chosen
        ]
        self._run("trend.begin", self._setup, series, *self._span)
        self._start(chosen, *self._span, _LIMIT, detail=False)

    def _read_window(self, event: GenericEventArguments) -> None:
        """Read the zoomed window of the trend again, finer; keep the whole span around it."""
        start, end = (round(float(value)) for value in event.args[:2])
        first, last = self._span
        # What the browser asks for is bounded here: the span decides how much is read.
        start, end = max(first, start), min(max(last, epoch_ms(self._person.now())), end)
        if end - start > 1000:
            self._start(self._chosen(), start, end, _DETAIL, detail=True)

    def _chosen(self) -> list[Variable]:
        return [self._variables[key] for key in self._points.value or ()][:_MOST]

    def _start(
        self, variables: list[Variable], start: int, end: int, limit: int, *, detail: bool
    ) -> None:
        self.close()
        # In the background: reading takes longer than the page builder may.
        self._reading = background_tasks.create(
            self._read(variables, start, end, limit, detail=detail), name="trend"
        )

    async def _read(
        self, variables: list[Variable], start: int, end: int, limit: int, *, detail: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        self._say(texts.TREND_READING)
        try:
            for variable in variables:
                drawn, envelope = loop.time(), None
                async for envelope in read_trend(
                    self._person.client, variable, start, end, limit=limit, silence=self._silence
                ):
                    # A zoomed window is drawn at its end only: half of it would jump about under
                    # the pointer.
                    if loop.time() - drawn > _DRAW_EVERY and not detail:
                        self._run("trend.data", variable.key, envelope.points(), start, end, False)
                        drawn = loop.time()
                if envelope is not None:
                    points = envelope.points()
                    self._run("trend.data", variable.key, points, start, end, detail)
        except ua.UaStatusCodeError as error:
            self._say(texts.trend_failed(texts.reason(status_name(error.code))))
        except (TwinUnreachableError, OSError, TimeoutError, ua.UaError):
            self._say(texts.trend_failed(texts.TWIN_UNREACHABLE))
        else:
            self._say("")
            self._run("trend.end")

    def _run(self, function: str, *arguments: Any) -> None:
        values = ",".join(orjson.dumps(argument).decode() for argument in arguments)
        self._client.run_javascript(f"{function}({values})")

    def _say(self, text: str) -> None:
        self._note.content = self._person.say(text)
