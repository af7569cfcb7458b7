"""The section of a card about the water: fields of `WaterModel`, in parts that may be missing."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from heatpump_twin.twin_engine.model.water.water_model import WaterModel


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CurveSection(_Part):
    """The heating curve."""

    curve: tuple[float, ...]
    damping: float
    curve_spread: float
    has_setpoint: float
    air: tuple[float, float]


class SupplySection(_Part):
    """The water while rooms are heated."""

    supply: tuple[float, ...]
    supply_spread: float


class CoilSection(_Part):
    """The water while the tank is charged."""

    coil: tuple[float, ...]
    coil_spread: float
    coil_heat: tuple[float, float]


class TankSection(_Part):
    """The tank itself."""

    rise: float
    rise_spread: float
    fall: float
    fall_spread: float


class WaterSection(_Part):
    """The water of the installation; None: the record did not tell."""

    curve: CurveSection | None = None
    supply: SupplySection | None = None
    coil: CoilSection | None = None
    tank: TankSection | None = None

    @classmethod
    def of(cls, model: WaterModel) -> WaterSection:
        """Return the section of a model."""
        parts = {
            "curve": ("curve", "damping", "curve_spread", "has_setpoint", "air"),
            "supply": ("supply", "supply_spread"),
            "coil": ("coil", "coil_spread", "coil_heat"),
            "tank": ("rise", "rise_spread", "fall", "fall_spread"),
        }
        told = {
            name: {field: getattr(model, field).tolist() for field in fields}
            for name, fields in parts.items()
            if all(np.isfinite(getattr(model, field)).all() for field in fields)
        }
        return cls.model_validate(told)

    def water_model(self) -> WaterModel:
        """Return the model of the section."""
        parts = (self.curve, self.supply, self.coil, self.tank)
        told = [part.model_dump() for part in parts if part is not None]
        return WaterModel(
            **{field: np.asarray(value) for part in told for field, value in part.items()}
        )
