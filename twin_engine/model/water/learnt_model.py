"""What was learnt of a heat pump and its installation."""

from __future__ import annotations

from dataclasses import dataclass, field

from heatpump_twin.twin_engine.model.house.room_model import RoomModel
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.water.water_model import WaterModel


@dataclass(frozen=True, slots=True, eq=False)
class LearntModel:
    """Models that were learnt of one heat pump, each in use by its own evidence."""

    machine: MachineModel | None
    """None: what its plate tells."""
    water: WaterModel = field(default_factory=WaterModel)
    room: RoomModel = field(default_factory=RoomModel.unknown)
