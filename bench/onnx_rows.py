"""A learnt remainder as ONNX, beside the same estimators asked by scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import onnxruntime
from rich.console import Console
from rich.table import Table

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS
from heatpump_twin.twin_engine.forecasting.remainder.features import FEATURES, FINENESS
from heatpump_twin.twin_engine.forecasting.remainder.remainder_fit import FAMILIES
from heatpump_twin.twin_engine.forecasting.remainder.remainder_onnx import Estimator, joined

_ROWS, _ASKED, _TIMES = 4000, 200_000, 300


def run(console: Console) -> None:
    """Print what a row costs, and by how much the two differ."""
    chance = np.random.default_rng(1)
    rows = _rows(chance, _ROWS)
    target = rows[:, 7] * 0.3 + np.abs(rows[:, 4]) + chance.normal(size=len(rows))
    table = Table(title="Quantiles of a remainder: ONNX beside scikit-learn's predict")
    for column in (
        "family", "scikit-learn, one row [µs]", "ONNX, one row [µs]", "times faster", "bar",
        "greatest difference", "bar",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for family, made in FAMILIES.items():
        estimators = [made(level) for level in LEVELS.tolist()]
        for one in estimators:
            one.fit(rows, target)
        session = onnxruntime.InferenceSession(
            joined({"x": estimators}), _quiet(), providers=["CPUExecutionProvider"]
        )
        asked = _rows(chance, _ASKED)

        def onnx(rows: Values, session: onnxruntime.InferenceSession = session) -> Values:
            said = session.run(None, {"x": rows.astype(np.float32)})
            return np.column_stack([one.reshape(-1) for one in said])

        def sklearn(rows: Values, estimators: Sequence[Estimator] = estimators) -> Values:
            return np.column_stack([one.predict(rows) for one in estimators])

        differ = float(np.abs(onnx(asked) - sklearn(asked)).max())
        slow, fast = (_each(say, asked[:1]) for say in (sklearn, onnx))
        table.add_row(
            family, f"{slow:.0f}", f"{fast:.0f}", f"{slow / fast:.0f}", "10", f"{differ:.1e}",
            "1e-05",
        )  # fmt: skip
    console.print(table)


def _rows(chance: np.random.Generator, count: int) -> Values:
    """Return features as the product makes them: in parts of a scaled unit."""
    return np.round(chance.normal(0.0, 2.0, (count, len(FEATURES))) * FINENESS) / FINENESS


def _each(say: Callable[[Values], Values], row: Values) -> float:
    """Return the least of many times that a row takes: others only ever add to it. [µs]"""
    say(row)
    taken = []
    for _ in range(_TIMES):
        begin = time.perf_counter()
        say(row)
        taken.append(time.perf_counter() - begin)
    return 1e6 * min(taken)


def _quiet() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options
