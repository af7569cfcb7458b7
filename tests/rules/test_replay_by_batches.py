"""A day that is judged at once raises what it raises frame by frame: with every packaged rule."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.rules.ruled_asset import AssetKind
from heatpump_twin.twin_engine.happening import PhaseChange

START = 1_767_225_600 * MICROSECONDS
MINUTE = 60 * MICROSECONDS
SITE = load_site("two-heat-pumps", environment={})
SPECS = CATALOGUE["heat_pump"]
PUMPS = [pump.id for pump in SITE.heat_pumps]
TABLE = PointTable.build((pump, point, SPECS[point], None) for pump in PUMPS for point in SPECS)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without making a failure smaller: each try is some seconds."""


def the_engine() -> RuleEngine:
    made = RuleEngine(load_packs(SITE.rules.packs), SITE, TABLE)
    made.advance(START)
    return made


def frames(seed: int, count: int, every: int) -> list[Frame]:
    """Values of all points that stay for a while, go anywhere, and are lost at times."""
    rng = np.random.default_rng(seed)
    low, high = np.array([point.spec.range or (0.0, 1.0) for point in TABLE]).T
    whole = np.array([point.spec.range is None or point.spec.enum is not None for point in TABLE])
    value = rng.uniform(low, high)
    status = np.full(len(TABLE), GOOD)
    found, now = [], START
    for _ in range(count):
        now += every + int(rng.integers(-every // 4, every // 4))
        if rng.random() < 0.01:
            now += int(rng.integers(1, 5)) * 30 * MINUTE
        turns = np.flatnonzero(rng.random(len(TABLE)) < rng.choice((0.0, 0.02, 0.2)))
        value[turns] = rng.uniform(low[turns], high[turns])
        value[turns] = np.where(whole[turns], np.round(value[turns]), value[turns])
        status[turns] = np.where(rng.random(len(turns)) < 0.1, BAD_NO_COMMUNICATION, GOOD)
        seen = np.where(status == GOOD, value, np.nan)
        found.append(Frame.of(range(len(TABLE)), seen, status, now))
    return found


Told = list[tuple[object, ...]]


def told(rules: RuleEngine, to: int) -> Told:
    return [
        (c.time, c.alarm.key, c.active, str(c.message), c.status, c.limit, c.value)
        for c in rules.advance(to)
    ]


def happened(rules: RuleEngine) -> Told:
    return sorted(
        (c.time, c.asset, c.phase, c.begins, c.since or 0, str(c.message))
        if isinstance(c, PhaseChange)
        else (c.time, c.point.key, str(c.message))
        for c in rules.happened()
    )


def both(seed: int, count: int, every: int, batch: int) -> tuple[list[Told], list[Told]]:
    """Return what is told, and what has happened, frame by frame and by batches."""
    live, replay = the_engine(), the_engine()
    alarms: list[Told] = [[], []]
    events: list[Told] = [[], []]
    all_frames = frames(seed, count, every)
    end = int(all_frames[-1].time[0]) + 30 * MINUTE
    for frame in all_frames:
        alarms[0] += told(live, int(frame.time[0]) - 1)
        live.take(frame)
    alarms[0] += told(live, end)
    for number, frame in enumerate(all_frames):
        replay.take(frame)
        if number % batch == batch - 1:
            alarms[1] += told(replay, int(frame.time[0]))
    alarms[1] += told(replay, end)
    for found, rules in zip(events, (live, replay), strict=True):
        found += happened(rules)
    return alarms, events


@settings(max_examples=4, deadline=None, phases=PHASES)
@given(
    st.integers(0, 2**32),
    st.sampled_from((MICROSECONDS, 20 * MICROSECONDS, MINUTE)),
    st.sampled_from((40, 150, 10_000)),
)
def test_batches_tell_what_frames_tell(seed: int, every: int, batch: int) -> None:
    alarms, events = both(seed, 150, every, batch)
    frame_by_frame, by_batches = ([row[:-2] for row in rows] for rows in alarms)
    assert by_batches == frame_by_frame
    # Of a window the value is a sum, whose last digit depends on the order of its parts.
    limits, values = (
        [[row[k] if row[k] is not None else math.nan for row in rows] for rows in alarms]
        for k in (-2, -1)
    )
    np.testing.assert_allclose(values[1], values[0], rtol=1e-9)
    np.testing.assert_allclose(limits[1], limits[0], rtol=1e-9)
    assert events[0] == events[1]


def test_most_rules_have_a_say_in_it() -> None:
    packs = load_packs(SITE.rules.packs)
    rules = {r.id for pack in packs for r in pack.rules if r.asset is AssetKind.HEAT_PUMP}
    found: set[str] = set()
    for seed, every in itertools.product(range(4), (20 * MICROSECONDS, MINUTE)):
        replay = the_engine()
        for frame in frames(seed, 600, every):
            replay.take(frame)
        found |= {change.alarm.rule for change in replay.advance(START + 10**13)}
        if len(found & rules) > 0.5 * len(rules):
            return
    pytest.fail(f"nothing is said by {sorted(rules - found)}")
