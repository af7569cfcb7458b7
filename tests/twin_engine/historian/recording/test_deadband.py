from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_NO_DATA, GOOD
from heatpump_twin.twin_engine.historian.recording.deadband import Deadband

S = 1_000_000


def recorded(deadband: Deadband, samples: list[tuple[float, float]], status: int = GOOD):
    frames = [deadband.keep(Frame.of(0, value, status, int(t * S))) for t, value in samples]
    kept = Frame.concat(frames)
    return list(zip((kept.time / S).tolist(), kept.value.tolist(), strict=True))


def test_small_changes_are_left_out_and_the_sample_before_a_step_is_kept():
    deadband = Deadband([0.5], 60)
    assert recorded(deadband, [(0, 20.0), (1, 20.1), (2, 20.2), (3, 25.0), (4, 25.1)]) == [
        (0, 20.0),
        (2, 20.2),
        (3, 25.0),
    ]


def test_a_steady_value_is_recorded_again_after_the_longest_interval():
    deadband = Deadband([0.5], 60)
    kept = recorded(deadband, [(t, 20.0) for t in range(181)])
    assert [t for t, _ in kept] == [0, 60, 120, 180]


def test_a_quality_change_is_kept_with_the_sample_before_it():
    deadband = Deadband([0.5], 60)
    recorded(deadband, [(0, 20.0), (1, 20.1)])
    lost = deadband.keep(Frame.bad(0, BAD_NO_COMMUNICATION, 2 * S))
    assert lost.time.tolist() == [1 * S, 2 * S]
    assert lost.status.tolist() == [GOOD, BAD_NO_COMMUNICATION]
    assert not len(deadband.keep(Frame.bad(0, BAD_NO_COMMUNICATION, 3 * S)))
    back = deadband.keep(Frame.of(0, 20.1, GOOD, 4 * S))
    assert back.time.tolist() == [3 * S, 4 * S]


def test_closing_keeps_the_last_sample_and_marks_the_gap():
    deadband = Deadband([0.5, 0.5], 60)
    recorded(deadband, [(0, 20.0), (7, 20.1)])
    end = deadband.close(9 * S)
    assert end.point.tolist() == [0, 0]  # point 1 was never seen and gets no mark
    assert end.time.tolist() == [7 * S, 9 * S]
    assert end.status.tolist() == [GOOD, BAD_NO_DATA]
    assert np.isnan(end.value[1])


def test_a_clock_set_back_does_not_silence_a_point():
    deadband = Deadband([0.5], 60)
    assert recorded(deadband, [(1000, 20.0), (500, 20.0), (501, 20.0)]) == [
        (1000, 20.0),
        (500, 20.0),
    ]


def test_points_of_one_frame_are_judged_one_by_one():
    deadband = Deadband([0.5, 0.0, 0.5], 60)
    deadband.keep(Frame.of([0, 1, 2], [1.0, 1.0, 1.0], GOOD, 0))
    kept = deadband.keep(Frame.of([2, 0, 1], [1.1, 9.0, 1.0001], GOOD, S))
    assert kept.point.tolist() == [0, 1]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.floats(-3, 3), st.sampled_from([0, BAD_NO_COMMUNICATION])),
        min_size=1,
        max_size=40,
    )
)
def test_one_frame_with_recurring_points_equals_many_frames(samples):
    frames = [
        Frame.of(p, np.nan if status else value, status, t * S)
        for t, (p, value, status) in enumerate(samples)
    ]
    one, many = Deadband([0.5] * 3, 5), Deadband([0.5] * 3, 5)
    together = one.keep(Frame.concat(frames))
    apart = Frame.concat([many.keep(frame) for frame in frames])
    key = np.lexsort((together.time, together.point)), np.lexsort((apart.time, apart.point))
    for a, b in zip(
        (together.point, together.time, together.value, together.status),
        (apart.point, apart.time, apart.value, apart.status),
        strict=True,
    ):
        np.testing.assert_array_equal(a[key[0]], b[key[1]])


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=60))
def test_what_was_left_out_never_differs_by_more_than_the_deadband(values):
    deadband = Deadband([0.5], 1000)
    kept = recorded(deadband, list(enumerate(values)))
    times = [t for t, _ in kept]
    for t, value in enumerate(values):
        if t not in times:
            last = max(x for x in times if x < t)
            assert abs(value - values[int(last)]) <= 0.5
