"""The demonstration of the first twin: altered data of an afternoon, with its alarms and events."""

from __future__ import annotations

from datetime import UTC, datetime

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.twin_engine.happening import PhaseChange

NOON = round(datetime(2021, 3, 22, 11, tzinfo=UTC).timestamp()) * MICROSECONDS
MINUTE = 60 * MICROSECONDS
COLUMNS = (
    "electrical_power", "supply_temperature", "return_temperature", "outdoor_temperature",
    "supply_setpoint",
)  # fmt: skip
USUAL = (15.0, 19.0, 19.0, 16.0, 55.0)
"""A log shows 15 W in standby, and the room where no water moves."""
ALTERED = {
    (13, 0): (0.0, 15.0, 14.0, -25.0, 55.0),
    (13, 30): (2700.0, 30.0, 26.0, -25.0, 55.0),
    (14, 0): (15.0, 40.0, 36.0, 16.0, 55.0),
    (14, 15): (1200.0, 45.0, 40.0, 16.0, 55.0),
    (14, 45): USUAL,
}


def test_each_alarm_and_event_comes_at_its_time_and_goes() -> None:
    specs = CATALOGUE["heat_pump"]
    table = PointTable.build(("hp1", point, specs[point], None) for point in COLUMNS)
    packs = [p for p in load_packs(["first-eight"]) if p.source.name != "twin.yaml"]
    rules = RuleEngine(packs, load_site("default", environment={}), table)
    rules.advance(NOON)
    told, active, shown, row = [], set(), {}, USUAL
    for minute in range(0, 4 * 60, 5):
        time = NOON + minute * MINUTE
        row = ALTERED.get((12 + minute // 60, minute % 60), row)
        rules.take(Frame.of(range(len(COLUMNS)), list(row), GOOD, time))
        # As a log that is replayed: time passes until the next row.
        for change in rules.advance(time + 4 * MINUTE):
            (active.add if change.active else active.discard)(change.alarm.rule)
        shown[12 + minute // 60, minute % 60] = set(active)
        told += [
            (happening.phase, happening.begins, (happening.time - NOON) // MINUTE)
            for happening in rules.happened()
            if isinstance(happening, PhaseChange)
        ]
    assert shown[12, 55] == set()
    assert shown[13, 0] == {"no_power", "supply_very_low", "outdoor_very_low"}
    assert shown[13, 30] == {"maximum_power", "outdoor_very_low"}
    assert shown[15, 0] == set()
    assert told == [("run", True, 90), ("run", False, 120), ("run", True, 135), ("run", False, 165)]
