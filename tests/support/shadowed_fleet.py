"""Heat pumps whose values are put into an image, with their shadow."""

from __future__ import annotations

from known_machine import plate

from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.model.shadow.shadow_points import shadow_points
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel
from heatpump_twin.twin_engine.site.point_table import build_table

S = 1_000_000
MEASURED = (
    "water_flow",
    "meter_supply_temperature",
    "meter_return_temperature",
    "outdoor_temperature",
    "outdoor_humidity",
    "electrical_power",
    "compressor_running",
    "defrost_active",
    "supply_temperature",
    "return_temperature",
    "supply_setpoint",
    "dhw_temperature",
    "room_temperature",
)
DERIVED = ("operating_state", "thermal_power", "cop", "compressor_on")
STEADY = {
    "water_flow": 18.0,
    "meter_supply_temperature": 38.0,
    "meter_return_temperature": 34.8,
    "outdoor_temperature": 2.0,
    "outdoor_humidity": 90.0,
    "electrical_power": 1150.0,
    "compressor_running": 1.0,
    "defrost_active": 0.0,
    "supply_temperature": 38.0,
    "return_temperature": 34.8,
    "supply_setpoint": 38.0,
    "dhw_temperature": 47.0,
    "room_temperature": 20.5,
    "operating_state": 2.0,
    "thermal_power": 4000.0,
    "cop": 3.48,
    "compressor_on": 1.0,
}
RESTING = {**STEADY, "operating_state": 1.0, "compressor_on": 0.0, "electrical_power": 30.0}


class Recorded:
    """History of what a shadow has said."""

    def __init__(self) -> None:
        self.latest: dict[str, Samples] = {}

    async def before(self, key: str, time: int) -> Samples:
        return self.latest.get(key, NO_SAMPLES)


DEFAULT = load_site("default", environment={})


class ShadowedFleet:
    """Heat pumps whose values are put into an image, with their shadow."""

    def __init__(self, count: int = 1, models: dict[str, LearntModel] | None = None) -> None:
        default = DEFAULT
        self.names = [f"hp{k}" for k in range(count)]
        self.pumps = [
            default.heat_pumps[0].model_copy(update={"id": name, "plate": plate()})
            for name in self.names
        ]
        self.site = default.model_copy(update={"heat_pumps": self.pumps})
        points = [MappedPoint(point, None) for point in MEASURED]
        self.table = build_table(dict.fromkeys(self.names, points))
        self.image = Image(self.table, 0)
        self.history = Recorded()
        self.shadow = Shadow(self.image, self.site, self.history, ManualClock(0), models)
        self.image.subscribe(self.shadow.take)

    def put(self, second: float, name: str = "hp0", **values: float) -> None:
        points = self.table.by_asset[name]
        index = [points[point].index for point in values]
        self.image.ingest(Frame.of(index, list(values.values()), GOOD, round(second * S)))

    def shown(self, point: str, name: str = "hp0") -> tuple[float, int]:
        index = self.table.by_asset[name][point].index
        return float(self.image.value[index]), int(self.image.status[index])

    def all_shown(self, name: str) -> dict[str, tuple[float, int]]:
        return {p: self.shown(p, name) for p in shadow_points(self.table.by_asset[name])}

    def kept(self) -> None:
        """Record what the shadow says now."""
        for name in self.names:
            for point in shadow_points(self.table.by_asset[name]):
                index = self.table.by_asset[name][point].index
                self.history.latest[f"{name}.{point}"] = Samples(
                    self.image.value[[index]], self.image.status[[index]], self.image.time[[index]]
                )
