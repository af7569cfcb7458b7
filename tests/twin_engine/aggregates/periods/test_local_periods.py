"""Days, weeks, months and years begin at midnight of the place, whatever its clocks do."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatpump_twin.twin_engine.aggregates.periods.local_periods import LocalPeriods, Period

MADRID = ZoneInfo("Europe/Madrid")
HOUR = 3_600_000_000
ZONES = [ZoneInfo(name) for name in ("Europe/Madrid", "Asia/Kathmandu", "America/Santiago", "UTC",
                                     "Australia/Lord_Howe", "Pacific/Apia")]  # fmt: skip


def at(text: str, zone: ZoneInfo = MADRID) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1_000_000


def hours(start: str, end: str, period: Period) -> list[float]:
    found = LocalPeriods(at(start), at(end), period, MADRID)
    part = found.part(0, 1_000)
    assert len(part) == len(found)
    return ((part.late - part.early) / HOUR).tolist()


def test_days_of_the_changes_of_the_clock_are_shorter_and_longer() -> None:
    assert hours("2026-03-28", "2026-03-31", Period.DAY) == [24, 23, 24]
    assert hours("2026-10-24", "2026-10-27", Period.DAY) == [24, 25, 24]
    assert hours("2026-03-23", "2026-04-06", Period.WEEK) == [167, 168]
    assert hours("2026-02-01", "2026-05-01", Period.MONTH) == [28 * 24, 31 * 24 - 1, 30 * 24]
    assert hours("2024-01-01", "2026-01-01", Period.YEAR) == [366 * 24, 365 * 24]


def test_what_the_range_does_not_cover_is_cut() -> None:
    found = LocalPeriods(at("2026-01-10T12:00"), at("2026-03-05"), Period.MONTH, MADRID)
    part = found.part(0, 10)
    assert part.cut.tolist() == [True, False, True]
    assert part.early.tolist() == [at("2026-01-10T12:00"), at("2026-02-01"), at("2026-03-01")]
    assert part.late.tolist()[-1] == at("2026-03-05")
    assert found.part(1, 1).early.tolist() == [at("2026-02-01")]
    assert len(LocalPeriods(at("2026-01-10"), at("2026-01-10"), Period.DAY, MADRID)) == 0


@given(
    st.integers(600_000_000, 2_100_000_000),
    st.timedeltas(timedelta(minutes=1), timedelta(days=400)),
    st.sampled_from(list(Period)),
    st.sampled_from(ZONES),
)
def test_periods_adjoin_and_begin_at_midnight(begin, span, period, zone) -> None:
    start = begin * 1_000_000
    found = LocalPeriods(start, start + round(span.total_seconds()) * 1_000_000, period, zone)
    part = found.part(0, 1_000)
    assert part.early[0] == start
    assert part.late[-1] == found.end
    np.testing.assert_array_equal(part.early[1:], part.late[:-1])
    assert (part.late > part.early).all()
    for edge in part.early[1:].tolist():
        local = datetime.fromtimestamp(edge // 1_000_000, zone)
        day = local.date()
        # At midnight, or at the first moment of a day that has none.
        assert datetime.fromtimestamp(edge // 1_000_000 - 1, zone).date() < day
        assert day == period.begin(day)
