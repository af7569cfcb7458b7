r"""Whether the world has moved away from what a remainder was learnt in.

Two signs. The population stability index of each feature, between the days that it was learnt from
and the newest:

.. math:: \mathrm{PSI} = \sum_i (q_i - p_i) \ln (q_i / p_i)

over the ten parts between the deciles of the former. Above 0.25 the two are commonly called
different. And the sum of how much the losses of forecasts exceed those on days held out (CUSUM,
Page 1954), in standard deviations of them:

.. math:: s \leftarrow \max(0, s + z - k)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.remainder.features import FEATURES
from heatpump_twin.twin_engine.forecasting.remainder.remainder_card import RemainderTarget
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import RemainderVersions

PSI_LIMIT = 1.0
"""Of a mean over all features: they are few weeks of one winter beside another. [-]"""
CUSUM_LIMIT = 5.0
"""[standard deviations]"""
_SLACK = 0.5
_FILE = "drift.json"
_LEAST_SHARE = 1e-3
_OVERLAP = 4
"""Forecasts of two days each thirteen hours: so many tell as much as one."""


class DriftState(IntEnum):
    """How a learnt remainder stands to the newest days."""

    NONE = 0
    """There is no learnt remainder."""
    AS_LEARNT = 1
    INPUTS_DIFFER = 2
    ERRORS_GROW = 3


@dataclass(frozen=True, slots=True)
class TargetDrift:
    """Both signs, of one target."""

    psi: float
    """Mean over the features. [-]"""
    worst: str
    """The feature with the greatest."""
    cusum: float
    """[standard deviations]"""

    @property
    def state(self) -> DriftState:
        """What they say together: errors count more than inputs."""
        if self.cusum > CUSUM_LIMIT:
            return DriftState.ERRORS_GROW
        return DriftState.INPUTS_DIFFER if self.psi > PSI_LIMIT else DriftState.AS_LEARNT


class TargetDriftReport(BaseModel):
    """Both signs of one target, as they are kept; fields as in `TargetDrift`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    psi: float
    worst: str
    cusum: float


class DriftReport(BaseModel):
    """What was found of all targets that a version is asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    state: DriftState
    targets: dict[str, TargetDriftReport]


def write_drift(models: Path, heat_pump: str, found: dict[str, TargetDrift]) -> None:
    """Keep what was found of the version in use; nothing where none is."""
    versions = RemainderVersions(models, heat_pump)
    number = versions.promoted
    if number is None:
        return
    report = DriftReport(
        version=number,
        state=max((one.state for one in found.values()), default=DriftState.AS_LEARNT),
        targets={
            point: TargetDriftReport(
                psi=round(one.psi, 3), worst=one.worst, cusum=round(one.cusum, 2)
            )
            for point, one in found.items()
        },
    )
    write_private(versions.folder / _FILE, report.model_dump_json(indent=1) + "\n")


def read_drift(models: Path, heat_pump: str) -> DriftState:
    """Return how the version in use stands; as it was learnt where nobody has looked yet."""
    versions = RemainderVersions(models, heat_pump)
    try:
        report = DriftReport.model_validate_json((versions.folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return DriftState.AS_LEARNT
    # What was found of another version tells nothing of this one.
    return report.state if report.version == versions.promoted else DriftState.AS_LEARNT


def drift_of(told: RemainderTarget, rows: Values, losses: Values, learnt: str) -> TargetDrift:
    """Return how the newest forecasts differ from what a remainder was learnt in.

    Parameters
    ----------
    rows : array of shape (n, features)
        Features of the newest forecasts; NaN: not known.
    losses : array of shape (o,)
        Mean loss of each of the newest forecasts, in order; NaN: not over. [the target's unit]
    """
    known = rows[np.isfinite(rows).all(axis=1)]
    psi = np.array([_psi(known[:, k], told.deciles[k]) for k in range(len(FEATURES))])
    usual = told.losses.get(learnt, np.nan)
    return TargetDrift(
        float(psi.mean()),
        FEATURES[int(psi.argmax())][0],
        _cusum((losses[np.isfinite(losses)] - usual) / max(told.spread, 1e-12)),
    )


def _psi(values: Values, deciles: tuple[float, ...]) -> float:
    edges = np.unique(deciles)
    if not len(values) or len(edges) < len(deciles):
        return 0.0  # of what hardly varies, deciles tell nothing
    found = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) / len(values)
    share = np.maximum(found, _LEAST_SHARE)
    usual = 1.0 / (len(edges) + 1)
    return float(((share - usual) * np.log(share / usual)).sum())


def _cusum(z: Values) -> float:
    total = 0.0
    for one in z.tolist():
        if np.isfinite(one):
            total = max(0.0, total + (one - _SLACK) / _OVERLAP)
    return total
