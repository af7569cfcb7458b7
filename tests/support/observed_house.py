"""What sensors of an emulated heat pump and house show in some weeks of winter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from kept import kept

from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import EmulatedHeatPump
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine

DAYS = 24
STEP = 120.0
BEGIN = round(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * MICROSECONDS
DAY = 86_400 * MICROSECONDS
PLACE = HousePlace(48.58, 7.75, ZoneInfo("Europe/Paris"))
PLATE = load_site("default", environment={}).heat_pumps[0].plate
MACHINE = ModelMachine(MachineModel.of_plate(PLATE), PLATE.max_power)
POINTS = (
    "electrical_power", "water_flow", "meter_supply_temperature", "meter_return_temperature",
    "supply_temperature", "return_temperature", "outdoor_temperature", "outdoor_humidity",
    "room_temperature", "dhw_temperature", "defrost_active", "valve_direction", "supply_setpoint",
    "dhw_setpoint",
)  # fmt: skip


@kept
def observed(seed: int = 3) -> Record:
    """Return the record of an installation that the seed has drawn."""
    settings = load_site("default", environment={}).heat_pumps[0]
    place = SiteInfo(
        name="Strasbourg", latitude=PLACE.latitude, longitude=PLACE.longitude, timezone="UTC"
    )
    pump = EmulatedHeatPump(
        settings, place, seed, BEGIN, step=60.0, warm_up=((5 * 86_400, 60.0),),
        house=HouseKind.VARIED,
    )  # fmt: skip
    time = BEGIN + np.arange(round(DAYS * 86_400 / STEP)) * round(STEP) * MICROSECONDS
    values = np.empty((len(POINTS), len(time)))
    for k, moment in enumerate(time.tolist()):
        pump.advance(moment)
        values[:, k] = [np.nan if (v := pump.read(p)) is None else v for p in POINTS]
    columns = dict(zip(POINTS, values, strict=True))
    columns["valve_direction=1"] = columns["valve_direction"]
    ones = np.ones(len(time))
    return Record("hp1", True, time, STEP, columns, dict.fromkeys(columns, ones))


def without(record: Record, *points: str) -> Record:
    """Return the record of a site that lacks some sensors."""
    columns = {point: c for point, c in record.columns.items() if point not in points}
    return replace(record, columns=columns)
