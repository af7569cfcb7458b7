"""Forecast all heat pumps of a site."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.forecasting.site_courses import SiteCourses, read_courses
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.forecast import forecast
from heatpump_twin.twin_engine.forecasting.forecast_card import ForecastCard, read_forecast_card
from heatpump_twin.twin_engine.forecasting.method import baselines
from heatpump_twin.twin_engine.model.simulation.tariff_prices import tariff_prices
from heatpump_twin.twin_engine.trajectory import Trajectory

log = structlog.stdlib.get_logger(__name__)


async def site_forecast(site: Site, data: DataDirectory, now: int | None) -> list[Trajectory]:
    """Return forecasts of all heat pumps, made at a time of what was known then.

    By default at the last that is recorded. [µs since the Unix epoch, UTC]

    Raises
    ------
    TwinError
        There is no history.
    """
    known = await read_courses(site, data, now, newest=True)
    return forecasts_of(site, data, known)


def forecasts_of(site: Site, data: DataDirectory, known: SiteCourses) -> list[Trajectory]:
    """Return forecasts of all heat pumps of what is known of them."""
    zone = ZoneInfo(site.site.timezone)
    prices = None if site.tariff is None else tariff_prices(site.tariff, zone)
    found = []
    for pump in site.heat_pumps:
        card = _card(data, pump)
        course = known.of(pump.id)
        found += forecast(pump.id, known.now, course, baselines(), card, prices)
    return found


def _card(data: DataDirectory, pump: HeatPump) -> ForecastCard | None:
    try:
        return read_forecast_card(data.models, pump.id)
    except ForecastError as error:
        log.warning("a card of forecasts is left out", heat_pump=pump.id, reason=str(error))
        return None
