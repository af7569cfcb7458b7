"""Many moments at once tell what look after look tells, and leave the same memory behind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.expression import Expression
from heatpump_twin.rules.grammar.memory import Memory
from heatpump_twin.rules.grammar.parser import Inputs

CALLS = (
    "mean(electrical_power, '10 min')",
    "mean(electrical_power, '20 min', during=compressor_on)",
    "min(electrical_power, '1 min')",
    "max(electrical_power, '20 min', during=compressor_on)",
    "trend(electrical_power, '1 h')",
    "duration(compressor_on, '30 min')",
    "count(compressor_on, '1 h')",
    "count(defrost_active, '2 h', during=compressor_on)",
    "changes(electrical_power, '1 h')",
    "mean(electrical_power, 'run', during=compressor_on)",
    "max(electrical_power, 'run', during=compressor_on)",
    "duration(defrost_active, 'run', during=compressor_on)",
    "count(defrost_active, 'run', during=compressor_on)",
    "since(compressor_on)",
    "since(defrost_active, during=compressor_on)",
    "longest_run(compressor_on, 3)",
    "shortest_interval(compressor_on, 2)",
    "ewma(electrical_power, '20 min', during=compressor_on)",
    "cusum(electrical_power, 500)",
    "since(min(electrical_power, '5 min') > 400)",
)
ASSETS = 2


def course(seed: int, count: int, longest: float) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Times between looks, and inputs that run for a while, stop, and are unknown at times."""
    rng = np.random.default_rng(seed)
    elapsed = np.ceil(rng.uniform(0.5, longest, count) * 2) / 2 * MICROSECONDS
    inputs: dict[str, np.ndarray] = {}
    for point in ("compressor_on", "defrost_active", "electrical_power"):
        turns = rng.random((count, ASSETS)) < 0.15
        row = np.maximum.accumulate(np.where(turns, np.arange(count)[:, None], 0), axis=0)
        drawn = rng.integers(0, 2, (count, ASSETS)).astype(float)
        if point == "electrical_power":
            drawn = rng.uniform(0, 1000, (count, ASSETS))
        drawn[rng.random((count, ASSETS)) < 0.1] = np.nan
        inputs[point] = np.take_along_axis(drawn, row, axis=0)
    return elapsed.astype(np.int64), inputs


def looked(
    expression: Expression, memory: dict[str, Memory], elapsed: np.ndarray, inputs: dict
) -> np.ndarray:
    """Return what is told look after look."""
    rows = []
    for k, passed in enumerate(elapsed.tolist()):
        now = Inputs({p: x[k] for p, x in inputs.items()}, {}, passed, memory)
        expression.evaluate(now)
        rows.append(now.told[next(reversed(memory))])
    return np.array(rows)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from((3.0, 90.0, 3000.0)),
    st.lists(st.integers(1, 59), max_size=3, unique=True),
)
def test_a_scan_is_look_after_look(call: str, seed: int, longest: float, cuts: list[int]) -> None:
    elapsed, inputs = course(seed, 60, longest)
    expression = Expression.parse(f"{call} > 0")
    one, other = (
        {text: recipe.make(ASSETS) for text, recipe in expression.recipes.items()} for _ in range(2)
    )
    expected = looked(expression, one, elapsed, inputs)
    parts = []
    for part in np.split(np.arange(60), sorted(cuts)):
        values = {p: x[part] for p, x in inputs.items()}
        now = Inputs(values, {}, elapsed[part], other)
        expression.evaluate(now)
        parts.append(now.told[next(reversed(other))])
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-9, atol=1e-9)
    for text, memory in one.items():
        for name, array in memory.state.items():
            np.testing.assert_allclose(
                other[text].state[name], array, rtol=1e-9, atol=1e-9, err_msg=f"{text}: {name}"
            )


def test_the_courses_of_the_test_are_told_something() -> None:
    for call in CALLS:
        found: set[float] = set()
        for seed in range(8):
            elapsed, inputs = course(seed, 200, 90.0)
            expression = Expression.parse(f"{call} > 0")
            memory = {text: r.make(ASSETS) for text, r in expression.recipes.items()}
            told = looked(expression, memory, elapsed, inputs)
            found |= set(np.unique(told[~np.isnan(told)]).tolist())
        assert len(found) > 2, call


def test_a_copy_remembers_by_itself() -> None:
    elapsed, inputs = course(1, 60, 90.0)
    for call in CALLS:
        expression = Expression.parse(f"{call} > 0")
        memory = {text: r.make(ASSETS) for text, r in expression.recipes.items()}
        first = {p: x[:30] for p, x in inputs.items()}
        looked(expression, memory, elapsed[:30], first)
        kept = {text: {n: a.copy() for n, a in m.state.items()} for text, m in memory.items()}
        copies = {text: m.copy() for text, m in memory.items()}
        looked(expression, copies, elapsed[30:], {p: x[30:] for p, x in inputs.items()})
        for text, state in kept.items():
            for name, array in state.items():
                np.testing.assert_array_equal(memory[text].state[name], array, f"{text}: {name}")
