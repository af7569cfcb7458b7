"""Forecast all heat pumps of a site."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import structlog

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.forecasting.known_models import (
    learnt_house,
    learnt_remainder,
    methods_with,
)
from heatpump_twin.forecasting.site_courses import SiteCourses, read_courses
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.forecast import forecast
from heatpump_twin.twin_engine.forecasting.forecast_card import ForecastCard, read_forecast_card
from heatpump_twin.twin_engine.forecasting.method import SIMULATION, BaseMethod
from heatpump_twin.twin_engine.forecasting.mixture import GivenMethod
from heatpump_twin.twin_engine.forecasting.simulated import SimulationMethod, fleet_forecasts
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
    courses = {pump.id: known.of(pump.id) for pump in site.heat_pumps}
    houses = {pump.id: learnt_house(site, data, pump) for pump in site.heat_pumps}
    models = simulated({a: house for a, house in houses.items() if house is not None}, courses)
    found = []
    for pump in site.heat_pumps:
        model = models.get(pump.id)
        methods = methods_with(model, zone, learnt_remainder(data, pump, model))
        card = _card(data, pump)
        found += forecast(pump.id, known.now, courses[pump.id], methods, card, prices)
    return found


def simulated(
    houses: Mapping[str, SimulationMethod], courses: Mapping[str, PumpCourse]
) -> dict[str, BaseMethod]:
    """Return what the learnt houses of heat pumps say of now, all simulated at once."""
    if not houses:
        return {}
    said = fleet_forecasts([(house, courses[asset]) for asset, house in houses.items()])
    return {asset: GivenMethod(SIMULATION, one) for asset, one in zip(houses, said, strict=True)}


def _card(data: DataDirectory, pump: HeatPump) -> ForecastCard | None:
    try:
        return read_forecast_card(data.models, pump.id)
    except ForecastError as error:
        log.warning("a card of forecasts is left out", heat_pump=pump.id, reason=str(error))
        return None
