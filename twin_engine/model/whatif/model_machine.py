"""A machine as its calibrated model knows it, for a simulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.machine.operating_points import OperatingPoints


@dataclass(frozen=True, slots=True, eq=False)
class ModelMachine:
    """`Machine` by a `MachineModel`: that of the plate, or one that was calibrated."""

    model: MachineModel
    max_power: float
    """Largest electrical input. [W]"""
    least_share: float = 0.27
    """Lowest speed of a usual inverter over its highest. [-]"""
    level: float = 1.0
    """Power over that of the model: by how much it is thought to be off. [-]"""

    def capacity(self, source: Floats, water: Floats) -> Floats:
        """Return the largest heat at source and leaving water in °C. [W]"""
        full = self.model.capacity.full(source, water)
        # The inverter keeps to the largest input.
        needed = self.power(source, water, full)
        return np.asarray(full * np.minimum(self.max_power / needed, 1.0))

    def power(self, source: Floats, water: Floats, heat: Floats) -> Floats:
        """Return the electricity of compressor, fan and circulation pump for a heat in W. [W]"""
        at = OperatingPoints.steady(source, water, heat)
        return np.asarray(self.level * self.model.power.power(at).value)
