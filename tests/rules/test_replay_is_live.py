"""The same samples raise the same alarms, however they are bundled and whenever somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.keepsake import Keepsake
from heatpump_twin.rules.pack import Pack
from heatpump_twin.rules.schema import RulePack
from heatpump_twin.twin_engine.happening import PhaseChange

START = 1_767_225_600_000_000
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without making a failure smaller: each try is a second."""
ASSETS = ("east", "west")
POINTS = ("compressor_on", "water_flow", "electrical_power")
HOUR = 3600 * MICROSECONDS
RULES = (
    {"when": "compressor_on and water_flow < 8", "clear": "water_flow > 9", "delay": "60 s",
     "off_delay": "7 s"},
    {"when": "water_flow < 8", "during": "compressor_on", "delay": "3 polls"},
    {"when": "bad(water_flow)", "delay": "2 min"},
    {"when": "mean(electrical_power, '10 min') > 900",
     "clear": "mean(electrical_power, '10 min') < 700"},
    {"when": "count(compressor_on, '1 h') > 3", "delay": "30 s"},
    {"when": "duration(compressor_on, '20 min') > 600"},
    {"when": "since(compressor_on) > 1800", "suppressed_by": "r2"},
    {"when": "longest_run(compressor_on, 2) < 300"},
    {"when": "mean(electrical_power, 'run', during=compressor_on) > 800", "delay": "10 s"},
    {"when": "ewma(electrical_power, '10 min', during=compressor_on) > 900"},
    {"when": "cusum(electrical_power, 500, during=compressor_on) > 50"},
    {"when": "trend(water_flow, '30 min') > 1"},
    {"when": "changes(compressor_on, '30 min') > 4"},
    {"when": "max(water_flow, '10 min') - min(water_flow, '10 min') > 4"},
)  # fmt: skip


def the_pack() -> Pack:
    case = {"given": {}, "after": "0 s", "active": False}
    common = {"severity": 300, "title": "T", "cause": "c", "action": "a", "cases": [case]}
    rules = [{"id": f"r{i}", **common, **rule} for i, rule in enumerate(RULES)]
    model = RulePack.model_validate({"title": "Test", "rules": rules})
    return Pack(tuple(model.rules), YamlSource("", "test.yaml"))


def some_events() -> Pack:
    case = {"given": {}, "after": "0 s"}
    common = {"begins": "B", "ends": "E", "shows": ["electrical_power"], "cases": [case]}
    events = [
        {"id": "run", "while": "compressor_on", **common},
        {"id": "strong", "while": "electrical_power > 500", "delay": "20 s", **common},
        {"id": "lost", "while": "unreachable(water_flow)", "delay": "2 polls", **common},
    ]
    model = RulePack.model_validate({"title": "Test", "events": events})
    return Pack((), YamlSource("", "test.yaml"), tuple(model.events))


EVENTS = some_events()
PACK, SITE = the_pack(), load_site("two-heat-pumps", environment={})
SPECS = CATALOGUE["heat_pump"]
TABLE = PointTable.build((asset, point, SPECS[point], None) for asset in ASSETS for point in POINTS)


def engine() -> RuleEngine:
    made = RuleEngine([PACK], SITE, TABLE)
    made.advance(START)
    return made


Alarms = list[tuple[str, bool, int, str]]


def told(rules: RuleEngine, to: int) -> Alarms:
    return [(c.alarm.key, c.active, c.time, str(c.message)) for c in rules.advance(to)]


def at_once(samples: Frame, end: int) -> Alarms:
    rules = engine()
    rules.take(samples)
    return told(rules, end)


def history(rng: np.random.Generator, count: int, hours: float, bad: float) -> Frame:
    """Samples of some hours in order of time: runs, and what cannot be read."""
    time = START + np.sort(rng.integers(1, round(hours * HOUR), count))
    point = rng.integers(0, len(TABLE), count)
    ids = np.array([TABLE[int(i)].id for i in point])
    value = np.where(ids == "water_flow", rng.uniform(5, 12, count), rng.uniform(0, 1500, count))
    value = np.where(ids == "compressor_on", rng.integers(0, 2, count), value)
    away = rng.random(count) < bad
    status = np.where(away, BAD_NO_COMMUNICATION, GOOD)
    return Frame.of(point, np.where(away, np.nan, value), status, time)


@st.composite
def histories(draw: st.DrawFn) -> Frame:
    """Samples of an hour, maybe with a silence in the middle."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.integers(40, 80))
    samples = history(rng, count, 1.0, draw(st.sampled_from((0.0, 0.05, 0.3))))
    if draw(st.booleans()):
        samples.time[count // 2 :] += 2 * HOUR
    return samples


def parts(samples: Frame, cuts: Sequence[int]) -> list[Frame]:
    edges = [0, *sorted(cuts), len(samples)]
    return [
        Frame(samples.point[a:b], samples.value[a:b], samples.status[a:b], samples.time[a:b])
        for a, b in pairwise(edges)
    ]


def happened(rules: RuleEngine) -> list[tuple[object, ...]]:
    return [
        (c.time, c.asset, c.phase, c.begins, c.since or 0, str(c.message))
        for c in rules.happened()
        if isinstance(c, PhaseChange)
    ]


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(histories(), st.data())
def test_events_are_the_same_in_any_batches(samples: Frame, data: st.DataObject) -> None:
    def rules() -> RuleEngine:
        made = RuleEngine([EVENTS], SITE, TABLE)
        made.advance(START)
        return made

    end = int(samples.time[-1]) + HOUR // 2
    cuts = data.draw(st.lists(st.integers(1, len(samples) - 1), max_size=40, unique=True))
    live, seen = rules(), []
    for part in parts(samples, cuts):
        live.take(part)
        live.advance(int(part.time[-1]) - MICROSECONDS)
        seen += happened(live)
    live.advance(end)
    seen += happened(live)
    replayed = rules()
    replayed.take(samples)
    replayed.advance(end)
    assert sorted(seen) == sorted(happened(replayed))
    assert seen


@settings(max_examples=6, deadline=None, phases=PHASES)
@given(histories(), st.data())
def test_jitter_and_batches_decide_nothing(samples: Frame, data: st.DataObject) -> None:
    end = int(samples.time[-1]) + HOUR // 2
    count = len(samples)
    cuts = data.draw(st.lists(st.integers(1, count - 1), max_size=40, unique=True))
    rules, live = engine(), []
    for number, part in enumerate(parts(samples, cuts)):
        # Frames of one look come in any order, and someone looks at any time before the next.
        for piece in data.draw(st.permutations(parts(part, range(1, len(part), 3)))):
            rules.take(piece)
        following = parts(samples, cuts)[number + 1 :]
        until = int(following[0].time[0]) - 1 if following else end
        for share in sorted(data.draw(st.lists(st.floats(0, 1), max_size=3))):
            live += told(rules, int(part.time[-1] + share * (until - part.time[-1])))
    live += told(rules, end)
    assert live == at_once(samples, end)


@settings(max_examples=3, deadline=None, phases=PHASES)
@given(histories())
def test_a_look_after_each_sample_changes_nothing(samples: Frame) -> None:
    end = int(samples.time[-1]) + HOUR // 2
    rules, live = engine(), []
    for part in parts(samples, range(1, len(samples))):
        live += told(rules, int(part.time[0]) - 1)
        rules.take(part)
    live += told(rules, end)
    assert live == at_once(samples, end)


@settings(max_examples=5, deadline=None, phases=PHASES)
@given(histories(), st.integers(1, 49))
def test_what_is_kept_over_a_restart_is_what_was_remembered(samples: Frame, cut: int) -> None:
    before, after = parts(samples, [min(cut, len(samples) - 1)])
    stopped = int(before.time[-1]) + MICROSECONDS
    after = Frame(after.point, after.value, after.status, after.time + 3 * HOUR // 2)
    back, end = int(after.time[0]) - MICROSECONDS, int(after.time[-1]) + MICROSECONDS
    # One that stands still knows as little as one that sees nothing.
    blind = Frame.of(range(len(TABLE)), np.nan, BAD_NO_COMMUNICATION, stopped)
    whole = engine()
    whole.take(Frame.concat([before, blind]))
    whole.advance(stopped + MICROSECONDS)
    again = RuleEngine([PACK], SITE, TABLE)
    again.recollect(Keepsake.unpacked(whole.remember().packed()))
    whole.advance(back)
    again.advance(back)
    for rules in (whole, again):
        rules.take(after)
        rules.advance(end)
    for one, other in zip(whole.remember().mementos, again.remember().mementos, strict=True):
        assert (one.rule, one.text, one.time) == (other.rule, other.text, other.time)
        for name, array in one.arrays.items():
            np.testing.assert_array_equal(array, other.arrays[name], f"{one.text}: {name}")


def test_the_rules_of_the_test_do_raise_alarms() -> None:
    found: set[str] = set()
    for seed in range(2):
        samples = history(np.random.default_rng(seed), 160, 2.0, 0.05)
        found |= {key.split(".")[1] for key, *_ in at_once(samples, START + 5 * HOUR // 2)}
    assert found == {f"r{i}" for i in range(len(RULES))}


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"x" * 1000, engine().remember().packed()[:-20]]
)
def test_something_else_is_no_memory(data: bytes) -> None:
    with pytest.raises(ValueError, match="no memory of rules"):
        Keepsake.unpacked(data)
