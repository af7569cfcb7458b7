"""The catalogue: every declaration is usable as it stands."""

from __future__ import annotations

import pytest

from heatpump_twin.config.catalogue import (
    CATALOGUE,
    UNITS,
    PointKind,
    PointRole,
    PointSpec,
    PointTable,
    Relation,
    Section,
    pascal_case,
)


def test_unece_codes_are_packed_as_opc_ua_wants() -> None:
    for unit in UNITS.values():
        packed = 0
        for character in unit.code:
            packed = packed << 8 | ord(character)
        assert packed == unit.unit_id, unit.code


def test_browse_names_are_unique() -> None:
    for points in CATALOGUE.values():
        names = [pascal_case(point) for point in points]
        assert len(set(names)) == len(names)
    assert pascal_case("supply_temperature") == "SupplyTemperature"


def test_ranges_are_spans() -> None:
    for points in CATALOGUE.values():
        for name, spec in points.items():
            if spec.kind is PointKind.ANALOG:
                assert spec.range is not None, name
                assert spec.range[0] < spec.range[1], name
                inner, outer = spec.range, spec.instrument_range or spec.range
                assert outer[0] <= inner[0] < inner[1] <= outer[1], name


def test_predicted_points_have_both_bounds() -> None:
    points = CATALOGUE["heat_pump"]
    predicted = [spec for spec in points.values() if spec.role is PointRole.PREDICTED]
    forecasts = [p for p, spec in points.items() if Relation.FORECAST_OF in spec.relations]
    # Of the lowest value of the next hours, what matters is below which it is for sure.
    lowest = [point for point in points if point.endswith("_lowest")]
    assert forecasts
    for relation, wanted in (
        (Relation.LOWER_OF, forecasts),
        (Relation.UPPER_OF, [*forecasts, *lowest]),
    ):
        assert sorted(s.relations[relation] for s in predicted if relation in s.relations) == (
            sorted(wanted)
        )


def test_an_expected_value_has_its_residual() -> None:
    points = CATALOGUE["heat_pump"].values()
    expected = {s.expected_of for s in points if s.role is PointRole.EXPECTED}
    powers, water = {"electrical_power", "thermal_power"}, {"supply_setpoint", "supply_temperature"}
    assert expected == {"cop", "dhw_temperature", "room_temperature"} | powers | water
    assert {s.residual_of for s in points if s.residual_of} == expected


def test_what_cannot_lie_between_two_samples_is_stepped() -> None:
    points = CATALOGUE["heat_pump"]
    assert all(s.is_stepped for s in points.values() if s.kind is not PointKind.ANALOG)
    stepped = ("supply_setpoint", "error_code", "compressor_starts", "zone1_sensor", "dhw_setpoint")
    assert all(points[point].is_stepped for point in stepped)
    smooth = ("supply_temperature", "electrical_energy", "degree_minutes", "cop", "heat_up_time")
    assert not any(points[point].is_stepped for point in smooth)
    assert CATALOGUE["site"]["electricity_price"].is_stepped


def test_only_points_of_the_site_have_a_section() -> None:
    assert {spec.section for spec in CATALOGUE["site"].values()} == set(Section)
    assert {spec.section for spec in CATALOGUE["heat_pump"].values()} == {None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": None, "currency": False}, "exactly one of"),
        ({"currency": True}, "exactly one of"),
        ({"per": "kWh"}, "per something"),
        ({"unit": "furlong"}, "unknown unit"),
        ({"range": None}, "needs a range"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(
    change: dict[str, object], message: str
) -> None:
    good = CATALOGUE["heat_pump"]["cop"].model_dump()
    with pytest.raises(ValueError, match=message):
        PointSpec.model_validate(good | change)


def test_a_table_finds_points_by_every_name() -> None:
    spec = CATALOGUE["heat_pump"]["supply_temperature"]
    table = PointTable.build(
        [("a", "supply_temperature", spec, None), ("b", "supply_temperature", spec, None)]
    )
    assert [point.index for point in table] == [0, 1]
    assert table.by_key["b.supply_temperature"].index == 1
    assert table.by_asset["a"]["supply_temperature"].browse_name == "SupplyTemperature"
