"""The forecast of one heat pump: each target by the method that its card names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.status import UNCERTAIN, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.forecasting.adaptive_interval import LEADS, shifted
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.forecast_card import ForecastCard
from heatpump_twin.twin_engine.forecasting.method import Method, observed_targets
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS, STEPS, ahead
from heatpump_twin.twin_engine.forecasting.targets import COST, POWER, ForecastTarget
from heatpump_twin.twin_engine.model.simulation.tariff_prices import Prices
from heatpump_twin.twin_engine.trajectory import Trajectory

_KILO = 1000.0


def forecast(
    asset: str,
    issued: int,
    course: PumpCourse,
    methods: Sequence[Method],
    card: ForecastCard | None,
    prices: Prices | None,
) -> list[Trajectory]:
    """Return the forecasts of a heat pump, made at a moment in µs of what was known then.

    Parameters
    ----------
    course : PumpCourse
        Up to the quarter-hour in which it is issued.
    methods
        In the order in which they are trusted where the card names none that knows anything.
    """
    origins = np.array([len(course)])
    said = [(method, method.forecast(course, origins)) for method in methods]
    found = []
    for target in observed_targets(course):
        known = {m.name: values[target][0] for m, values in said if target in values}
        one = _one(asset, issued, target, known, card)
        if one is not None:
            found.append(one)
            if target is POWER and prices is not None:
                found.append(_cost(one, prices))
    return found


def _one(
    asset: str,
    issued: int,
    target: ForecastTarget,
    known: Mapping[str, Values],
    card: ForecastCard | None,
) -> Trajectory | None:
    chosen = (
        ""
        if card is None or target.point not in card.targets
        else (card.targets[target.point].chosen)
    )
    order = sorted(known, key=lambda name: name != chosen)  # stable: the rest as it is trusted
    values = np.full((len(LEVELS), STEPS), np.nan)
    used = []
    for name in order:
        missing = np.isnan(values).any(axis=0)
        if not missing.any() or not np.isfinite(known[name][:, missing]).any():
            continue
        offsets = None if card is None else card.offsets(target, name)
        unknown = np.full((len(LEVELS), len(LEADS) - 1), np.nan)
        moved = shifted(known[name], unknown if offsets is None else offsets, target.doubt)
        values = np.where(missing, moved, values)
        used.append((name, offsets is not None))
    if not used:
        return None
    values = np.maximum(values, target.least)
    values = np.round(values / target.resolution) * target.resolution
    judged = all(offsets for _, offsets in used)
    return Trajectory(
        f"{asset}.{target.point}", issued, ahead(issued), LEVELS, values,
        model=" + ".join(name for name, _ in used),
        status=UNCERTAIN if judged else UNCERTAIN_SUB_NORMAL,
    )  # fmt: skip


def _cost(power: Trajectory, prices: Prices) -> Trajectory:
    """Return what the electricity of a forecast costs in each hour."""
    asset = power.key.partition(".")[0]
    price = prices(power.time)
    # Where somebody is paid for using it, more power is less cost.
    values = np.sort(power.values / _KILO * price, axis=0)
    return Trajectory(
        f"{asset}.{COST.point}", power.issued, power.time, power.quantiles, values,
        power.model, power.status,
    )  # fmt: skip
