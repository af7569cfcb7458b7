"""Random histories of energy counters: what was really used, and what was read of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.derive.energy.calendar import HOUR

S = 1_000_000
LARGEST_RATE = 5.18
START = 1_767_225_600 * S  # 2026-01-01T00:00Z


@dataclass
class CounterHistory:
    """A counter of a machine that uses up to 5 kW, as it was read for some days."""

    time: np.ndarray
    """When it was read, by a clock that may have been wrong. [µs]"""
    reading: np.ndarray
    """[kWh]"""
    true_energy: np.ndarray
    """What was really used until each reading. [kWh]"""
    count: float
    """The counter's last digit. [kWh]"""
    kinds: tuple[str, ...]

    def used(self, since: int, until: int) -> float:
        """Return what was really used from one reading to another, by the times of the clock."""
        first, last = np.flatnonzero(self.time == since), np.flatnonzero(self.time == until)
        true = self.true_energy
        return float(true[last.max()] - true[first.min()]) if len(first) and len(last) else 0.0


KINDS = ("jitter", "reset", "replaced", "spike", "long spike", "future", "clock", "gap", "blocks")


def counter_history(seed: int) -> CounterHistory:
    """Return one of many histories: a poll period, a last digit, and up to three mishaps."""
    rng = np.random.default_rng(seed)
    period = int(rng.choice([10, 60, 300, 900, 3600], p=[0.05, 0.2, 0.25, 0.25, 0.25]))
    n = int(rng.integers(2, 6) * 86_400 / period)
    time = START + int(rng.integers(0, 86_400)) * S + np.arange(n, dtype=np.int64) * period * S
    # Hours of standstill, hours of work.
    load = np.repeat(rng.uniform(0, 5, n) * (rng.random(n) < 0.6), max(int(3600 / period), 1))[:n]
    true = np.cumsum(load * period / 3600)
    count = float(rng.choice([0.001, 0.01, 0.1, 1.0]))
    offset = float(rng.choice([0.0, rng.uniform(0, 100), rng.uniform(1000, 90_000)]))
    clock = time.copy()
    kinds = tuple(rng.choice(KINDS, size=rng.integers(0, 4), replace=False))
    keep = np.ones(n, dtype=bool)
    at = {kind: int(rng.integers(n // 8, n - n // 8)) for kind in KINDS}
    if "blocks" in kinds:  # the counter itself is brought up to date at times
        true = true[np.arange(n) // 7 * 7]
    raw = true + offset
    if "reset" in kinds:
        raw[at["reset"] :] -= raw[at["reset"]]
    if "replaced" in kinds:
        raw[at["replaced"] :] += rng.uniform(0, 90_000) - raw[at["replaced"]]
    reading = np.floor(raw / count + 1e-9) * count
    if "jitter" in kinds:
        reading -= count * (rng.random(n) < 0.3) * (reading >= count)
    if "spike" in kinds:
        reading[at["spike"]] = rng.choice([0.0, 65_535.0, reading[at["spike"]] + 500])
    if "long spike" in kinds:
        reading[at["long spike"] : at["long spike"] + 3] = rng.choice([0.0, 429_496.0])
    if "future" in kinds:
        clock[at["future"]] += int(rng.integers(1, 3650)) * 24 * HOUR
    if "clock" in kinds:
        clock[at["clock"] : at["clock"] + n // 20] += HOUR * int(rng.integers(1, 5))
    if "gap" in kinds:
        keep[at["gap"] : at["gap"] + n // 8] = False
    return CounterHistory(clock[keep], reading[keep], true[keep], count, kinds)
