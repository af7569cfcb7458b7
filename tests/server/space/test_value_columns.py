"""Columns of values have the bytes of values that are encoded one by one."""

from __future__ import annotations

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.server.services.attribute_service import with_timestamps
from heatpump_twin.server.space.point_values import MAX_TIME, MIN_TIME, PointValues, to_datetime
from heatpump_twin.server.space.value_columns import ValueColumns
from heatpump_twin.twin_engine.image import Image

NOW = 1_760_000_000_000_000
TABLE = PointTable.build(("hp1", name, spec, None) for name, spec in CATALOGUE["heat_pump"].items())
WANTED = list(ua.TimestampsToReturn)[:4]
VALUES = st.one_of(
    st.floats(),
    st.sampled_from([0.5, -0.5, 1.5, 2.5, 2.0**31 - 0.5, 2.0**31, -(2.0**31) - 0.5, 1e300]),
)
STATUSES = st.one_of(
    st.sampled_from([0, 0x4000_0000, 0x408F_0000, 0x8032_0000, 0x8000_0000, 0x0000_0480]),
    st.integers(0, 2**32 - 1),
)
TIMES = st.one_of(
    st.integers(NOW - 10**12, NOW),
    st.sampled_from([0, -1, MIN_TIME - 1, MIN_TIME, MIN_TIME + 1, MAX_TIME - 1, MAX_TIME, 2**62]),
)
ROW = st.tuples(st.integers(0, len(TABLE) - 1), VALUES, STATUSES, TIMES)


@settings(max_examples=400, deadline=None)
@given(
    rows=st.lists(ROW, min_size=1, max_size=60),
    now=TIMES,
    wanted=st.sampled_from(WANTED),
    again=st.booleans(),
)
def test_a_column_has_the_bytes_of_single_values(rows, now, wanted, again) -> None:
    clock = ManualClock(now)
    image = Image(TABLE, NOW)
    index, value, status, time = zip(*rows, strict=True)
    image.ingest(Frame.of(index, value, status, np.array(time, dtype=np.int64)))
    columns, single = ValueColumns(image, clock), PointValues(image, clock)
    asked = list(index) * (2 if again else 1)
    expected = b"".join(
        to_binary(
            ua.DataValue, with_timestamps(single.value(point), wanted, to_datetime(clock.now()))
        )
        for point in asked
    )
    column = columns.column(asked, wanted)
    assert columns.encoded(column) == expected
    assert columns.encoded(column) == expected  # what is prepared is not used up


@pytest.mark.parametrize("wanted", WANTED)
def test_a_whole_table_waiting_then_good(wanted) -> None:
    clock = ManualClock(NOW)
    image = Image(TABLE, NOW)
    columns, single = ValueColumns(image, clock), PointValues(image, clock)
    points = range(len(TABLE))
    column = columns.column(points, wanted)
    for value in (None, 1.0, np.nan):
        if value is not None:
            image.ingest(Frame.of(points, value, 0, NOW))
        assert columns.encoded(column) == b"".join(
            to_binary(
                ua.DataValue, with_timestamps(single.value(point), wanted, to_datetime(clock.now()))
            )
            for point in points
        )
