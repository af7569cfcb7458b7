"""The live shadow: what it costs for one heat pump and for 250, each second."""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console

from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.engine import NO_HISTORY
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.house.envelope import Envelope
from heatpump_twin.twin_engine.model.house.room_model import RoomModel
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel
from heatpump_twin.twin_engine.site.point_table import build_table

READINGS = {
    "water_flow": 14.3,
    "meter_supply_temperature": 35.0,
    "meter_return_temperature": 31.0,
    "outdoor_temperature": 4.0,
    "outdoor_humidity": 85.0,
    "electrical_power": 1000.0,
    "compressor_running": 1.0,
    "unit_enabled": 1.0,
    "defrost_active": 0.0,
    "valve_direction": 0.0,
    "backup_heater_on": 0.0,
    "supply_temperature": 35.0,
    "return_temperature": 31.0,
    "supply_setpoint": 35.0,
    "dhw_temperature": 47.0,
    "room_temperature": 20.5,
}
DERIVED = {"operating_state": 2.0, "thermal_power": 4000.0, "cop": 4.0, "compressor_on": 1.0}
HOUSE = RoomModel.of(
    Envelope(), (2.0, 1.0, 1.0, 0.3, 0.6), np.full((2, 24), 300.0), (-10.0, 15.0),
    warmest=24.5, lit=0.4, with_light=False, spread=0.15,
)  # fmt: skip
"""Each heat pump has a house that was learnt."""
SECOND = 1_000_000
SECONDS = 120


def run(console: Console) -> None:
    """Print what the shadow costs."""
    for count in (1, 250):
        spent = _seconds(count)
        share = spent / SECONDS
        console.print(
            f"{count} heat pumps at 1 s: {1e3 * share:.2f} ms a second, {share:.1%} of one core, "
            f"{1e6 * share / count:.0f} µs a heat pump"
        )


def _seconds(count: int) -> float:
    default = load_site("default", environment={})
    pumps = [default.heat_pumps[0].model_copy(update={"id": f"hp{k}"}) for k in range(count)]
    site = default.model_copy(update={"heat_pumps": pumps})
    table = build_table({p.id: [MappedPoint(point, None) for point in READINGS] for p in pumps})
    image = Image(table, 0)
    models = {pump.id: LearntModel(None, room=HOUSE) for pump in pumps}
    shadow = Shadow(image, site, NO_HISTORY, ManualClock(0), models)
    points = [table.by_asset[p.id] for p in pumps]
    given = {**READINGS, **DERIVED}
    index = [own[point].index for own in points for point in given]
    value = np.tile(np.array([*given.values()]), count)
    noise = np.random.default_rng(1)
    spent = 0.0
    for second in range(1, SECONDS + 1):
        own = value * (1.0 + 0.01 * noise.standard_normal(len(value)) * (value > 3.0))
        frame = Frame.of(index, own, GOOD, second * SECOND)
        image.ingest(frame)
        begun = time.process_time()
        shadow.take(frame)
        spent += time.process_time() - begun
    return spent
