"""Key figures of one period from what was counted in it, each energy with its interval."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from heatpump_twin.config.catalogue import FIGURES
from heatpump_twin.config.settings import HeatPump
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR
from heatpump_twin.twin_engine.kpi.boundaries import Auxiliaries, Boundary, boundaries
from heatpump_twin.twin_engine.kpi.comparison import (
    EXPECTED_SPF,
    compared_share,
    expected_electricity,
)
from heatpump_twin.twin_engine.kpi.figure import Figure, missing, ratio
from heatpump_twin.twin_engine.kpi.meter_classes import MeterClasses
from heatpump_twin.twin_engine.kpi.tally import KNOWN, WHOLE, Tally

_KIND = {"electricity": "electricity", "heat": "heat", "co2": "electricity"}
"""What is known for how long, by the first word of a figure; of others it is the operation."""


class PeriodFigures(NamedTuple):
    """Key figures of one period by name, and what its SPF are made of."""

    figures: Mapping[str, Figure]
    boundaries: Sequence[Boundary]


@dataclass(frozen=True, slots=True)
class FigureMaker:
    """What key figures follow from a tally by, beside its sums."""

    heat_pump: HeatPump
    columns: Collection[str]
    classes: MeterClasses
    currency: str = ""

    def of(self, tally: Tally, difference: float) -> PeriodFigures:
        """Return the key figures of a tally of one span.

        Parameters
        ----------
        difference : float
            Mean of supply less return while heat was counted; NaN: not known. [K]
        """
        error = {
            "electricity": self.classes.electricity_error,
            "heat": self.classes.heat_error(difference),
        }
        figures = {
            name: _figure(name, tally, error.get(kind_of(name)), self.currency)
            for name in FIGURES
            if name in tally.amount
        }
        figures |= _completeness(tally, self.columns)
        figures |= _ratios(figures, self.columns)
        # SPF is a ratio of the time of which both are known: no more is missing of one than that.
        most = max((float(tally.known[k][0]) for k in error if k in tally.known), default=0.0)
        of = {
            name: _figure(name, tally, error[name], self.currency, most)
            for name in ("electricity", "heat")
            if name in tally.amount
        }
        heat = self._net_heat(of.get("heat"), figures.get("heat_taken_back"))
        used = of.get("electricity") or missing("electricity", "kWh", "no counter, no power")
        at = boundaries(heat, used, self._auxiliaries(figures))
        if EXPECTED_SPF in self.columns:
            at.append(Boundary(EXPECTED_SPF, heat, expected_electricity(used, figures)))
            share = compared_share(figures)
            figures["compared_share"] = Figure("compared_share", "%", 100 * share)
        for boundary in at:
            if boundary.name in self.columns:
                figures[boundary.name] = boundary.spf
        return PeriodFigures(figures, at)

    def _net_heat(self, heat: Figure | None, back: Figure | None) -> Figure:
        """Return the heat less what defrosts took back, which a counter does not take off."""
        if heat is None:
            return missing("heat", "kWh", "no heat counter, and no flow")
        if back is None or not back.there:
            if self.classes.heat_counts_down or "defrost_hours" not in self.columns:
                return heat
            return heat._replace(doubts=(*heat.doubts, "what defrosts took back is in it"))
        low, value, high = (one - back.value for one in (heat.low, heat.value, heat.high))
        return heat._replace(low=low, value=value, high=high)

    def _auxiliaries(self, figures: Mapping[str, Figure]) -> Auxiliaries:
        plate = self.heat_pump.plate
        hours = _value(figures, "run_hours")
        told = "heater_hours" in self.columns
        return Auxiliaries(
            plate.pump_power * hours / 1000,
            None if plate.source_power is None else plate.source_power * hours / 1000,
            self._heaters(figures) if told else 0.0,
            told,
            _value(figures, "heat_heater"),
        )

    def _heaters(self, figures: Mapping[str, Figure]) -> float:
        """Return the electricity of heaters; NaN: one was on, and nobody knows its power. [kWh]"""
        energy = figures.get("electricity_heater")
        if energy is not None and (energy.there or _value(figures, "heater_hours") > 0):
            return energy.value
        return math.nan if _value(figures, "heater_hours") > 0 else 0.0


def kind_of(figure: str) -> str:
    """Return what has to be known for a figure, of `KNOWN`."""
    return _KIND.get(figure.partition("_")[0], "operation")


def _figure(
    name: str, tally: Tally, error: float | None, currency: str, wanted: float | None = None
) -> Figure:
    """Return a sum as a figure; ``wanted``: what it should be known of, default: all. [µs]"""
    kind, declared = kind_of(name), FIGURES[name]
    unit = currency if declared.currency else declared.unit or "1"
    value = float(tally.amount[name][0])
    length = float(tally.edges[1] - tally.edges[0])
    known = float(tally.known.get(kind, [length])[0])
    doubts = tally.doubts.get(kind, ())
    if known < WHOLE * length:
        doubts = (f"{known / length:.1%} of the time", *doubts)
    elif bool(tally.doubtful[name][0]) and not doubts:
        doubts = ("a part of it is an estimate",)
    if error is None or math.isnan(value):
        return Figure(name, unit, value, doubts=doubts)
    size = abs(value)
    # What is missing may be as much as was used in as long a time, and as much again.
    missed = max((length if wanted is None else wanted) - known, 0.0)
    lost = 2 * size * missed / max(known, HOUR)
    return Figure(name, unit, value, value - size * error, value + size * error + lost, doubts)


def _completeness(tally: Tally, columns: Collection[str]) -> dict[str, Figure]:
    length = float(tally.edges[1] - tally.edges[0])
    return {
        f"{kind}_completeness": Figure(
            f"{kind}_completeness", "%", 100 * min(float(tally.known[kind][0]) / length, 1.0)
        )
        for kind in KNOWN
        if kind in tally.known and f"{kind}_completeness" in columns
    }


def _ratios(figures: Mapping[str, Figure], columns: Collection[str]) -> dict[str, Figure]:
    hours = figures.get("run_hours")
    if hours is None:
        return {}
    found = {}
    for name, unit, over, factor in (
        ("starts_per_hour", "1/h", "starts", 1.0),
        ("defrost_share", "%", "defrost_hours", 100.0),
    ):
        if name in columns and over in figures:
            value = factor * figures[over].value / hours.value if hours.value > 0 else math.nan
            doubts = hours.doubts if hours.value > 0 else (*hours.doubts, "it did not run")
            found[name] = Figure(name, unit, value, doubts=doubts)
    return found


def _value(figures: Mapping[str, Figure], name: str) -> float:
    """Return a value, or 0 where there is none."""
    figure = figures.get(name)
    return figure.value if figure is not None and figure.there else 0.0


def site_figures(of: Collection[PeriodFigures]) -> dict[str, Figure]:
    """Return the key figures of a site: sums over heat pumps, and ratios of sums."""
    figures = {
        name: _joint(name, [one.figures[name] for one in of if name in one.figures])
        for name, declared in FIGURES.items()
        if declared.site and any(name in one.figures for one in of)
    }
    figures |= _ratios(figures, figures)
    for name in ("spf_h1", "spf_h2", "spf_h3", "spf_h4", EXPECTED_SPF):
        # Of those that measure both: heat of one and electricity of another make no SPF.
        both = [b for one in of for b in one.boundaries if b.name == name and b.spf.there]
        if name in figures:
            heat, used = ([b.heat for b in both], [b.electricity for b in both])
            figures[name] = ratio(name, _joint("heat", heat), _joint("electricity", used))
    return figures


def _joint(name: str, figures: Sequence[Figure]) -> Figure:
    there = [figure for figure in figures if figure.there]
    doubts = tuple(dict.fromkeys(doubt for figure in figures for doubt in figure.doubts))
    if not there:
        unit = figures[0].unit if figures else ""
        return missing(name, unit, *(doubts or ("no heat pump has it",)))
    if not FIGURES[name].sums:
        mean = sum(figure.value for figure in there) / len(there)
        return Figure(name, there[0].unit, mean, doubts=doubts)
    # Meters of one make may be off to the same side: their errors are added, not compensated.
    low, high = (sum(getattr(f, end) for f in there) for end in ("low", "high"))
    if len(there) < len(figures):
        doubts = (*doubts, f"{len(there)} of {len(figures)} heat pumps")
    return Figure(name, there[0].unit, sum(f.value for f in there), low, high, doubts)
