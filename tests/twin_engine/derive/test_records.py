"""The records of derived points: one each, checked against the catalogue, put in order."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from heatpump_twin.config.catalogue import CATALOGUE, Group, PointRole, PointSpec
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.status import GOOD, UNCERTAIN
from heatpump_twin.twin_engine.derive.asset_deriver import AssetDeriver
from heatpump_twin.twin_engine.derive.derivation import Derivation
from heatpump_twin.twin_engine.derive.derived_inputs import AnyOf, BestOf, FirstOf, Perhaps
from heatpump_twin.twin_engine.derive.derived_point import DerivedPoint
from heatpump_twin.twin_engine.derive.derived_records import RECORDS
from heatpump_twin.twin_engine.derive.record_check import mistakes
from heatpump_twin.twin_engine.errors import DerivationError
from heatpump_twin.twin_engine.sample import Sample, sample_of
from heatpump_twin.twin_engine.site.site_point import SitePoint, sensors
from heatpump_twin.twin_engine.site.site_records import SITE_RECORDS

SPECS = CATALOGUE["heat_pump"]


def residual(measured: Sample, expected: Sample) -> Sample:
    return sample_of(measured.value - expected.value, measured, expected)


def without(point: str) -> tuple[DerivedPoint, ...]:
    return tuple(record for record in RECORDS if record.id != point)


def replaced(record: DerivedPoint) -> tuple[DerivedPoint, ...]:
    return (*without(record.id), record)


def test_every_computed_point_has_a_record_that_fits_the_catalogue():
    assert Derivation(RECORDS, SPECS).points(SPECS) == [
        point for point, spec in SPECS.items() if spec.role is PointRole.DERIVED
    ]
    assert list(mistakes(SITE_RECORDS, CATALOGUE["site"], SPECS)) == []


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (
            without("compressor_on"),
            "compressor_on: the catalogue has it as derived, and no record says how",
        ),
        ((*RECORDS, *RECORDS), "thermal_power: there is more than one record"),
        (
            replaced(DerivedPoint("temperature_difference", ("cop", "expected_cup"), residual)),
            "temperature_difference: it takes 'expected_cup', which is no point of a heat pump",
        ),
        (
            replaced(DerivedPoint("temperature_difference", ("cop", "heat_up_time"), residual)),
            "temperature_difference: it takes 'heat_up_time', which is predicted only afterwards",
        ),
        (
            replaced(DerivedPoint("temperature_difference", (), residual)),
            "temperature_difference: it takes nothing that must be there",
        ),
        (
            replaced(
                DerivedPoint("temperature_difference", (Perhaps(("cop", "water_flow")),), residual)
            ),
            "temperature_difference: it takes nothing that must be there",
        ),
        (
            replaced(DerivedPoint("temperature_difference", ("cop",), residual)),
            "temperature_difference: its function does not take 1 arguments",
        ),
        (
            (*RECORDS, DerivedPoint("spread", ("cop", "expected_cop"), residual)),
            "spread: the catalogue has no such point",
        ),
        (
            (*RECORDS, DerivedPoint("water_flow", ("cop", "expected_cop"), residual)),
            "water_flow: the catalogue has it as measured: that is not computed",
        ),
        (
            replaced(DerivedPoint("thermal_power", ("cop", "water_flow"), residual)),
            "computed from itself",
        ),
        (
            replaced(
                DerivedPoint("cop", ("cop_today", "water_flow"), residual, recalls=("water_flow",))
            ),
            "cop: it recalls what it does not take, or has no memory",
        ),
    ],
)
def test_a_record_that_does_not_fit_is_refused_by_name(records, words):
    with pytest.raises(DerivationError) as refused:
        Derivation(records, SPECS)
    assert words in str(refused.value)


def test_records_of_the_site_are_checked_alike():
    wrong = SitePoint("cop", (sensors("outdoor_temperture"),), lambda reading: (1.0, GOOD))
    others = [record for record in SITE_RECORDS if record.id not in ("cop", "co2_today")]
    assert list(mistakes([*others, wrong], CATALOGUE["site"], SPECS)) == [
        "cop: it takes 'outdoor_temperture', which is no point of a heat pump in the catalogue",
        "co2_today: the catalogue has it as derived, and no record says how",
    ]


def test_a_new_point_takes_one_record_and_its_declaration():
    spec = PointSpec(
        title="Spread", text="", unit="K", range=(0, 9), group=Group.OPERATIONAL, role="derived"
    )
    # It stands first, and is computed after what it takes all the same.
    record = DerivedPoint("spread", ("temperature_difference", BestOf(("water_flow",))), spread)
    derivation = Derivation((record, *RECORDS), {**SPECS, "spread": spec})
    ids = frozenset(("supply_temperature", "return_temperature", "water_flow"))
    assert "spread" in derivation.points(ids)
    assert "spread" not in derivation.points(ids - {"water_flow"})
    plate = load_site("default", environment={}).heat_pumps[0].plate
    deriver = AssetDeriver(ids, plate, ZoneInfo("UTC"), derivation=derivation)
    assert deriver.inputs == ids
    out = deriver.update(
        {
            "supply_temperature": Sample(35.0, GOOD, 1),
            "return_temperature": Sample(30.0, UNCERTAIN, 2),
            "water_flow": Sample(10.0, GOOD, 3),
        }
    )
    assert out["spread"] == Sample(15.0, UNCERTAIN, 3)


def spread(difference: Sample, flow) -> Sample:
    (flowing,) = flow.samples
    return sample_of(difference.value + flowing.value, difference, flowing)


BAD = 0x8000_0000
SAMPLES = {
    "a": Sample(float("nan"), BAD, 1),
    "b": Sample(2.0, GOOD, 2),
    "c": Sample(3.0, GOOD, 3),
}


@pytest.mark.parametrize(
    ("taken", "found", "value"),
    [
        (FirstOf(("a", "b")), {"a"}, (("a",), (SAMPLES["a"],))),
        (BestOf(("a", "b")), {"a", "b"}, (("b",), (SAMPLES["b"],))),
        (BestOf(("a", "x")), {"a"}, (("a",), (SAMPLES["a"],))),
        (BestOf((("b", "a"), ("b", "c"))), {"a", "b", "c"}, (("b", "c"), (2.0, 3.0))),
        (FirstOf((("x", "a"), ("b", "c"))), {"b", "c"}, (("b", "c"), (2.0, 3.0))),
        (AnyOf(("x", "c", "a")), {"a", "c"}, {"c": SAMPLES["c"], "a": SAMPLES["a"]}),
        (Perhaps(("x", "y")), set(), {}),
    ],
)
def test_an_input_takes_what_is_there(taken, found, value):
    ids = frozenset(SAMPLES)
    assert taken.found(ids) == found
    got = taken.taker(ids)(SAMPLES)
    if isinstance(value, tuple) and isinstance(value[1][0], float):
        assert (got.points, tuple(sample.value for sample in got.samples)) == value
    else:
        assert got == value


@pytest.mark.parametrize("taken", [FirstOf(("x",)), BestOf((("a", "x"),)), AnyOf(("x", "y"))])
def test_an_input_that_must_be_there_is_missed(taken):
    assert taken.required
    assert not taken.found(frozenset(SAMPLES))
