"""The panel of what is forecast of a heat pump for the next day."""

from __future__ import annotations

import asyncio
from html import escape
from zoneinfo import ZoneInfo

import structlog
from asyncua import ua
from nicegui import background_tasks, ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.forecast_strip import LENGTH, Window, clock, strip
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.trends.forecast_ahead import forecasts_of, read_band

logger = structlog.stdlib.get_logger(__name__)

FORECASTS = (
    "forecast_thermal_power", "forecast_electrical_power", "forecast_cop",
    "forecast_room_temperature", "forecast_dhw_temperature",
)  # fmt: skip
"""Points whose future is drawn, as far as a heat pump has them."""
_AGAIN, _AFTER_FAILURE = 600.0, 30.0
"""[s]"""


def day_ahead(person: Person, unit: HeatPumpModel, zone: ZoneInfo) -> None:
    """Build the panel; none for a heat pump that is not forecast."""
    known = [unit.variables[point] for point in FORECASTS if point in unit.variables]
    if not known:
        return
    say = person.say
    with ui.element("section").classes("panel ahead-panel of-record"):
        ui.html(
            f"<h2>{escape(say(texts.DAY_AHEAD))} <mark>{escape(say(texts.PREDICTED))}</mark></h2>"
            f'<p class="calm ahead-legend"><i class="middle"></i>{escape(say(texts.FORECAST))} '
            f'<i class="band"></i>{escape(say(texts.EIGHT_OF_TEN))}</p>',
            sanitize=False,
        )
        place = ui.html("", sanitize=False).props("data-ahead")
    place.content = f'<p class="calm">{escape(say(texts.TREND_READING))}</p>'

    async def draw() -> None:
        window = Window(person.now(), zone)
        found = await forecasts_of(person.client, known, person.points)
        strips = [
            strip(variable, await read_band(person.client, forecast, window.start,
                                            window.start + LENGTH), window, person.language)
            for variable in known if (forecast := found.get(variable.key)) is not None
        ]  # fmt: skip
        none = f'<p class="calm">{escape(say(texts.NOTHING_FORECAST))}</p>'
        place.content = "".join(strips) + clock(window) if any(strips) else none

    async def keep() -> None:
        while True:
            try:
                await draw()
                pause = _AGAIN
            except (TwinUnreachableError, OSError, TimeoutError, ua.UaError) as error:
                # What is drawn stays, and the page is marked as old.
                logger.debug("forecast_not_read", error=repr(error))
                pause = _AFTER_FAILURE
            await asyncio.sleep(pause)

    # In the background: reading takes longer than the page builder may.
    drawing = background_tasks.create(keep(), name="day ahead")
    ui.context.client.on_delete(lambda: drawing.cancel())
