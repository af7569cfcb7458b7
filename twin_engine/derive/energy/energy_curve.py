"""The energy curve of a counter or a power, and what it says of hours, days, months and years."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.counter_track import CounterTrack, NamedDoubt

SEEN = 5 * 60 * MICROSECONDS
"""A counter read this short a time before midnight counts as read at midnight."""


class EnergyRow(NamedTuple):
    """The energy from one time to another."""

    start: int
    end: int
    """[µs since the Unix epoch, UTC]"""
    energy: float
    """[kWh]"""
    completeness: float
    """Share of the time for which the curve knows of the energy. [-]"""
    estimated: bool
    """Energy of a time in which nobody looked was spread over it, into or out of this row."""
    doubts: tuple[NamedDoubt, ...]
    """What is missing or not certain in it, by name."""

    @property
    def certain(self) -> bool:
        """Whether nothing is missing, spread or doubtful."""
        return self.completeness >= 1.0 and not self.estimated and not self.doubts


@dataclass(frozen=True, slots=True)
class EnergyCurve:
    """What was used since the first sample, as a line through n knots."""

    time: Times
    """Increasing, of shape (n,). [µs since the Unix epoch, UTC]"""
    energy: Values
    """Of shape (n,). [kWh]"""
    doubts: tuple[NamedDoubt, ...] = ()

    def rows(self, edges: Times) -> list[EnergyRow]:
        """Return the energies between edges, increasing times of shape (m + 1,), as m rows.

        The rows of any edges that reach around the curve add up to all of its energy.
        """
        if not len(self.time):
            return []
        at = np.interp(edges, self.time, self.energy)
        inside = np.diff(np.clip(edges, self.time[0], self.time[-1]))
        spread = self.spread(edges)
        return [
            EnergyRow(
                start, end, float(at[i + 1] - at[i]), float(inside[i] / (end - start)),
                bool(spread[i] or spread[i + 1]),
                tuple(d for d in self.doubts if d.since < end and d.until > start),
            )
            for i, (start, end) in enumerate(pairwise(edges.tolist()))
        ]  # fmt: skip

    def spread(self, edges: Times) -> np.ndarray:
        """Tell for each edge whether energy of a time without a reading was divided there."""
        after = np.searchsorted(self.time, edges, side="left")
        there = (after > 0) & (after < len(self.time))
        i = np.clip(after, 1, max(len(self.time) - 1, 1))
        if len(self.time) < 2:
            return np.zeros(len(edges), dtype=bool)
        since, until = self.time[i - 1], self.time[i]
        away = (edges - since > SEEN) & (until > edges)
        gained = self.energy[i] != self.energy[i - 1]
        return np.asarray(there & away & gained)


def counter_curve(time: Times, reading: Values, largest_rate: float) -> EnergyCurve:
    """Return the energy curve of a counter's readings.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Of the readings, in the order in which they were taken. [µs since the Unix epoch, UTC]
    reading : ndarray of shape (n,)
        NaN where there was none. [kWh]
    largest_rate : float
        More than this the machine is not expected to do. [kW]
    """
    track = CounterTrack(largest_rate)
    there = ~np.isnan(reading)
    for value, when in zip(reading[there].tolist(), time[there].tolist(), strict=True):
        track.take(value, when)
    track.conclude()
    return EnergyCurve(
        np.array([knot.time for knot in track.knots], dtype=np.int64),
        np.array([knot.energy for knot in track.knots]),
        tuple(track.doubts),
    )
