"""Aggregates over arrays are what the definitions say, sample by sample."""

from __future__ import annotations

import literal_aggregates as plain
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME, RECORDS
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import Series
from heatpump_twin.twin_engine.history import Samples

SECOND = 1_000_000
STATUSES = [0, 0, 0, 0, 0x4000_0000, 0x4090_0000, 0x8000_0000, 0x809B_0000, 0x8031_0000]

times = st.lists(st.integers(0, 40), min_size=0, max_size=25, unique=True).map(sorted)
rules = st.builds(
    Rules,
    stepped=st.booleans(),
    treat_uncertain_as_bad=st.booleans(),
    percent_bad=st.sampled_from([30, 50, 100]),
    percent_good=st.sampled_from([70, 100]),
    sloped_extrapolation=st.booleans(),
)


@st.composite
def archives(draw: st.DrawFn) -> Samples:
    time = draw(times)
    # Few values, so that there are equal ones among them.
    value = [draw(st.sampled_from([0.0, 1.0, 2.5, -3.0, 20.0])) for _ in time]
    status = np.array([draw(st.sampled_from(STATUSES)) for _ in time], dtype=np.uint32)
    known = np.array(value) + np.where(status >= 0x8000_0000, np.nan, 0.0)
    return Samples(known, status, np.array(time, dtype=np.int64) * SECOND)


def archive(samples: Samples, how: Rules) -> plain.Archive:
    rows = [
        plain.Sample(int(t), float(v), min(int(s) >> 30, 2), int(s))
        for t, v, s in zip(samples.time, samples.value, samples.status, strict=True)
    ]
    while rows and rows[0].status == plain.NO_DATA:
        rows.pop(0)
    return plain.Archive(rows, how)


def assert_same(found: Samples, expected: list[plain.Found]) -> None:
    assert [hex(s) for s in found.status.tolist()] == [hex(one.status) for one in expected]
    np.testing.assert_allclose(found.value, [one.value for one in expected], rtol=1e-9, atol=1e-9)
    assert found.time.tolist() == [one.time for one in expected]


@pytest.mark.parametrize("name", [record.name for record in RECORDS])
@given(
    samples=archives(),
    how=rules,
    start=st.integers(-5, 45),
    end=st.integers(-5, 45),
    length=st.sampled_from([0, 1, 3, 5, 7.5, 16, 100]),
)
def test_any_archive(
    name: str, samples: Samples, how: Rules, start: int, end: int, length: float
) -> None:
    if start == end:
        return
    span = start * SECOND, end * SECOND, int(length * SECOND)
    asked = Range.of(*span)
    series = Series.of(samples, how, begins=True, ends=True)
    found = BY_NAME[name].of(series, asked.part(0, len(asked)))
    assert_same(found, plain.literal(name, archive(samples, how), *span))


def test_all_are_compared() -> None:
    assert set(plain.AGGREGATES) == {record.name for record in RECORDS}
