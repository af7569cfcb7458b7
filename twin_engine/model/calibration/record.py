"""The record of a heat pump: what was observed of it, on a regular grid, to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, SITE
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.model.calibration.grid import known_means

LEAST_KNOWN = 0.5
"""A step of which less is known has no value. [-]"""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Observations of one heat pump on a regular grid: columns of shape (n,) by point id.

    Points of the site, such as ``outdoor_humidity``, stand for those that the heat pump has not.
    """

    asset: str
    emulated: bool
    """Whether the emulated plant was observed: what is learnt of it holds for no real machine."""
    time: Times
    """Begin of each step. [µs since the Unix epoch, UTC]"""
    step: float
    """[s]"""
    columns: Mapping[str, Values]
    """Mean over each step, in the catalogue's unit; of a switch the share of the time for which it
    was on, of an enumeration the same for each code (``operating_state=3``). NaN where less than
    half of the step is known."""
    known: Mapping[str, Values]
    """By point, the share of each step of which the value is known. [-]"""

    def __len__(self) -> int:
        return len(self.time)

    @property
    def end(self) -> int:
        """End of the last step. [µs since the Unix epoch, UTC]"""
        return int(self.time[-1]) + round(self.step * MICROSECONDS) if len(self) else 0

    @property
    def points(self) -> frozenset[str]:
        """Points of which anything is known."""
        return frozenset(p for p, column in self.columns.items() if np.isfinite(column).any())

    def column(self, *points: str) -> Values:
        """Return the values of the first of some points that is known, step by step.

        NaN where none of them is.
        """
        found = np.full(len(self), np.nan)
        for point in points:
            if point in self.columns:
                found = np.where(np.isnan(found), self.columns[point], found)
        return found

    def between(self, start: int, end: int) -> Record:
        """Return the steps that begin at start ≤ time < end. [µs since the Unix epoch, UTC]"""
        low, high = np.searchsorted(self.time, [start, end]).tolist()
        part = slice(low, high)
        return Record(
            self.asset,
            self.emulated,
            self.time[part],
            self.step,
            {point: column[part] for point, column in self.columns.items()},
            {point: share[part] for point, share in self.known.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Values of one point over the steps of a grid, and the known share of each step."""

    mean: Values
    known: Values


def observed_of(point: str, samples: Samples, edges: Times) -> dict[str, Observed]:
    """Return the columns of a point of the catalogue over the steps between edges.

    Empty where nothing is known. ``samples`` are in order of time, from shortly before the first
    edge to after the last.
    """
    spec = CATALOGUE[HEAT_PUMP].get(point) or CATALOGUE[SITE].get(point)
    if spec is None or not (spec.enum or spec.flags):
        parts = {point: samples}
    else:
        codes = np.unique(samples.usable.value)
        parts = {f"{point}={code:g}": _holding(samples, code) for code in codes.tolist()}
    stepped = spec is not None and spec.is_stepped
    found = {name: known_means(part, edges, stepped=stepped) for name, part in parts.items()}
    return {
        name: Observed(np.where(share >= LEAST_KNOWN, mean, np.nan), share)
        for name, (mean, share) in found.items()
        if share.any()
    }


def edges_between(start: int, end: int, step: float) -> Times:
    """Return the begins of all steps that end by ``end``, and the end of the last. [µs]"""
    length = round(step * MICROSECONDS)
    return start + length * np.arange(max(end - start, 0) // length + 1, dtype=np.int64)


def record_of(
    samples: Iterable[tuple[str, Samples]], edges: Times, *, asset: str, emulated: bool
) -> Record:
    """Return the record of a heat pump from the samples of its points, one after the other.

    Of a point that comes twice, the first that tells anything is taken.
    """
    observed: dict[str, Observed] = {}
    for point, found in samples:
        observed = {**observed_of(point, found, edges), **observed}
    return of_columns(observed, edges, asset=asset, emulated=emulated)


def of_columns(
    observed: Mapping[str, Observed], edges: Times, *, asset: str, emulated: bool
) -> Record:
    """Return the record of a heat pump from the values of its points on one grid."""
    return Record(
        asset,
        emulated,
        edges[:-1],
        float(edges[1] - edges[0]) / MICROSECONDS if len(edges) > 1 else 0.0,
        {point: column.mean for point, column in observed.items()},
        {point: column.known for point, column in observed.items()},
    )


def _holding(samples: Samples, code: float) -> Samples:
    """Return 1 where samples have a code and 0 where they have another."""
    return Samples((samples.value == code).astype(float), samples.status, samples.time)
