"""Recorded history of heat-up runs, made up: by a law of nature that a model can find, or none."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.foresight.heat_up_inputs import FEATURES, SWITCH
from heatpump_twin.twin_engine.history import Samples

MINUTE = 60 * MICROSECONDS


def samples(rows: list[tuple[float, float]], status: int = GOOD) -> Samples:
    """Build samples from (minute, value)."""
    time, value = zip(*rows, strict=True)
    return Samples(
        np.array(value, dtype=float),
        np.full(len(rows), status, np.uint32),
        (np.array(time) * MINUTE).astype(np.int64),
    )


def constant(value: float) -> Samples:
    return samples([(0, value)])


def history(days: int, *, law: bool = True) -> dict[str, Samples]:
    """Make a season of runs in which a law of nature holds that a model can find, or none."""
    generator = np.random.default_rng(7)
    rows: dict[str, list[tuple[float, float]]] = {p: [] for p in (*FEATURES, SWITCH)}
    for day in range(days):
        start = day * 1440 + 360
        supply, setpoint = generator.uniform(20, 30), generator.choice([40.0, 45.0, 50.0])
        outdoor, room = generator.uniform(-5, 12), generator.uniform(17, 20)
        rate = 0.3 + 0.03 * outdoor + generator.normal(0, 0.01)
        rate = rate if law else generator.uniform(0.15, 0.6)
        rows[SWITCH] += [(start - 1, 0), (start, 1), (start + 600, 0)]
        rows["supply_setpoint"] += [(start - 1, setpoint)]
        rows["outdoor_temperature"] += [(start - 1, outdoor)]
        rows["room_temperature"] += [(start - 1, room)]
        rows["dhw_temperature"] += [(start - 1, 48.0)]
        rows["supply_temperature"] += [(start - 1, supply)]
        rows["supply_temperature"] += [(start + m, supply + rate * m) for m in range(1, 240)]
    return {point: samples(values) for point, values in rows.items()}
