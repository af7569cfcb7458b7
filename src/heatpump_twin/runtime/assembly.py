"""Assemble a site: device plans, heat-up models and the point table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from heatpump_twin.config.catalogue import PointTable, Span
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.errors import ProblemAt
from heatpump_twin.config.settings import Plate, Site
from heatpump_twin.config.weather.weather_settings import WeatherSource
from heatpump_twin.drivers.fault_codes import FaultCode
from heatpump_twin.drivers.modbus.driver.device_plan import DevicePlan, mapped_points, plan_devices
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.twin_engine.foresight.model_card import ModelError
from heatpump_twin.twin_engine.foresight.prediction import (
    PREDICTED,
    HeatUpModel,
    find_model,
    predicted_points,
)
from heatpump_twin.twin_engine.provenance import Provenance
from heatpump_twin.twin_engine.site.point_table import build_table

log = structlog.stdlib.get_logger(__name__)

_SUPPLY_SETPOINTS = ("supply_setpoint", "zone2_supply_setpoint")


@dataclass(frozen=True)
class Assembly:
    """Device plans, models and point table of a site, before anything runs."""

    plans: Sequence[DevicePlan]
    models: Mapping[str, HeatUpModel]
    damaged: Mapping[str, str]
    """Heat pumps whose model cannot be used, with the reason; their predictions are Bad."""
    table: PointTable

    @property
    def faults(self) -> dict[str, Mapping[int, FaultCode]]:
        """What the fault codes of each heat pump mean, as the profiles of its devices say."""
        found: dict[str, Mapping[int, FaultCode]] = {}
        for plan in self.plans:
            found[plan.asset] = {**found.get(plan.asset, {}), **plan.profile.faults}
        return found

    @property
    def provenance(self) -> dict[str, Provenance]:
        """The model behind every point that a heat-up model feeds, by its key."""
        return {
            point.key: model.card.provenance
            for asset, model in self.models.items()
            for name, point in self.table.by_asset[asset].items()
            if name in PREDICTED
        }


def assemble(site: Site, data: DataDirectory | None, problem: ProblemAt | None = None) -> Assembly:
    """Assemble a site: plan its devices, find its models, and number its points.

    Raises
    ------
    ConfigError
        With every mistake of the site and its profiles; with lines where ``problem`` knows them.
    """
    plans = plan_devices(site, problem)
    plates = {pump.id: pump.plate for pump in site.heat_pumps}
    offered: dict[str, list[MappedPoint]] = {asset: [] for asset in plates}
    for asset, point, spec, limits in mapped_points(plans):
        within = _within_plate(point, limits, plates[asset])
        offered[asset].append(MappedPoint(point, within, spec))
    # Shared, so that a packaged model is loaded once however many heat pumps use it.
    loaded: dict[Path, HeatUpModel] = {}
    trained = data.models if data else None
    found: dict[str, HeatUpModel | None] = {}
    damaged: dict[str, str] = {}
    for pump in site.heat_pumps:
        try:
            found[pump.id] = find_model(pump, trained, loaded)
        # A prediction is worth having, and not worth standing still for.
        except ModelError as error:
            found[pump.id], damaged[pump.id] = None, str(error)
            log.warning("a model is left out", heat_pump=pump.id, reason=damaged[pump.id])
    predicted = {
        asset: predicted_points(asset in damaged or model, {point.id for point in offered[asset]})
        for asset, model in found.items()
    }
    # A model that has no points on its machine (an input is missing) is not kept: nobody could
    # see what it says.
    models = {asset: model for asset, model in found.items() if model and predicted[asset]}
    weather = site.weather.source is not WeatherSource.NONE
    # Points of what nobody makes would be Bad for ever.
    forecasts = site.forecasts.every > 0.0
    table = build_table(offered, predicted, site.tariff, weather=weather, forecasts=forecasts)
    return Assembly(plans, models, damaged, table)


def _within_plate(point: str, limits: Span | None, plate: Plate) -> Span | None:
    """Limit a supply setpoint to the highest supply temperature of the plate. [°C]"""
    if limits is None or point not in _SUPPLY_SETPOINTS:
        return limits
    low, high = limits
    # A profile is of a controller that many machines share; the plate knows this one. The low end
    # too, or the range would be upside down.
    return min(low, plate.max_supply), min(high, plate.max_supply)
