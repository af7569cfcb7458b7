"""Metered heat pumps of a table of heatpumpmonitor.org, as years of heating with their SPF."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.machine.usual_machine import YearOfHeating

LEAST_QUALITY = 90.0
"""Share of the year for which meters and outdoor sensor must have shown something. [%]"""
_HOURS = 3600.0
_NEEDED = (
    "hp_output", "combined_heat_kwh", "combined_elec_kwh", "weighted_flowT", "weighted_outsideT",
    "weighted_heat", "running_data_length", "combined_data_length", "combined_starts",
    "combined_outsideT_mean",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Systems with what they did in a year, and how well they did it: arrays of shape (n,)."""

    year: YearOfHeating
    spf: Values
    """Heat over electricity of the year, by their meters. [-]"""
    lift: Values
    """Water less outdoor air, weighted by heat. [K]"""
    credible: NDArray[np.bool_]
    """Whether their heat was given in air colder than the year's mean: otherwise the outdoor sensor
    is in the sun or near the exhaust. It says nothing of the SPF."""

    def __len__(self) -> int:
        return len(self.spf)

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Fleet:
        """Return some of them."""
        year = YearOfHeating(*(getattr(self.year, f.name)[which] for f in fields(self.year)))
        return Fleet(year, self.spf[which], self.lift[which], self.credible[which])


def read_fleet(path: Path) -> Fleet:
    """Return the air-to-water systems of a table that have what their year is told by."""
    with path.open(encoding="utf-8-sig", newline="") as table:
        rows = [row for row in csv.DictReader(table) if _enough(row)]
    column = {name: np.array([float(row[name]) for row in rows]) for name in _NEEDED}
    # A year has some hours without data: what ran then is what ran in the others.
    whole = 8760.0 * _HOURS / column["combined_data_length"]
    year = YearOfHeating(
        source=column["weighted_outsideT"],
        water=column["weighted_flowT"],
        heat=column["weighted_heat"],
        capacity=1e3 * column["hp_output"],
        energy=column["combined_heat_kwh"],
        hours=column["running_data_length"] / _HOURS * whole,
        starts=column["combined_starts"] * whole,
    )
    return Fleet(
        year,
        spf=column["combined_heat_kwh"] / column["combined_elec_kwh"],
        lift=column["weighted_flowT"] - column["weighted_outsideT"],
        credible=column["weighted_outsideT"] <= column["combined_outsideT_mean"],
    )


def _enough(row: Mapping[str, str]) -> bool:
    qualities = [_number(row[f"quality_{name}"]) for name in ("elec", "heat", "outsideT")]
    known = all(_number(row[name]) > 0.0 for name in _NEEDED)
    return row["hp_type"] == "Air Source" and min(qualities) > LEAST_QUALITY and known


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
