from __future__ import annotations

import math

import pytest
from structlog.testing import capture_logs

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import Pack, load_pack
from heatpump_twin.rules.ruled_asset import RuledAsset, the_twin
from heatpump_twin.rules.schema import RulePack
from heatpump_twin.twin_engine.image import Image

START = 1_767_225_600_000_000


def pack(**changes: object) -> Pack:
    rule = {
        "id": "low_water_flow",
        "title": "Low water flow",
        "when": "compressor_on and water_flow < 0.6 * nominal_flow",
        "clear": "water_flow > 0.7 * nominal_flow",
        "delay": "60 s",
        "off_delay": "5 s",
        "severity": 700,
        "cause": "strainer",
        "action": "Clean it.",
        "cases": [
            {"given": {"compressor_on": True, "water_flow": 1}, "after": "60 s", "active": True}
        ],
    } | changes
    model = RulePack.model_validate({"title": "Test", "rules": [rule]})
    return Pack(tuple(model.rules), YamlSource("", "test.yaml"))


class Bench:
    """An engine over the two heat pumps of a site, with a clock that moves when told."""

    def __init__(self, *packs: Pack, points=("compressor_on", "water_flow"), west=None) -> None:
        self.site = load_site("two-heat-pumps", environment={})
        has = {"east": points, "west": points if west is None else west}
        specs = CATALOGUE["heat_pump"]
        self.table = PointTable.build(
            (asset, point, specs[point], None) for asset, ids in has.items() for point in ids
        )
        self.clock = ManualClock(START)
        self.image = Image(self.table, START)
        self.use(RuleEngine(packs or [pack()], self.site, self.table))

    def use(self, engine: RuleEngine) -> None:
        self.engine = engine
        engine.follow(self.image)
        engine.advance(START - 1)

    def set(self, asset: str = "east", status: int = GOOD, **values: float) -> None:
        for point, value in values.items():
            index = self.table.by_key[f"{asset}.{point}"].index
            value = math.nan if status >> 31 else value
            self.image.ingest(Frame.of(index, value, status, self.clock.now()))

    def after(self, seconds: float) -> list[tuple[str, bool]]:
        """Let time pass, evaluating twice a second; return the changes on the way."""
        changes = []
        for _ in range(round(seconds * 2)):
            self.clock.advance(0.5)
            changes += self.engine.advance(self.clock.now())
        self.last = changes[-1] if changes else None
        return [(change.alarm.key, change.active) for change in changes]


ON, OFF = [("east.low_water_flow", True)], [("east.low_water_flow", False)]


def test_an_alarm_is_raised_after_its_delay_and_cleared_beyond_the_hysteresis():
    bench = Bench()
    bench.set(compressor_on=1, water_flow=6.0)
    assert bench.after(59.5) == []
    assert bench.after(0.5) == ON
    assert bench.last.time == bench.clock.now() == START + 60_000_000
    assert bench.last.message == (
        "Low water flow (Compressor on (inferred) Running, Water flow 6 l/min)"
    )
    bench.set(water_flow=9.0)  # above the limit, within the hysteresis
    assert bench.after(60) == []
    bench.set(water_flow=10.5)
    assert bench.after(4.5) == []
    assert bench.after(0.5) == OFF
    assert "back to normal" in bench.last.message
    assert bench.after(120) == []


def test_an_interruption_starts_the_delay_again():
    bench = Bench()
    bench.set(compressor_on=1, water_flow=6.0)
    bench.after(50)
    bench.set(water_flow=14.0)
    bench.after(1)
    bench.set(water_flow=6.0)
    assert bench.after(59.5) == []
    assert bench.after(1) == ON


def test_a_bad_input_neither_raises_nor_clears_and_uncertain_counts():
    bench = Bench()
    bench.set(compressor_on=1, water_flow=6.0)
    bench.after(50)
    bench.set(status=BAD_NO_COMMUNICATION, water_flow=0)
    assert bench.after(600) == []
    bench.set(status=UNCERTAIN_SUB_NORMAL, water_flow=6.0)
    assert bench.after(61) == ON
    bench.set(status=BAD_NO_COMMUNICATION, water_flow=0)
    assert bench.after(600) == []
    bench.set(water_flow=14.0)
    assert bench.after(6) == OFF


def test_an_unknown_input_that_does_not_matter_does_not_matter():
    bench = Bench(pack(clear="not compressor_on or water_flow > 0.7 * nominal_flow"))
    bench.set(compressor_on=1, water_flow=6.0)
    assert bench.after(61) == ON
    bench.set(status=BAD_NO_COMMUNICATION, water_flow=0)
    bench.set(compressor_on=0)
    assert bench.after(6) == OFF


def test_without_a_clear_condition_the_opposite_of_when_clears():
    bench = Bench(pack(clear=None, delay=0, off_delay=0))
    bench.set(compressor_on=1, water_flow=6.0)
    assert bench.after(0.5) == ON
    bench.set(water_flow=8.6)
    assert bench.after(0.5) == OFF


def test_each_asset_is_judged_by_its_own_plate_and_state():
    bench = Bench()
    bench.set("east", compressor_on=1, water_flow=14.0)  # nominal 14.3
    bench.set("west", compressor_on=1, water_flow=14.0)  # nominal 25.9: 54 %
    assert bench.after(61) == [("west.low_water_flow", True)]


def test_only_assets_with_all_inputs_have_the_alarm():
    bench = Bench(west=("compressor_on",))
    (definition,) = bench.engine.definitions()
    assert definition.key == "east.low_water_flow"
    assert definition.inputs == ("water_flow", "compressor_on")
    assert (definition.severity, definition.cause, definition.action) == (
        700,
        "strainer",
        "Clean it.",
    )


def test_a_delay_in_polls_follows_the_slowest_device():
    rule = pack(when="unreachable(water_flow)", clear=None, delay="3 polls", off_delay=0)
    site = load_site("two-heat-pumps", ["heat_pumps.east.devices.climate.poll=10 s"], {})
    bench = Bench(points=("water_flow",))
    bench.use(RuleEngine([rule], site, bench.table))
    bench.set(status=BAD_NO_COMMUNICATION, water_flow=0)
    bench.set("west", status=BAD_NO_COMMUNICATION, water_flow=0)
    assert bench.after(4) == [("west.low_water_flow", True)]
    assert bench.after(27) == ON


@pytest.mark.parametrize(("speed", "poll"), [(1.0, "15 min"), (3600.0, "1 s")])
def test_what_was_seen_at_a_single_look_is_no_alarm_yet(speed: float, poll: str):
    """Looks are 12 or 15 minutes apart, and the delay of a minute is over before the next one."""
    site = load_site("two-heat-pumps", [f"heat_pumps.east.devices.climate.poll={poll}"], {})
    bench = Bench()
    bench.use(RuleEngine([pack(off_delay=0)], site, bench.table, speed))
    bench.set(compressor_on=1, water_flow=6.0)
    assert bench.after(700) == []
    bench.set(compressor_on=1, water_flow=14.0)
    assert bench.after(700) == []
    bench.set(compressor_on=1, water_flow=6.0)
    assert bench.after(700) == []
    bench.set(compressor_on=1, water_flow=6.0)
    assert bench.after(700) == ON


def test_a_later_pack_replaces_a_rule_by_its_id():
    bench = Bench(pack(), pack(delay="5 s", severity=300))
    assert [d.severity for d in bench.engine.definitions()] == [300, 300]
    bench.set(compressor_on=1, water_flow=6.0)
    assert bench.after(6) == ON


def test_a_clock_that_is_set_back_does_not_freeze_a_rule():
    bench = Bench()
    bench.set(compressor_on=1, water_flow=6.0)
    bench.after(30)
    bench.clock.advance(-3600)
    assert bench.after(61) == ON


@pytest.mark.parametrize("asset", ["east", "west"])
def test_the_packaged_rules_fit_a_full_site(asset):
    everything = tuple(CATALOGUE["heat_pump"])
    bench = Bench(load_pack("heat-pump"), points=everything)
    alarms = [d.rule for d in bench.engine.definitions() if d.asset == asset]
    required = {
        "device_unreachable", "low_water_flow", "supply_overtemperature", "controller_fault",
        "delta_t_high", "return_above_supply", "water_pressure_low", "power_above_plate",
        "defrost_too_long", "dhw_tank_overtemperature",
    }  # fmt: skip
    assert required <= set(alarms)
    assert len(alarms) == len(set(alarms))
    # Before the first sample nothing is known, and nothing is wrong.
    assert bench.after(3600 / 60) == []


def test_heat_pumps_come_and_go_without_a_loss_of_what_is_known_of_others():
    bench = Bench()
    east, west = bench.site.heat_pumps
    for asset in ("east", "west"):
        bench.set(asset, compressor_on=1, water_flow=6.0)
    assert len(bench.after(61)) == 2
    bench.engine.remove("west")
    assert [alarm.asset for alarm in bench.engine.definitions()] == ["east"]
    bench.set("west", water_flow=99.0)
    assert bench.after(61) == []  # the one that stays is active still, and the other is nobody's
    assert [alarm.key for alarm in bench.engine.alarms_of(west)] == ["west.low_water_flow"]
    bench.engine.add(west)
    bench.set("west", water_flow=6.0)
    assert bench.after(61) == [("west.low_water_flow", True)]
    bench.set(water_flow=99.0)
    assert bench.after(6) == OFF
    bench.engine.remove(east.id)
    bench.engine.remove(west.id)
    assert bench.engine.definitions() == []
    assert bench.after(61) == []


def test_a_rule_that_cannot_be_evaluated_stops_no_other():
    # 14 times this is more than a float holds: numpy warns, and a warning is an error here.
    flaw = pack(id="flaw", when="water_flow * 1e308 > 1", clear=None, delay="0 s")
    bench = Bench(flaw, pack())
    bench.set(compressor_on=1, water_flow=6.0)
    with capture_logs() as logs:
        assert bench.after(61) == ON
    assert [(log["of"], log["exc_info"]) for log in logs] == [("flaw", True)]
    bench.set(water_flow=1.0)
    with capture_logs() as logs:
        assert bench.after(1) == [("east.flaw", True)]
    assert [log["log_level"] for log in logs] == ["info"]


def test_a_change_that_cannot_be_told_is_told_later_and_keeps_no_other_back():
    mode = pack(id="mode", when="operating_mode > 2", clear=None, delay="0 s")
    bench = Bench(mode, points=("operating_mode",))
    bench.set(operating_mode=math.inf)  # no code, and no integer
    bench.set("west", operating_mode=3.0)
    with capture_logs() as logs:
        assert bench.after(2) == [("west.mode", True)]
    assert [(log["of"], log["exc_info"]) for log in logs] == [("east.mode", True)]
    bench.set(operating_mode=3.0)
    assert bench.after(1) == [("east.mode", True)]


def test_a_delay_ends_when_it_ends_and_not_when_somebody_looks() -> None:
    bench = Bench()
    bench.set(compressor_on=1, water_flow=0.0)
    assert bench.engine.advance(START + 59_999_999) == []
    (change,) = bench.engine.advance(START + 100_000_000)
    assert (change.active, change.time) == (True, START + 60_000_000)


def test_the_twin_s_own_delays_are_real_at_any_speed_and_polls_are_those_that_are_made() -> None:
    assert the_twin().pace == 1.0
    assert the_twin(60.0).pace == 60.0
    pump = load_site("two-heat-pumps", environment={}).heat_pumps[0]
    assert RuledAsset.of(pump).poll == 1.0
    assert RuledAsset.of(pump, 60.0).poll == pytest.approx(12.0)
    assert RuledAsset.of(pump, 60.0).pace == 1.0


def test_what_matters_in_one_state_only_goes_back_when_that_ends() -> None:
    bench = Bench(pack(when="water_flow < 6", during="compressor_on", clear=None, delay="10 s"))
    bench.set(compressor_on=0, water_flow=1.0)
    assert bench.after(60) == []
    bench.set(compressor_on=1)
    assert bench.after(9.5) == []
    assert bench.after(0.5) == ON
    bench.set(compressor_on=0)
    assert bench.after(5.5) == OFF


def test_a_consequence_is_not_raised_beside_its_cause() -> None:
    cause = pack(id="cause", when="water_flow < 3", clear=None, delay="20 s", off_delay=0)
    effect = pack(when="water_flow < 6", clear=None, delay="5 s", suppressed_by="cause")
    bench = Bench(effect, cause)
    bench.set(compressor_on=1, water_flow=1.0)
    assert bench.after(60) == [("east.cause", True)]
    bench.set(water_flow=5.0)
    assert bench.after(10) == [("east.cause", False), *ON]


def test_what_is_cleared_at_once_is_not_raised() -> None:
    bench = Bench(pack(when="water_flow < 6", clear="water_flow < 3", delay=0, off_delay=0))
    bench.set(compressor_on=1, water_flow=1.0)
    assert bench.after(10) == []
    bench.set(water_flow=5.0)
    assert bench.after(1) == ON
