"""Events of packs: what begins and ends, and settings that change, by the times of samples."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import Pack, load_pack
from heatpump_twin.rules.schema import RulePack
from heatpump_twin.twin_engine.happening import Happening, PhaseChange, SettingChange

START = 1_767_225_600_000_000
MINUTE = 60 * MICROSECONDS
SITE = load_site("two-heat-pumps", environment={})
SPECS = CATALOGUE["heat_pump"]
POINTS = (
    "compressor_on", "operating_state", "supply_temperature", "supply_setpoint", "operating_mode",
    "degree_minutes", "fault_reset",
)  # fmt: skip
TABLE = PointTable.build(
    (asset, point, SPECS[point], None) for asset in ("east", "west") for point in POINTS
)


class Told:
    """An engine with the packaged events, and what it tells, shortly."""

    def __init__(self) -> None:
        self.engine = RuleEngine([load_pack("heat-pump")], SITE, TABLE)
        self.engine.advance(START)
        self.now = START

    def feed(self, after: float, **values: float | None) -> list[str]:
        """Give values of ``east__compressor_on`` after some seconds; None: not reachable."""
        self.now += round(after * MICROSECONDS)
        for name, value in values.items():
            point = TABLE.by_key[name.replace("__", ".")].index
            bad = value is None
            status = BAD_NO_COMMUNICATION if bad else GOOD
            frame = Frame.of([point], np.nan if value is None else value, status, self.now)
            self.engine.take(frame)
        self.engine.advance(self.now)
        return [short(happening) for happening in self.engine.happened()]


def short(happening: Happening) -> str:
    if isinstance(happening, PhaseChange):
        return f"{happening.asset} {happening.phase} {'begins' if happening.begins else 'ends'}"
    assert isinstance(happening, SettingChange)
    return f"{happening.point.key} {happening.old:g} > {happening.new:g}"


def test_a_run_is_told_of_each_heat_pump_for_itself() -> None:
    told = Told()
    assert told.feed(1, east__compressor_on=0, west__compressor_on=1) == []  # nothing was known
    assert told.feed(60, east__compressor_on=1) == ["east run begins"]
    assert told.feed(60, west__compressor_on=0) == ["west run ends"]
    assert told.feed(3000, east__compressor_on=0) == ["east run ends"]


def test_what_is_said_has_values_and_how_long_it_was() -> None:
    told = Told()
    told.feed(1, east__compressor_on=0, east__supply_temperature=31.5)
    told.now += 60 * MICROSECONDS
    index = TABLE.by_key["east.compressor_on"].index
    for value, at in ((1, told.now), (0, told.now + 45 * MINUTE)):
        told.engine.take(Frame.of([index], value, GOOD, at))
        told.engine.advance(at)
    begun, ended = told.engine.happened()
    assert isinstance(ended, PhaseChange)
    assert (begun.time, ended.since, ended.time) == (told.now, told.now, told.now + 45 * MINUTE)
    assert begun.message == "Compressor started (Supply temperature 31.5 °C)"
    assert ended.message == "Compressor stopped after 45 min (Supply temperature 31.5 °C)"


def test_one_lost_poll_ends_no_run_and_a_gap_begins_none() -> None:
    told = Told()
    told.feed(1, east__compressor_on=0)
    assert told.feed(1, east__compressor_on=1) == ["east run begins"]
    assert told.feed(10, east__compressor_on=None) == []
    assert told.feed(60, east__compressor_on=0) == ["east run ends"]
    told.feed(1, east__compressor_on=None)
    assert told.feed(121, east__compressor_on=1) == []  # it may have begun at any time
    assert told.feed(10, east__compressor_on=0) == ["east run ends"]


def test_after_a_silence_nothing_begins_and_nothing_ends() -> None:
    told = Told()
    told.feed(1, east__compressor_on=0)
    told.feed(1, east__compressor_on=1)
    assert told.feed(4000, east__compressor_on=0) == []
    assert told.feed(60, east__compressor_on=1) == ["east run begins"]


def test_defrost_and_hot_water_are_told_by_the_state() -> None:
    told = Told()
    told.feed(1, west__operating_state=2)
    assert told.feed(60, west__operating_state=5) == ["west defrost begins"]
    assert told.feed(60, west__operating_state=3) == ["west defrost ends", "west hot_water begins"]
    assert told.feed(60, west__operating_state=1) == ["west hot_water ends"]


def test_a_device_is_lost_after_two_polls_and_back_at_once() -> None:
    told = Told()
    told.feed(1, east__supply_temperature=30)
    assert told.feed(1, east__supply_temperature=None) == []
    assert told.feed(0.5, east__supply_temperature=31) == []
    told.feed(1, east__supply_temperature=None)
    assert told.feed(30) == ["east controller_lost begins"]
    assert told.feed(300) == []
    assert told.feed(1, east__supply_temperature=31) == ["east controller_lost ends"]


def test_a_setting_that_changes_is_told_also_where_nobody_saw_it_change() -> None:
    told = Told()
    assert told.feed(1, east__supply_setpoint=45, east__operating_mode=1) == []
    assert told.feed(1, east__supply_setpoint=45) == []
    assert told.feed(1, east__supply_setpoint=50) == ["east.supply_setpoint 45 > 50"]
    told.feed(1, east__supply_setpoint=None)
    assert told.feed(9000, east__supply_setpoint=50) == []
    told.feed(1, east__supply_setpoint=None)
    assert told.feed(9000, east__supply_setpoint=48, east__operating_mode=2) == [
        "east.supply_setpoint 50 > 48", "east.operating_mode 1 > 2",
    ]  # fmt: skip


def test_counters_and_push_buttons_are_no_settings() -> None:
    told = Told()
    told.feed(1, east__degree_minutes=-60, east__fault_reset=0)
    assert told.feed(1, east__degree_minutes=-90, east__fault_reset=1) == []


def test_a_heat_pump_that_is_removed_says_no_more() -> None:
    told = Told()
    told.feed(1, east__compressor_on=0, west__compressor_on=0)
    told.engine.remove("east")
    assert told.feed(1, east__compressor_on=1, west__compressor_on=1) == ["west run begins"]
    told.engine.add(SITE.heat_pumps[0])
    assert told.feed(1, east__compressor_on=1) == []
    assert told.feed(1, east__compressor_on=0) == ["east run ends"]


# ── a pack of a site's own ───────────────────────────────────────────────────────────────────────
EVENT = {
    "id": "strong", "begins": "Strong", "ends": "Weak", "while": "electrical_power > 500",
    "cases": [{"given": {"electrical_power": 0}, "after": "1 s"}],
}  # fmt: skip


def pack(**changes: object) -> Pack:
    model = RulePack.model_validate({"title": "Own", "events": [{**EVENT, **changes}]})
    return Pack((), YamlSource("", "own.yaml"), tuple(model.events))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"while": "mean(electrical_power, '1 h') > 500"}, "remembers nothing"),
        ({"while": "disk_free < 10"}, "disk_free"),
        ({"shows": ["disk_free"]}, "disk_free"),
        ({"begins": ""}, "at least 1 character"),
    ],
)
def test_an_event_that_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        pack(**changes)


def test_a_pack_is_not_empty() -> None:
    with pytest.raises(ValueError, match="`rules`, or `events`"):
        RulePack.model_validate({"title": "Nothing"})
