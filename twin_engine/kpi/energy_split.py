"""Split an energy by spans of time, by the state of the machine, and by its electric heaters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.counter_track import NamedDoubt
from heatpump_twin.twin_engine.derive.energy.energy_curve import SEEN, EnergyCurve
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.kpi.comparison import KILOWATT_HOUR, LOST
from heatpump_twin.twin_engine.kpi.heat_pump_record import HeatPumpRecord, RecordedEnergy
from heatpump_twin.twin_engine.kpi.runs import Stretches, held_at
from heatpump_twin.twin_engine.kpi.tally import Doubtful

_BY_USE = ("heating", "hot_water")
"""What two counters of a controller count, in the order of an `EnergySource`."""
_WATT = 1.0 / KILOWATT_HOUR
"""kWh in W·µs."""


@dataclass(frozen=True, slots=True)
class EnergySplit:
    """Energies of m spans, arrays of shape (m,). [kWh]"""

    edges: Times
    energy: Values
    """NaN where nothing is known."""
    by_state: Mapping[State, Values]
    unassigned: Values
    """Of times in which the state is not known."""
    heater: Values
    """NaN where one was on and its power is not known."""
    known: Values
    """Time of which the energy is in the sum. [µs]"""
    doubtful: Doubtful
    doubts: tuple[str, ...]

    @property
    def length(self) -> NDArray[np.int64]:
        """Length of the spans. [µs]"""
        return np.asarray(np.diff(self.edges))


def energy_split(
    energy: RecordedEnergy, record: HeatPumpRecord, plate: Plate, edges: Times, *, heat: bool
) -> EnergySplit:
    """Split an energy of a heat pump; of the heat, what its backup heater gave is left out."""
    curves = [curve for curve in energy.curves if len(curve.time)]
    m = len(edges) - 1
    if not curves or len(curves) < len(energy.curves):
        nothing = np.full(m, np.nan)
        states = dict.fromkeys(State, nothing)
        none = np.zeros(m)
        return EnergySplit(
            edges, nothing, states, none, nothing, none, np.ones(m, dtype=bool),
            ("nothing is recorded of the counter",) if energy.source else (),
        )  # fmt: skip
    known = np.min([_covered(curve, edges) for curve in curves], axis=0)
    gain = np.sum([_gains(curve, edges) for curve in curves], axis=0)
    spread = [_spread(curve, edges) for curve in curves]
    doubted = [_doubted(curve, edges) for curve in curves]
    words = dict.fromkeys(str(d.doubt) for c in curves for d in _inside(c, edges))
    if np.any(spread):
        words["spread over a gap"] = None
    parts = _Parts.of(curves, record, edges)
    heater, powered = parts.heaters(record, plate, only=("backup_heater_on",) if heat else None)
    own = parts.gain - heater
    state = parts.held(record.state)
    return EnergySplit(
        edges,
        np.where(known > 0, gain, np.nan),
        {code: parts.summed(np.where(state == code, own, 0.0)) for code in State},
        parts.summed(np.where(np.isnan(state), own, 0.0)),
        np.where(parts.summed(np.where(powered, 0.0, 1.0)) > 0, np.nan, parts.summed(heater)),
        np.maximum(known, 0.0),
        np.any([*spread, *doubted], axis=0),
        tuple(words),
    )


def counted_by_use(energy: RecordedEnergy, edges: Times) -> Iterator[tuple[str, Values]]:
    """Yield what the counters of a controller gained that are of one use each. [kWh]"""
    for use, curve in zip(_BY_USE, energy.curves, strict=True):
        yield use, _gains(curve, edges) if len(curve.time) else np.full(len(edges) - 1, np.nan)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of time between any two changes, p of them: each has one state in one span."""

    at: Times
    """Of shape (p + 1,)."""
    gain: Values
    span: NDArray[np.int64]
    """The span that each lies in."""
    spans: int

    @classmethod
    def of(cls, curves: list[EnergyCurve], record: HeatPumpRecord, edges: Times) -> _Parts:
        held = [record.state, *(of for _, of in record.heaters)]
        changes = [part for of in held for part in (of.begin, of.end)]
        at = np.unique(np.clip(np.concatenate([edges, *changes]), edges[0], edges[-1]))
        gain = np.sum([_gains(curve, at) for curve in curves], axis=0)
        span = np.searchsorted(edges, at[:-1], side="right") - 1
        return cls(at, gain, span, len(edges) - 1)

    def summed(self, value: Values) -> Values:
        """Return the sums over the parts of each span."""
        return np.asarray(np.bincount(self.span, value, self.spans), dtype=np.float64)

    def held(self, of: Stretches) -> Values:
        """Return what a stepped value was in each part; NaN where it is not known."""
        return held_at(of, self.at[:-1])

    def heaters(
        self, record: HeatPumpRecord, plate: Plate, only: tuple[str, ...] | None
    ) -> tuple[Values, Doubtful]:
        """Return the energy of electric heaters in each part, and whether their power is known."""
        energy, powered = np.zeros(len(self.gain)), np.ones(len(self.gain), dtype=bool)
        power = {"backup_heater_on": plate.backup_power, "dhw_heater_on": plate.tank_heater_power}
        for switch, of in record.heaters:
            if only is not None and switch not in only:
                continue
            held, watts = self.held(of), power[switch]
            powered &= (held != 1) | (watts is not None)
            energy += (held == 1) * (watts or 0.0) * np.diff(self.at) * _WATT
        # No more than the meter has seen: a thermostat may have opened.
        return np.clip(energy, 0.0, np.maximum(self.gain, 0.0)), powered


def _gains(curve: EnergyCurve, edges: Times) -> Values:
    return np.asarray(np.diff(np.interp(edges, curve.time, curve.energy)))


def _covered(curve: EnergyCurve, edges: Times) -> Values:
    """Return the time of each span whose energy is in the curve. [µs]"""
    # Of now it is known, too: the latest reading is a moment old.
    inside = np.diff(np.clip(edges, curve.time[0], curve.time[-1] + SEEN)).astype(float)
    for doubt in curve.doubts:
        if doubt.doubt in LOST:
            inside -= np.diff(np.clip(edges, doubt.since, doubt.until))
    return np.asarray(np.maximum(inside, 0.0))


def _spread(curve: EnergyCurve, edges: Times) -> Doubtful:
    """Tell into or out of which spans energy of a gap was spread."""
    spread = curve.spread(edges)
    return np.asarray(spread[:-1] | spread[1:])


def _doubted(curve: EnergyCurve, edges: Times) -> Doubtful:
    doubted = np.zeros(len(edges) - 1, dtype=bool)
    for doubt in curve.doubts:
        doubted |= (doubt.since < edges[1:]) & (doubt.until > edges[:-1])
    return doubted


def _inside(curve: EnergyCurve, edges: Times) -> Iterator[NamedDoubt]:
    return (d for d in curve.doubts if d.since < edges[-1] and d.until > edges[0])
