"""The grid of a record: means that can be computed by hand, and what is not known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.model.calibration.record import Record, edges_between, record_of


def samples(*readings: tuple[float, float] | tuple[float, float, int]) -> Samples:
    """Return samples from second, value, and maybe status."""
    time = np.array([round(r[0] * MICROSECONDS) for r in readings], dtype=np.int64)
    value = np.array([float(r[1]) for r in readings])
    status = np.array([r[2] if len(r) > 2 else GOOD for r in readings], dtype=np.uint32)
    return Samples(value, status, time)


def recorded(point: str, found: Samples, end: float, step: float) -> Record:
    edges = edges_between(0, round(end * MICROSECONDS), step)
    return record_of([(point, found)], edges, asset="hp1", emulated=True)


def test_a_temperature_lies_on_the_line_between_its_samples():
    found = recorded("supply_temperature", samples((0, 30), (60, 36), (120, 36)), 120, 60)
    assert found.column("supply_temperature") == pytest.approx([33.0, 36.0])
    assert found.known["supply_temperature"] == pytest.approx([1.0, 1.0])


def test_a_switch_holds_until_its_next_sample():
    found = recorded("dhw_heating", samples((0, 0), (45, 1), (120, 1)), 120, 60)
    assert found.column("dhw_heating") == pytest.approx([0.25, 1.0])


def test_an_enumeration_has_a_column_for_each_code():
    found = recorded("operating_state", samples((0, 2), (30, 3), (60, 2), (120, 2)), 120, 60)
    assert found.column("operating_state=2") == pytest.approx([0.5, 1.0])
    assert found.column("operating_state=3") == pytest.approx([0.5, 0.0])


def test_a_bad_sample_is_unknown_until_the_next_and_holds_nothing_open():
    readings = samples((0, 10), (30, np.nan, BAD_NO_DATA), (90, 20, UNCERTAIN), (120, 20))
    found = recorded("outdoor_temperature", readings, 120, 30)
    assert found.column("outdoor_temperature")[[0, 3]] == pytest.approx([10.0, 20.0])
    assert np.isnan(found.column("outdoor_temperature")[[1, 2]]).all()
    assert found.known["outdoor_temperature"] == pytest.approx([1.0, 0.0, 0.0, 1.0])


def test_a_step_that_is_known_for_less_than_half_has_no_value():
    readings = samples((0, 10), (20, np.nan, BAD_NO_DATA), (60, 20), (120, 20))
    found = recorded("outdoor_temperature", readings, 120, 60)
    assert np.isnan(found.column("outdoor_temperature")[0])
    assert found.known["outdoor_temperature"][0] == pytest.approx(1 / 3)


def test_nothing_is_known_over_a_long_pause_but_a_table_may_have_rare_rows():
    often = samples(*((s, 5.0) for s in (0, 60, 120, 180, 9000, 9060)))
    assert recorded("room_temperature", often, 9000, 900).known["room_temperature"][3] == 0.0
    rare = samples(*((3 * 3600 * k, 5.0) for k in range(5)))
    assert recorded("room_temperature", rare, 43200, 900).known["room_temperature"].all()


def test_a_counter_far_from_zero_keeps_its_digits():
    found = samples(*((s, 987654.0 + 1e-3 * s) for s in range(0, 7201, 60)))
    means = recorded("electrical_energy", found, 7200, 60).column("electrical_energy")
    assert np.diff(means) == pytest.approx(0.06, abs=1e-7)


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.floats(-50, 50), st.booleans()), min_size=3, max_size=40
    ),
    st.booleans(),
)
def test_a_coarse_step_is_the_weighted_mean_of_its_fine_ones(readings, stepped):
    seconds = np.cumsum([apart for apart, _, _ in readings])
    found = samples(
        *(
            (s, value if good else np.nan, GOOD if good else BAD_NO_DATA)
            for s, (_, value, good) in zip(seconds, readings, strict=True)
        )
    )
    point = "unit_enabled" if stepped else "supply_temperature"
    coarse, fine = recorded(point, found, 3600, 600), recorded(point, found, 3600, 20)
    if not coarse.columns:
        assert not fine.columns
        return
    share = fine.known[point].reshape(-1, 30)
    assert coarse.known[point] == pytest.approx(share.mean(axis=1))
    fully = share.all(axis=1) & np.isfinite(coarse.columns[point])
    means = np.nan_to_num(fine.columns[point].reshape(-1, 30)) * share
    # Only where each fine step has a value: one known for less than half shows none.
    shown = fully & (share >= 0.5).all(axis=1)
    assert coarse.columns[point][shown] == pytest.approx(
        means.sum(axis=1)[shown] / share.sum(axis=1)[shown], abs=1e-6
    )


def test_the_first_point_that_is_known_stands_for_the_others():
    edges = edges_between(0, 120 * MICROSECONDS, 60)
    own = samples((0, 5), (60, 5), (61, np.nan, BAD_NO_DATA), (400, 5))
    found = record_of(
        [("outdoor_temperature", own), ("ambient_temperature", samples((0, 7), (120, 7)))],
        edges,
        asset="hp1",
        emulated=False,
    )
    assert found.column("outdoor_temperature", "ambient_temperature") == pytest.approx([5.0, 7.0])
    assert found.points == {"outdoor_temperature", "ambient_temperature"}
    later = found.between(60 * MICROSECONDS, 2**62)
    assert len(later) == 1
    assert later.end == found.end
