"""The models of n heat pumps as one, in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.house.room_model import RoomModel
from heatpump_twin.twin_engine.model.machine.frost import CoilFrost
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.machine.power_model import PowerModel
from heatpump_twin.twin_engine.model.shadow.reading import ShadowFlags
from heatpump_twin.twin_engine.model.water.water_model import WaterModel

_NO_ICE = CoilFrost(threshold=1e9)


@dataclass(frozen=True, slots=True)
class ShadowModel:
    """What a heat pump is compared with."""

    machine: MachineModel
    water: WaterModel
    room: RoomModel
    calibrated: bool
    """Whether the machine was learnt from its record, rather than read on its plate."""
    air: bool
    """Whether its heat is from the outdoor air."""


@dataclass(frozen=True, slots=True, eq=False)
class FleetModels:
    """Models of n heat pumps: arrays of shape (n,), as far as they are no models themselves."""

    power: PowerModel
    frost: CoilFrost
    standby: Values
    circulating: Values
    calibrated: ShadowFlags
    low: Values
    """Lowest source, water and load of each: (3, n)."""
    high: Values
    water: WaterModel
    room: RoomModel

    @classmethod
    def of(cls, models: Sequence[ShadowModel]) -> FleetModels:
        """Return the models of heat pumps as one."""
        machines = [model.machine for model in models]
        frosts = [machine.frost or _NO_ICE for machine in machines]
        valid = [(m.valid.source, m.valid.water, m.valid.load) for m in machines]
        return cls(
            PowerModel.stacked([machine.power for machine in machines]),
            CoilFrost(
                np.array([float(f.approach) for f in frosts]),
                np.array([float(f.per_ice) for f in frosts]),
                np.array([float(f.damping) for f in frosts]),
                np.array([float(f.threshold) for f in frosts]),
            ),
            np.array([machine.standby for machine in machines]),
            np.array([machine.circulating for machine in machines]),
            np.array([model.calibrated for model in models], dtype=bool),
            np.array([[span.low for span in spans] for spans in valid]).T,
            np.array([[span.high for span in spans] for spans in valid]).T,
            WaterModel.stacked([model.water for model in models]),
            RoomModel.stacked([model.room for model in models]),
        )

    def covers(self, source: Values, water: Values, heat: Values) -> ShadowFlags:
        """Tell where temperatures (°C) and heat (W) are such as the models were made for."""
        load = heat / self.power.prior.rated_capacity
        values = np.stack([source, water, load])
        return np.asarray(((values >= self.low) & (values <= self.high)).all(axis=0))
