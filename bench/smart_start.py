"""How well smart starts keep their word in emulated seasons: ``python -m bench.smart_start DIR``.

Lives through the seasons that DIR does not have yet, keeps the mornings of each in a file, and
prints the tables of docs/smart-start.md. Others would have started at another time: what they would
have reckoned with, by the heat-ups before, is held against the heat-ups that came.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression

from bench.observed_plant import Installation
from bench.smart_start_seasons import COOL, ROOM, TANK, WATER, Quantity, season
from heatpump_twin.config.settings import HotWater
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart
from heatpump_twin.twin_engine.smart_start.lead import LeadModel, lead_model
from heatpump_twin.twin_engine.smart_start.lead_methods import last_heat_up, median_of_five

ASKED = 0.9
_FALLBACK = 3 * 3600.0
_KEPT = 60
_TRIED = 14
"""Mornings after which a timer is set for good, to the longest heat-up among them."""
_LEAST = 6
"""So many heat-ups a regression needs."""
Row = Sequence[float]
"""Begin [µs], initial, outdoor [°C], seconds, excess [min]; these two are infinite where it was
never warm; air outdoors when it was, tank at the start, mean of the room's last day [°C]; minutes
in which hot water was drawn, and those of them in which it was cool."""


class SmartStart:
    """The policy of the twin: past heat-ups, the method that did best, and a reserve."""

    def __init__(self) -> None:
        self._known = -1
        self._model: LeadModel | None = None

    def __call__(self, past: HeatUps, start: HeatUpStart) -> float:
        """Return the lead. [s]"""
        if self._model is None or self._known != len(past):
            self._known = len(past)
            self._model = lead_model(past.part(max(len(past) - _KEPT, 0), len(past)), ASKED)
        lead = self._model.lead(start)
        return _FALLBACK if np.isnan(lead) else max(lead, 600.0)


def main() -> None:
    """Live through seasons, and print what came of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.smart_start", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 9)))
    parser.add_argument("--quantities", nargs="+", default=["room", "water", "tank"])
    parser.add_argument("--hot-water", type=HotWater, choices=list(HotWater), default="lowered")
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    for quantity in (ROOM, WATER, TANK):
        if quantity.name in arguments.quantities:
            how = arguments.hot_water if quantity.waits else HotWater.AS_USUAL
            _print(quantity, {s: _rows(s, quantity, how, folder) for s in arguments.seeds})


def _rows(seed: int, quantity: Quantity, hot_water: HotWater, folder: Path) -> list[Row]:
    path = folder / f"{quantity.name}_{hot_water}_{seed}.json"
    if not path.exists():
        found = [
            [m.start.begin, m.start.initial, m.start.outdoor,
             m.reached_at and (m.reached_at - m.start.begin) / 1e6,
             m.reached_at and m.excess, m.outdoor, m.start.tank, m.start.lately, m.drawn, m.cool]
            for m in season(seed, quantity, SmartStart(), hot_water) if m.start is not None
        ]  # fmt: skip
        path.write_text(json.dumps(found))
    rows = json.loads(path.read_text())
    return [[np.inf if v is None else v for v in row] for row in rows]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """How well promises were kept over a season."""

    excess: Values
    """How much too early each morning was ready; negative: late; -inf: never. [min]"""

    @property
    def on_time(self) -> float:
        """Share that was in time."""
        return float((self.excess >= 0.0).mean())

    @property
    def early(self) -> float:
        """Median of those in time. [min]"""
        return _median(self.excess[self.excess >= 0.0])

    @property
    def late(self) -> float:
        """Median of those that were late. [min]"""
        return -_median(self.excess[self.excess < 0.0])


def _median(values: Values) -> float:
    return float(np.median(values)) if len(values) else np.nan


def _print(quantity: Quantity, seasons: Mapping[int, list[Row]]) -> None:
    print(f"\n### {quantity.name} at {quantity.target:g} °C\n")
    print("| seed | climate | mornings | heat-up, min (10 to 90 %) | in time | never | "
          "too early, min | too late, min |\n|--:|---|--:|--:|--:|--:|--:|--:|")  # fmt: skip
    own = []
    for seed, rows in seasons.items():
        table = np.array(rows, float)
        own.append(kept := Kept(np.where(np.isfinite(table[:, 4]), table[:, 4], -np.inf)))
        low, middle, high = np.quantile(table[:, 3][np.isfinite(table[:, 3])], [0.1, 0.5, 0.9]) / 60
        print(f"| {seed} | {Installation(seed).climate.name} | {len(rows)} | {middle:.0f} "
              f"({low:.0f} to {high:.0f}) | {kept.on_time:.1%} | {np.isinf(kept.excess).sum()} | "
              f"{kept.early:.0f} | {kept.late:.0f} |")  # fmt: skip
    drawn, cool = (sum(row[n] for rows in seasons.values() for row in rows) for n in (8, 9))
    print(f"\nFrom the start until an hour after the morning {drawn:.0f} min of hot water were "
          f"drawn; {cool / max(drawn, 1):.1%} of it cooler than {COOL:g} °C.")  # fmt: skip
    print("\n| | in time, mean | least | too early, min, mean of medians | of all, median |"
          "\n|---|--:|--:|--:|--:|")  # fmt: skip
    _line("smart start", own)
    for name, lead in _OTHERS.items():
        _line(name, [_other(rows, lead, quantity.target) for rows in seasons.values()])


def _line(name: str, kept: Sequence[Kept]) -> None:
    on_time = [one.on_time for one in kept]
    together = Kept(np.concatenate([one.excess for one in kept]))
    print(f"| {name} | {statistics.mean(on_time):.1%} | {min(on_time):.1%} | "
          f"{statistics.mean(one.early for one in kept):.0f} | {together.early:.0f} |"
          )  # fmt: skip


def _other(rows: Sequence[Row], lead: Other, target: float) -> Kept:
    starts = [HeatUpStart(int(row[0]), row[1], target, row[2]) for row in rows]
    whole = HeatUps.of(
        (start, row[3] if np.isfinite(row[3]) else 3600.0 * 10, bool(np.isfinite(row[3])))
        for start, row in zip(starts, rows, strict=True)
    )
    excess = []
    later = np.array([row[5] for row in rows], float)
    for number, start in enumerate(starts):
        past = whole.part(0, number)
        found = lead(past, start, later[:number]) if number else _FALLBACK
        excess.append((found - whole.seconds[number]) / 60.0 if whole.reached[number] else -np.inf)
    return Kept(np.array(excess))


def _timer(past: HeatUps, start: HeatUpStart, later: Values) -> float:
    del start, later
    return float(past.seconds[:_TRIED].max()) if len(past) >= _TRIED else _FALLBACK


def _thesis(past: HeatUps, start: HeatUpStart, later: Values) -> float:
    """Return what a linear regression says that was trained with the air when it was warm.

    In use the air of the start has to stand in for it, as nobody knows that of later.
    """
    if len(past) < _LEAST:
        return median_of_five(past)(start)
    known = np.isfinite(later)
    features = np.column_stack([past.initial, past.outdoor, later])[known]
    fitted = LinearRegression().fit(features, past.seconds[known])
    asked = np.array([[start.initial, start.outdoor, start.outdoor]])
    return float(fitted.predict(asked)[0])


Other = Callable[[HeatUps, HeatUpStart, Values], float]
"""Says by heat-ups, a start, and the air when earlier ones were warm, how long before to start."""
_OTHERS: Mapping[str, Other] = {
    "timer, set after two weeks": _timer,
    "last heat-up": lambda past, start, _: last_heat_up(past)(start),
    "median of the last five": lambda past, start, _: median_of_five(past)(start),
    "regression of the thesis": _thesis,
}


if __name__ == "__main__":
    main()
