"""What was counted of a heat pump in spans of time: the sums that all key figures are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.period_columns import USES

Doubtful = NDArray[np.bool_]
KNOWN = ("electricity", "heat", "operation")
"""Of what it is told how complete it is: `known` has them, and the figures `…_completeness`."""
_OPERATION = ("starts", "run_hours", "defrost_hours", "heater_hours", "heat_taken_back")
_USES = tuple(dict.fromkeys(USES.values()))
_UNASSIGNED = 0.005
"""So much of an energy may be of times whose state is not known. [-]"""
WHOLE = 0.999
"""A span is complete with this share of its time. [-]"""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Sums of m spans that follow one another; each figure an array of shape (m,)."""

    edges: Times
    """Of shape (m + 1,). [µs since the Unix epoch, UTC]"""
    amount: Mapping[str, Values]
    """By figure, in its unit; NaN where it is not known."""
    doubtful: Mapping[str, Doubtful]
    """By figure: whether a part of it is missing, spread over a gap, or not believed."""
    known: Mapping[str, Values]
    """By kind, of `KNOWN`: the time of which it is known. [µs]"""
    doubts: Mapping[str, tuple[str, ...]]
    """By kind: what is doubtful, in words."""

    @property
    def length(self) -> NDArray[np.int64]:
        """Length of the spans. [µs]"""
        return np.asarray(np.diff(self.edges))

    def total(self) -> Tally:
        """Return the sum of all spans as one span."""
        amount = {name: _sum(value) for name, value in self.amount.items()}
        for name in ("electricity_heater", "heat_heater"):
            # What a heater of no known power has used is not known of the whole either.
            lacks = np.isnan(self.amount.get(name, np.zeros(1)))
            if (lacks & ~np.isnan(self.amount.get("electricity", np.full(1, np.nan)))).any():
                amount[name] = np.array([np.nan])
        total = Tally(
            self.edges[[0, -1]],
            amount,
            {
                name: np.array([doubtful.any() or np.isnan(self.amount[name]).any()])
                for name, doubtful in self.doubtful.items()
            },
            {name: np.array([time.sum()]) for name, time in self.known.items()},
            self.doubts,
        )
        return total.weighed()

    def weighed(self) -> Tally:
        """Return it with the doubts of what a small part of the time cannot make doubtful.

        A restart of seconds does not make a month's starts Uncertain, nor what energy was used for;
        lost energy does, however little it is.
        """
        doubtful = dict(self.doubtful)
        if "operation" in self.known:
            partly = self.known["operation"] < WHOLE * self.length
            for name in _OPERATION:
                if name in doubtful:
                    doubtful[name] = partly | np.isnan(self.amount[name])
        for kind in ("electricity", "heat"):
            uses = [f"{kind}_{use}" for use in _USES if f"{kind}_{use}" in self.amount]
            if uses:
                doubtful |= self._doubts_of_uses(kind, uses)
        return replace(self, doubtful=doubtful)

    def _doubts_of_uses(self, kind: str, uses: list[str]) -> dict[str, Doubtful]:
        whole, heater = self.amount[kind], self.amount.get(f"{kind}_heater", np.zeros(1))
        parts = np.sum([self.amount[use] for use in uses], axis=0) + np.nan_to_num(heater)
        left = np.abs(whole - parts) > _UNASSIGNED * np.abs(whole) + 1e-9
        # What a heater used is an estimate, and so is what is left without it.
        doubtful = self.doubtful[kind] | left | ~(heater <= 0) | np.isnan(whole)
        found = dict.fromkeys(uses, doubtful)
        if f"{kind}_heater" in self.amount:
            found[f"{kind}_heater"] = self.doubtful[kind] | left | ~(heater <= 0)
        return found


def added(tallies: Iterable[Tally], figures: Collection[str]) -> Tally:
    """Return the sum of tallies of the same spans: of the heat pumps of a site.

    A figure that one of them does not know is that of the others, and doubtful.
    """
    all_ = list(tallies)
    amount, doubtful = {}, {}
    for name in figures:
        having = [t for t in all_ if name in t.amount]
        if having:
            values = np.array([t.amount[name] for t in having])
            amount[name] = _columns(values)
            unknown = np.isnan(values).any(axis=0)
            doubtful[name] = np.any([t.doubtful[name] for t in having], axis=0) | unknown
    known = {
        kind: np.mean([t.known[kind] for t in all_ if kind in t.known], axis=0)
        for kind in KNOWN
        if any(kind in t.known for t in all_)
    }
    doubts = {
        kind: tuple(dict.fromkeys(d for t in all_ for d in t.doubts.get(kind, ())))
        for kind in KNOWN
    }
    return Tally(all_[0].edges, amount, doubtful, known, doubts)


def _sum(value: Values) -> Values:
    return _columns(value[:, np.newaxis])


def _columns(values: Values) -> Values:
    """Return the sums of columns without what is not known; NaN where nothing is."""
    sums = np.nansum(values, axis=0)
    return np.where(np.isnan(values).all(axis=0), np.nan, sums)
