"""Which base a heat pump's forecasts are made from: what a learnt remainder has to be learnt of."""

from __future__ import annotations

from pathlib import Path

from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY
from heatpump_twin.twin_engine.forecasting.method import SIMULATION
from heatpump_twin.twin_engine.model.calibration.model_versions import ModelVersions


def base_in_use(models: Path, heat_pump: str) -> str:
    """Return the simulation where a house is in use, else the climatology.

    Raises
    ------
    CalibrationError
        The list of what is in use cannot be read.
    """
    return CLIMATOLOGY if ModelVersions(models, heat_pump).house is None else SIMULATION
