"""What is forecast for the next day, of a heat pump or of the site."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

import structlog
from asyncua import ua
from nicegui import background_tasks, ui

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.elements.forecast_strip import LENGTH, Window, clock, strip
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.trends.forecast_ahead import forecasts_of, read_band

logger = structlog.stdlib.get_logger(__name__)

_AGAIN, _AFTER_FAILURE = 600.0, 30.0
"""[s]"""


def day_ahead(person: Person, known: Sequence[Variable], zone: ZoneInfo, css: str = "") -> None:
    """Draw the future of some variables; nothing where there are none."""
    if not known:
        return
    say = person.say
    ui.add_head_html(f'<link rel="stylesheet" href="{assets.url("ahead.css")}">')
    with ui.element("section").classes(f"ahead-panel of-record {css}"):
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
