"""Values are recorded as fine as they are known: within a tenth of the deadband, to the ms."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.historian.recording.resolution import Resolution

START = 1_767_225_600_000_000


@given(
    st.floats(-1e6, 1e6),
    st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.05, 0.3, 0.5, 3.0, 10.0, 250.0]),
)
def test_a_value_is_off_by_a_tenth_of_the_deadband(value: float, deadband: float) -> None:
    found = Resolution([deadband]).of(Frame.of(0, value, GOOD, START)).value[0]
    assert abs(found - value) <= deadband / 10 * (1 + 1e-9) + 1e-15 * abs(value)


@given(st.integers(-32768, 32767), st.sampled_from([1, 2]), st.sampled_from([0.05, 0.01, 0.0]))
def test_what_a_device_says_in_decimals_is_kept_as_it_is(
    register: int, places: int, deadband: float
) -> None:
    value = register / 10**places
    assert Resolution([deadband]).of(Frame.of(0, value, GOOD, START)).value[0] == value


def test_what_is_no_number_stays_what_it_is_and_points_may_come() -> None:
    resolution = Resolution([0.05, 0.0])
    resolution.grow([10.0])
    values = [np.nan, np.inf, 1234.56]
    frame = resolution.of(Frame.of([0, 1, 2], values, GOOD, START + 1999))
    assert np.array_equal(frame.value, [np.nan, np.inf, 1235.0], equal_nan=True)
    assert frame.time.tolist() == [START + 1000] * 3
