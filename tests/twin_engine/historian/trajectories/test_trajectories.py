"""The log of forecasts, and history that goes on into the future."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_forecast import LEAD, QUARTER, STEPS, simulated

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, UNCERTAIN
from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.processed_reading import ProcessedReading
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.historian.database.database_access import migrate, open_engine
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.historian.trajectories.forecast_history import ForecastHistory
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.trajectory import Curve, Trajectory

START = 1_767_225_600_000_000
S = 1_000_000
EVER = 2**62
KEY, LOWER, UPPER = "hp1.heat_up_time", "hp1.heat_up_time_lower", "hp1.heat_up_time_upper"


@pytest.fixture
def points() -> PointTable:
    names = ("supply_temperature", "heat_up_time", "heat_up_time_lower", "heat_up_time_upper")
    return PointTable.build(("hp1", name, CATALOGUE["heat_pump"][name], None) for name in names)


@pytest.fixture
async def log(database, points):
    engine = open_engine(database)
    migrate(engine)
    engine.dispose()
    log = TrajectoryLog(points, database)
    await log.announce([KEY])
    yield log
    log.close()


async def test_a_point_and_its_bounds_show_the_newest_forecast(log) -> None:
    assert set(log.keys) == {KEY, LOWER, UPPER}
    assert log.newest(KEY) is None
    await log.write([simulated(KEY, START + S), simulated(KEY, START, offset=500)])
    for key, offset in ((KEY, 0), (LOWER, -10), (UPPER, 10)):
        issued, samples = log.newest(key)
        assert issued == START + S
        assert samples.value.tolist() == [offset + step for step in range(STEPS)]
        assert samples.time.tolist() == [START + (n + LEAD) * QUARTER for n in range(STEPS)]
        assert set(samples.status.tolist()) == {UNCERTAIN}
    assert log.newest("hp1.supply_temperature") is None


async def test_what_was_issued_before_stays_and_outlives_a_restart(log, database, points) -> None:
    moments = [START + n * QUARTER for n in range(5)]
    await log.write([simulated(KEY, moment, offset=n) for n, moment in enumerate(moments)])
    again = TrajectoryLog(points, database)
    await again.announce([KEY])
    assert again.newest(UPPER)[0] == moments[-1]
    for reverse in (False, True):
        found = await again.issues(LOWER, moments[1], moments[4], limit=2, reverse=reverse)
        order = (3, 2) if reverse else (1, 2)
        assert [issued for issued, _ in found] == [moments[n] for n in order]
    await again.write([simulated(KEY, moments[0], offset=70)])  # the same once more
    found = await again.issues(KEY, -EVER, EVER, limit=99)
    assert [samples.value[0] for _, samples in found] == [70, 1, 2, 3, 4]
    assert again.newest(KEY)[0] == moments[-1]  # an old one is not the newest
    again.close()


async def test_a_simulation_is_kept_and_is_no_forecast(log) -> None:
    await log.write([simulated(KEY, START), simulated(KEY, START + S, scenario="lower curve")])
    assert log.newest(KEY)[0] == START
    assert [issued for issued, _ in await log.issues(KEY, -EVER, EVER, limit=9)] == [START]
    (found,) = await log.issued(KEY, -EVER, EVER, limit=9, scenario="lower curve")
    written = simulated(KEY, START + S, scenario="lower curve")
    assert (found.key, found.issued, found.model) == (KEY, START + S, "simulated 1.0")
    for name in ("time", "quantiles", "values"):
        assert np.array_equal(getattr(found, name), getattr(written, name))


async def test_the_oldest_are_deleted(log, database) -> None:
    await log.write([simulated(KEY, START + n) for n in range(6)])
    store = SampleStore(open_engine(database))
    assert [store.prune_trajectories(START + 4, 3) for _ in range(3)] == [3, 1, 0]
    store.close()
    assert [i - START for i, _ in await log.issues(KEY, -EVER, EVER, limit=9)] == [4, 5]


async def test_what_was_not_kept_is_not_shown(cluster, points) -> None:
    url = cluster.new_database()
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    log = TrajectoryLog(points, url)
    cluster.stop()
    try:
        await log.announce([KEY])  # the twin starts without its database, too
        with pytest.raises(DatabaseAway, match="forecasts cannot be reached now"):
            await log.write([simulated(KEY, START)])
        assert log.newest(KEY) is None
    finally:
        cluster.start()
        log.close()


def test_a_trajectory_that_does_not_fit_is_refused() -> None:
    good = simulated(KEY, START)
    for wrong in (
        {"values": good.values[:2]},
        {"time": good.time[::-1]},
        {"quantiles": np.array([0.5, 0.1, 0.9])},
        {"time": good.time[:0], "values": good.values[:, :0]},
    ):
        parts = {name: getattr(good, name) for name in ("time", "quantiles", "values")} | wrong
        with pytest.raises(ValueError, match=KEY):
            Trajectory(KEY, START, model="m", **parts)


def test_what_is_not_known_is_bad() -> None:
    one = simulated(KEY, START)
    one.values[1, 5] = np.nan
    samples = one.curve(Curve.MIDDLE)
    assert samples.status[5] == BAD_NO_DATA
    assert (samples.status != UNCERTAIN).sum() == 1


class Plain:
    """A reader over one array."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    async def read_raw(self, _key, start, end, *, limit, reverse=False) -> Samples:
        time = self.samples.time
        found = self.samples[(time >= start) & (time < end)]
        return (found[::-1] if reverse else found)[:limit]


@pytest.fixture
async def history(log, points, database):
    """What is recorded up to now, in every minute; and a forecast that began before."""
    clock = ManualClock(START + 3 * QUARTER + 7 * S)
    historian = Historian(points, database, HistorianSettings(flush=0.01), clock)
    await historian.start()
    minutes = np.arange(0, 53) * 60 * S + START
    index = points.by_key[KEY].index
    historian.take(Frame.of(np.full(len(minutes), index), np.arange(53.0), UNCERTAIN, minutes))
    await log.write([simulated(KEY, START - LEAD * QUARTER, offset=1000)])
    yield ForecastHistory(historian, log, clock)
    await historian.stop()


async def test_a_range_into_the_future_goes_on_with_the_forecast(history) -> None:
    now = history.clock.now()
    _, forecast = history.trajectories.newest(KEY)
    recorded = await history.recorded.read_raw(KEY, -EVER, now + 1, limit=999)
    assert 40 < len(recorded) < 53
    whole = Samples.concat([recorded, forecast[forecast.time > now]])
    plain = Plain(whole)
    edges = [-EVER, START, START + 61 * S, now, now + 1, START + 5 * QUARTER,
             START + 6 * QUARTER + 1, START + 300 * QUARTER, EVER]  # fmt: skip
    for first in edges:
        for last in edges:
            for limit in (1, 2, 50, 999):
                for reverse in (False, True):
                    span = {"limit": limit, "reverse": reverse}
                    found = await history.read_raw(KEY, first, last, **span)
                    expected = await plain.read_raw(KEY, first, last, **span)
                    for name in ("time", "value", "status"):
                        assert np.array_equal(getattr(found, name), getattr(expected, name))
    for time in (now - 1, now, now + QUARTER):
        assert (await history.before(KEY, time)).time <= time
        assert (await history.after(KEY, time)).time >= time
    # A point without a forecast ends where it is recorded.
    assert not len(await history.read_raw("hp1.supply_temperature", now + 1, EVER, limit=9))


async def test_aggregates_of_the_future_are_those_of_the_forecast(history) -> None:
    begin = START + 8 * QUARTER
    asked = Range.of(begin, begin + 8 * QUARTER, 4 * QUARTER)
    rules = Rules(stepped=False, treat_uncertain_as_bad=False)
    for name, values in (("TimeAverage2", (1010, 1014)), ("Interpolative", (1008, 1012))):
        reading = ProcessedReading(KEY, BY_NAME[name], asked, rules)
        found = await reading.part(history, 0, 9)
        assert found.value.tolist() == list(values)
