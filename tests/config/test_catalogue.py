"""The catalogue: every declaration is usable as it stands."""

from __future__ import annotations

from heatpump_twin.config.catalogue import CATALOGUE, UNITS, Kind, PointTable, Role, pascal_case


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
            if spec.kind is Kind.ANALOG:
                assert spec.range is not None, name
                assert spec.range[0] < spec.range[1], name
                inner, outer = spec.range, spec.instrument_range or spec.range
                assert outer[0] <= inner[0] < inner[1] <= outer[1], name


def test_predicted_points_have_both_bounds() -> None:
    points = CATALOGUE["heat_pump"]
    predicted = [p for p, spec in points.items() if spec.role is Role.PREDICTED]
    for name in predicted:
        base = name.removesuffix("_lower").removesuffix("_upper")
        assert {base, f"{base}_lower", f"{base}_upper"} <= set(predicted)


def test_a_table_finds_points_by_every_name() -> None:
    spec = CATALOGUE["heat_pump"]["supply_temperature"]
    table = PointTable.build(
        [("a", "supply_temperature", spec, None), ("b", "supply_temperature", spec, None)]
    )
    assert [point.index for point in table] == [0, 1]
    assert table.by_key["b.supply_temperature"].index == 1
    assert table.by_asset["a"]["supply_temperature"].browse_name == "SupplyTemperature"
