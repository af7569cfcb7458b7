"""Trend chart: points over time with what lay before, what is forecast, and what happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson
import structlog
from asyncua import ua
from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import epoch_ms
from heatpump_twin.hmi.trends.decimation import Silence, TrendPoint
from heatpump_twin.hmi.trends.forecast_ahead import forecasts_of, read_band
from heatpump_twin.hmi.trends.trend_reader import read_series
from heatpump_twin.hmi.trends.trend_series import described, panes_of
from heatpump_twin.hmi.trends.trend_view import Placed, TrendView, earlier_by

logger = structlog.stdlib.get_logger(__name__)

_AHEAD = timedelta(hours=48)
"""How far forecasts reach."""
_TOGETHER = 4
"""Lines in one request: the first are drawn while the others are read."""
_SHORTEST = timedelta(seconds=1)


class Watcher(Protocol):
    """Whoever shows more of a trend than its chart."""

    def begin(self, view: TrendView, shown: Sequence[tuple[Placed, Variable]]) -> None:
        """Take note that a view is drawn, with those of its points that have a history."""
        ...

    async def read(
        self, view: TrendView, variables: Sequence[Variable], start: datetime, end: datetime
    ) -> None:
        """Read what else is to be told of a range, behind its lines."""
        ...


class TrendChart:
    """Chart of a trend view; one reading is under way at a time."""

    def __init__(
        self, person: Person, zone: ZoneInfo, silence: int, watcher: Watcher | None = None
    ) -> None:
        self._person, self._zone, self._silence, self._watcher = person, zone, silence, watcher
        self._view = TrendView()
        self._variables: list[Variable] = []
        self._range = (person.now(), person.now())
        self._reading: asyncio.Task[None] | None = None
        self._client = ui.context.client
        for name in ("time_axis.js", "trend.js"):
            ui.add_head_html(f'<script src="{assets.url(name)}"></script>')
        # Without animation: a chart that is drawn while it is read would never come to rest.
        self._chart = ui.echart({"animation": False}).classes("chart")
        self._note = ui.html("", sanitize=False).classes("note").props('id="trend-note"')
        ui.on("trend-window", self._read_window)
        ui.on("trend-full", lambda: self.show(self._view))
        self._client.on_delete(self.close)

    def close(self) -> None:
        """Stop reading: the page is gone, or shows something else."""
        if self._reading is not None:
            self._reading.cancel()

    def show(self, view: TrendView) -> None:
        """Draw another view, and read all of it."""
        self._start(self._show(view))

    async def _show(self, view: TrendView) -> None:
        keys = [point.key for point in view.points]
        known = await self._person.points.learn(self._person.client, keys)
        shown = [
            (point, variable)
            for point in view.points
            if (variable := known.get(point.key)) is not None and variable.has_history
        ]
        self._view, self._variables = view, [variable for _, variable in shown]
        now = self._person.now()
        start, end = self._range = view.range(now)
        until = end + _AHEAD if view.ahead and view.start is None else end
        panes = panes_of([point for point, _ in shown], known)
        series = [described(v, self.name(v), panes[v.key]) for v in self._variables]
        self._run(
            "trend.begin", self._setup(), series, epoch_ms(start), epoch_ms(until),
            epoch_ms(min(now, end)),
        )  # fmt: skip
        if self._watcher is not None:
            self._watcher.begin(view, shown)
        await self._read_view(start, min(end, now), until)

    def name(self, variable: Variable) -> str:
        """Return the name of a line: with its heat pump, where there are lines of several."""
        owner = _owner(variable)
        unit = next((unit for unit in self._person.units if unit.id == owner), None)
        if unit is None or len(self._owners()) == 1:
            return variable.title
        return f"{unit.name} · {variable.title}"

    def _owners(self) -> set[str]:
        """Return the ids of the heat pumps, or of the site, whose points are shown."""
        return {_owner(variable) for variable in self._variables}

    def _simulated(self) -> int | None:
        """Return until when history of what is shown was simulated. [ms since the epoch]"""
        owners = self._owners()
        ends = [u.simulated_until for u in self._person.units if u.id in owners]
        return max((epoch_ms(end) for end in ends if end is not None), default=None)

    def _setup(self) -> dict[str, Any]:
        person, view = self._person, self._view
        simulated = self._simulated()
        return {
            "id": self._chart.id,
            "zone": self._zone.key,
            "language": person.language.code,
            "follows": view.start is None,
            # History that nobody has recorded is shaded.
            "simulated": [simulated, person.say(texts.SIMULATED)] if simulated else None,
            "earlier": person.say(texts.EARLIER[view.earlier]) if view.earlier else "",
            "forecast": person.say(texts.FORECAST),
        }

    def _read_window(self, event: GenericEventArguments) -> None:
        """Read the zoomed window again, finer; keep the whole range around it."""
        start, end = (_time(float(value)) for value in event.args[:2])
        first, last = self._range
        # What the browser asks for is bounded here: the range decides how much is read.
        start, end = max(first, start), min(max(last, self._person.now()), end)
        if end - start > _SHORTEST:
            self._start(self._read_lines(start, end, detail=True))

    def _start(self, reading: Coroutine[Any, Any, None]) -> None:
        self.close()
        # In the background: reading takes longer than the page builder may.
        self._reading = background_tasks.create(self._told(reading), name="trend")

    async def _told(self, reading: Coroutine[Any, Any, None]) -> None:
        self._say(texts.TREND_READING)
        try:
            await reading
        except ua.UaStatusCodeError as error:
            self._say(texts.trend_failed(texts.reason(status_name(error.code))))
        except (TwinUnreachableError, OSError, TimeoutError, ua.UaError):
            self._say(texts.trend_failed(texts.TWIN_UNREACHABLE))
        else:
            self._say("")
            self._run("trend.end")

    async def _read_view(self, start: datetime, end: datetime, until: datetime) -> None:
        await self._read_lines(start, end, detail=False)
        if until > end:
            await self._read_forecasts(end, until)
        if self._watcher is not None:
            await self._watcher.read(self._view, self._variables, start, end)

    async def _read_lines(self, start: datetime, end: datetime, *, detail: bool) -> None:
        async for variable, points in self._lines(start, end):
            self._run("trend.data", variable.key, points, epoch_ms(start), epoch_ms(end), detail)
        if self._view.earlier:
            before = [earlier_by(self._view, time, self._zone) for time in (start, end)]
            shift = epoch_ms(start) - epoch_ms(before[0])
            async for variable, points in self._lines(*before):
                shifted = [(time + shift, value) for time, value in points]
                span = epoch_ms(start), epoch_ms(end)
                self._run("trend.earlier", variable.key, shifted, *span, detail)

    async def _lines(
        self, start: datetime, end: datetime
    ) -> AsyncIterator[tuple[Variable, list[TrendPoint]]]:
        for some in _groups(self._variables):
            silence = Silence(self._silence, self._simulated() or 0)
            read = await read_series(self._person.client, some, start, end, silence)
            for variable, points in zip(some, read, strict=True):
                yield variable, points

    async def _read_forecasts(self, start: datetime, end: datetime) -> None:
        client = self._person.client
        found = await forecasts_of(client, self._variables, self._person.points)
        for key, forecast in found.items():
            band = await read_band(client, forecast, start, end)
            self._run("trend.band", key, band.middle, band.lower, band.upper)

    def _run(self, function: str, *arguments: Any) -> None:
        values = ",".join(orjson.dumps(argument).decode() for argument in arguments)
        self._client.run_javascript(f"{function}({values})")

    def _say(self, text: str) -> None:
        self._note.content = self._person.say(text)


def _owner(variable: Variable) -> str:
    return variable.key.partition(".")[0]


def _groups(variables: Sequence[Variable]) -> Iterable[Sequence[Variable]]:
    return (variables[i : i + _TOGETHER] for i in range(0, len(variables), _TOGETHER))


def _time(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
