"""From a site to its point table: what devices offer, what follows, what models predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.modbus.device import DevicePlan, mapped_points, plan_devices
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.twin_engine.points import build_table
from heatpump_twin.twin_engine.prediction import HeatUpModel, find_model, predicted_points


@dataclass(frozen=True)
class Assembly:
    """The parts of a site before anything runs."""

    plans: Sequence[DevicePlan]
    models: Mapping[str, HeatUpModel]
    table: PointTable


def assemble(site: Site, data: DataDirectory | None, source: YamlSource | None = None) -> Assembly:
    """Plan devices, find models, and number the points.

    Raises
    ------
    ConfigError
        With every mistake of the site and its profiles; with lines where ``source`` is given.
    ModelError
        A model is there and cannot be used.
    """
    plans = plan_devices(site, source.problem if source is not None else None)
    offered: dict[str, list[MappedPoint]] = {pump.id: [] for pump in site.heat_pumps}
    for asset, point, _, limits in mapped_points(plans):
        offered[asset].append(MappedPoint(point, limits))
    found = {pump.id: find_model(pump, data.models if data else None) for pump in site.heat_pumps}
    predicted = {
        asset: predicted_points(model, {point.id for point in offered[asset]})
        for asset, model in found.items()
    }
    models = {asset: model for asset, model in found.items() if model and predicted[asset]}
    return Assembly(plans, models, build_table(offered, predicted))
