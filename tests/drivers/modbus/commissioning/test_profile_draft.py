"""Profiles started from register tables: what is mapped, and above all what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.config.errors import ConfigError
from heatpump_twin.drivers.modbus.commissioning.profile_draft import ProfileDraft, draft_profile
from heatpump_twin.drivers.modbus.commissioning.register_table import Legend, Numbering, take
from heatpump_twin.drivers.modbus.commissioning.register_terms import TermWords, register_terms
from heatpump_twin.drivers.modbus.profile.profile import DeviceKind, Order
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.modbus.profile.profile_lint import lint_profile

HEAD = "name,address,table,type,scale,unit,rw,source\n"
PUMP, METER = DeviceKind.HEAT_PUMP_CONTROLLER, DeviceKind.ELECTRICITY_METER


@pytest.fixture
def draft(tmp_path: Path) -> Any:
    """Return a function that drafts a profile and proves that it loads and has no doubts."""

    def make(
        table: str | bytes, kind: DeviceKind = PUMP, legend: Legend | None = None
    ) -> tuple[ProfileDraft, dict[str, dict[str, Any]]]:
        path = tmp_path / "table.csv"
        path.write_bytes(table.encode() if isinstance(table, str) else table)
        made = draft_profile(path, kind, legend or Legend())
        profile = tmp_path / "draft.yaml"
        profile.write_text(made.text, "utf-8")
        assert {point.point for point in load_profile(profile).points} == made.mapped.keys()
        assert lint_profile(profile) == []
        points = yaml.safe_load(made.text)["points"]
        return made, {point.pop("point"): point for point in points}

    return make


def test_a_table_becomes_a_profile(draft: Any) -> None:
    made, points = draft(
        HEAD
        + "Flow temperature,100,input,int16,0.1,°C,r,Acme map rev. C\n"
        + "Compressor_Frequency,101,input_registers,UINT16,1,Hz,,\n"
        + "Device.defrosting,5,dinput,,,,r,\n"
        + "System on/off,0,coils,bit,1,,rw,\n"
        + "DHW set temperature,7,holding,s16,0.5,°C,rw,\n"
        + "Colour of the case,9,holding,uint16,1,,r,\n"
    )
    assert points == {
        "supply_temperature": {
            "space": "input", "address": 100, "type": "int16", "scale": 0.1, "unit": "degC",
        },
        "compressor_frequency": {"space": "input", "address": 101, "type": "uint16", "unit": "Hz"},
        "defrost_active": {"space": "discrete", "address": 5, "type": "bool"},
        "unit_enabled": {"space": "coil", "address": 0, "type": "bool"},
        "dhw_setpoint": {
            "space": "holding", "address": 7, "type": "int16", "scale": 0.5, "unit": "degC",
        },
    }  # fmt: skip
    assert made.rows == 6
    assert "# Colour of the case holding 9 uint16" in made.text
    assert "source: Acme map rev. C" in made.text
    assert all("write" not in point for point in points.values())
    assert made.text.count("writable: state `write`") == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        # it is not said
        ("Flow temperature,1,,int16,0.1,°C,,", "does not say its table"),
        ("Flow temperature,1,sensors,int16,0.1,°C,,", "has a table 'sensors'"),
        ("Flow temperature,1,input,,0.1,°C,,", "does not say its type"),
        ("Flow temperature,1,input,scaled_sum,0.1,°C,,", "has a type 'scaled_sum'"),
        ("Flow temperature,1,input,int16,0.1,,,", "does not say its unit"),
        ("Flow temperature,1,input,int16,1/0.1,°C,,", "has a scale '1/0.1'"),
        ("Flow temperature,1,input,float32,1,°C,,", "does not say its word order"),
        ("Flow temperature,1350 + idx * 2,input,int16,0.1,°C,,", "is not an address"),
        ("Operating mode,1,input,uint16,1,,,", "which raw value is which"),
        # it cannot be
        ("Flow temperature,1,discrete,bool,1,°C,,", "a bit is no quantity"),
        ("Flow temperature,1,input,int16,1,bar,,", "'bar' cannot become 'Cel'"),
        ("Flow temperature,1,input,int16,100,°C,,", "one count is 100 Cel"),
        ("Flow temperature,70000,input,int16,0.1,°C,,", "less than or equal to 65535"),
        ("Compressor,1,input,int16,1,Hz,,", "is a state, so it has no unit"),
        ("Defrost,1,input,int16,0.1,,,", "a state has no scale"),
    ],
)
def test_what_is_doubtful_waits_for_a_person(draft: Any, row: str, reason: str) -> None:
    made, points = draft(HEAD + "Outdoor temp,200,input,int16,0.1,°C,r,\n" + row + "\n")
    assert points.keys() == {"outdoor_temperature"}
    assert len(made.waiting) == 1
    assert reason in made.text


@pytest.mark.parametrize(
    "name",
    [
        "Outdoor unit current",
        "Flow temperature circuit 2",
        "Flow temperature alarm",
        "Circulation pump",  # of hot water, in German tables
        "Buffer tank temperature",
        "supply-temperature-bt64",  # of cooling
        "ep23-bt2-supply-temp-s4",  # of the fourth heating circuit
        "eb102-ep14-bt3-return-temp",  # of the second machine
        "Compressor target frequency",
        "Outside temperature minimum",
        "hp_operating_mode",  # what it does, not what it is allowed
        "High pressure switch",
    ],
)
def test_a_name_that_only_looks_like_a_point_is_left(draft: Any, name: str) -> None:
    made, points = draft(
        HEAD + "Room temp,200,input,int16,0.1,°C,r,\n" + f"{name},1,input,int16,1,°C,r,\n"
    )
    assert points.keys() == {"room_temperature"}
    assert not made.waiting


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("Sensors.water_inlet_temperature", "return_temperature"),
        ("WaterOutletTemp", "supply_temperature"),
        ("input_outdoor_temperature", "outdoor_temperature"),
        ("current-outdoor-temperature-bt1", "outdoor_temperature"),
        ("hot-water-top-bt7", "dhw_temperature"),
        ("tank_current_water_temperature", "dhw_temperature"),
        ("Vorlauftemperatur", "supply_temperature"),
        ("heat_pump_return_temperature", "return_temperature"),
        ("Main_Target_Temp", "supply_setpoint"),
    ],
)
def test_a_name_in_the_words_of_the_field(draft: Any, name: str, point: str) -> None:
    _, points = draft(HEAD + f"{name},1,input,int16,0.1,°C,r,\n")
    assert points.keys() == {point}


def test_of_two_names_the_better_one_or_none(draft: Any) -> None:
    made, points = draft(
        HEAD
        + "Flow rate,1,input,int16,0.1,l/min,r,\nWater flow,2,input,int16,0.1,l/min,r,\n"
        + "A.return_temp,3,input,int16,0.1,°C,r,\nB.return_temp,4,input,int16,0.1,°C,r,\n"
        + "alarm-number-eb101,5,input,u16,1,,r,\nalarm-number,6,input,u16,1,,r,\n"
        + "room temp,7,input,int16,0.1,°C,r,\nroom temp,7,input,int16,0.1,°C,r,\n"
        + "State.silent_mode,8,discrete,bit,1,,r,\nSwitch.silent_mode,9,coil,bit,1,,rw,\n"
    )
    addresses = {name: point["address"] for name, point in points.items()}
    assert addresses == {
        "controller_water_flow": 2, "error_code": 6, "room_temperature": 7, "silent_mode": 9,
    }  # fmt: skip
    assert made.text.count("2 rows fit this point: choose one") == 2
    assert {row.address for row in made.waiting} == {"3", "4"}


def test_points_on_one_register(draft: Any) -> None:
    made, points = draft(
        HEAD + "Flow temp,1,input,int16,0.1,°C,r,\nReturn temp,1,input,int16,0.1,°C,r,\n"
    )
    assert points.keys() == {"supply_temperature"}
    assert "lies on the registers of supply_temperature" in made.text


def test_a_switch_in_a_register_knows_two_values(draft: Any) -> None:
    _, points = draft(HEAD + "Defrost status,3,holding,uint16,1,,r,\n")
    assert points["defrost_active"]["enum"] == {0: 0, 1: 1}


def test_a_person_says_what_the_table_does_not(draft: Any) -> None:
    table = (
        HEAD
        + "Outside_Temp,0x0D,sensors,,0.1,,r,\n"
        + "Heat output,20,sensors,float,1,kW,r,\n"
        + "compressor_speed_rpm,30,sensors,,1,,r,\n"
    )
    said = ("table:sensors=input", "type:=int16", "unit:=degC")
    _, points = draft(table, legend=Legend(word_order=Order.LITTLE, takes=dict(map(take, said))))
    assert points == {
        "outdoor_temperature": {
            "space": "input", "address": 13, "type": "int16", "scale": 0.1, "unit": "degC",
        },
        "controller_heat_power": {"space": "input", "address": 20, "type": "float32", "unit": "kW"},
        "compressor_speed": {"space": "input", "address": 30, "type": "int16", "unit": "rpm"},
    }  # fmt: skip


def test_the_word_order_of_a_cell(draft: Any) -> None:
    _, points = draft(HEAD + "Flow temp,1,input,float32 word-swapped (low word first),1,°C,r,\n")
    assert points["supply_temperature"]["word_order"] == "little"


@pytest.mark.parametrize(
    ("numbering", "address", "place"),
    [
        (Numbering.WIRE, "40001", ("input", 40001)),
        (Numbering.ONE_BASED, "1", ("input", 0)),
        (Numbering.MODICON, "40011", ("holding", 10)),
        (Numbering.MODICON, "400011", ("holding", 10)),
        (Numbering.MODICON, "30001", ("input", 0)),
    ],
)
def test_numbering(draft: Any, numbering: Numbering, address: str, place: tuple[str, int]) -> None:
    table = HEAD + f"Flow temp,{address},input,int16,0.1,°C,r,\n"
    _, points = draft(table, legend=Legend(numbering))
    point = points["supply_temperature"]
    assert (point["space"], point["address"]) == place


def test_tables_as_spreadsheets_write_them(draft: Any) -> None:
    table = (
        "Register;Description;Data type;Factor;Units;Register type\r\n"
        '3;"Außentemperatur";INT;0,1;°C;Input register\r\n'
    )
    for encoding in ("utf-8-sig", "cp1252"):
        _, points = draft(table.encode(encoding))
        assert points["outdoor_temperature"] == {
            "space": "input", "address": 3, "type": "int16", "scale": 0.1, "unit": "degC",
        }  # fmt: skip


def test_a_table_with_rubbish_in_it(draft: Any) -> None:
    made, points = draft(
        HEAD + "Flow temp,1,input,int16,0.1,°C,r,\n"
        'Bell \x07 and {"a: b" # c,2,input,int16,1,,r,\n"two\nlines",3,input\n\n'
    )
    assert points.keys() == {"supply_temperature"}
    assert "# Bell ? and" in made.text


def test_a_meter_has_names_of_its_own(draft: Any) -> None:
    table = HEAD + "Frequency,70,input,float,1,Hz,r,\nActive power,12,input,float,1,W,r,\n"
    legend = Legend(word_order=Order.BIG)
    _, points = draft(table, METER, legend)
    assert points.keys() == {"grid_frequency", "electrical_power"}
    with pytest.raises(ConfigError, match="no row is obviously a point"):
        draft(table, PUMP, legend)


def test_what_would_help_where_nothing_is_mapped(draft: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        draft(HEAD + "Flow temp,1,sensors,int16,0.1,°C,r,\nRoom temp,2,,int16,0.1,°C,r,\n")
    assert [problem.key for problem in caught.value.problems] == ["table"] * 2 + ["row"] * 2
    assert "--take 'table:sensors=coil|discrete|input|holding'" in str(caught.value)


TABLES = Path(__file__).parent / "tables"
GOLD: dict[str, dict[str, list[Any]]] = yaml.safe_load((TABLES / "gold.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", GOLD)
def test_tables_of_makers_at_the_first_attempt(draft: Any, name: str) -> None:
    """Most of what a person finds is mapped, nothing is wrong, and what is left out is told."""
    gold = GOLD[name]
    table = (TABLES / f"{name}.csv").read_bytes()
    numbering = Numbering.MODICON if name.startswith("modicon") else Numbering.WIRE
    made, points = draft(table, legend=Legend(numbering))
    for point, fields in points.items():
        space, address, meaning, *unit = gold[point]
        assert (fields["space"], fields["address"]) == (space, address), point
        if isinstance(meaning, dict):
            assert fields["enum"] == meaning, point
        elif meaning is not None:
            assert fields.get("scale", 1) == meaning, point
            assert [fields.get("unit")] == unit, point
    assert len(points) >= 0.7 * len(gold)
    lines = [line for line in table.decode("utf-8-sig").splitlines() if any(map(str.isdigit, line))]
    assert len(made.mapped) + len(made.left_out) <= len(lines) + 1
    titles = sum("above the header" in why for _, why in made.left_out)
    assert made.rows == len(made.mapped) + len(made.left_out) - titles
    assert all(why for _, why in made.left_out)
    clashes = {point for point, said in gold.items() if "clash" in said}
    assert clashes.isdisjoint(points)
    assert clashes <= set(made.waiting.values())


def test_columns_and_rows_that_are_not_used_are_named(draft: Any) -> None:
    made, _ = draft(
        "Acme heat pump;;;;;\n\nRegister;Bezeichnung;Typ;Einheit;Farbe;Registertyp\n"
        "1;Außentemperatur;int16;0,1 °C;rot;Input Register\n"
        ";Heizkreis;;;;\n2;Farbe des Gehäuses;int16;;blau;Input Register\n"
    )
    assert list(made.unused) == ["Farbe"]
    assert made.left_out == [
        (1, "Acme heat pump: above the header"),
        (5, "Heizkreis: no address"),
        (
            6,
            "Farbe des Gehäuses Input Register 2 int16: no point of the catalogue has this name",
        ),
    ]


@pytest.mark.parametrize(
    ("unit", "scale", "expected"),
    [
        ("[0.1°C]", "", 0.1),
        ("0,5°C", "", 0.5),
        ("0.1 °C", "0.1", 0.1),
        ("(0.1 °C)", "", 0.1),
        ("1/10 °C", "", 0.1),
        ("0.1 °C x10", "", 0.1),
        ("°C x10", "", 0.1),
        ("°C", "0,1", 0.1),
        ("°C", "1/10", 0.1),
        ("°C", "/10", 0.1),
        ("°C", "x 0.1", 0.1),
        ("°C", "", None),
        ("-", "0.1", "does not say its unit"),
        ("0.1°C", "1", "the scale is 1 in its own column and 0.1 with the unit"),
        ("0.1 °C x100", "", "has a unit '0.1 °C x100'"),
    ],
)
def test_a_number_in_the_unit_is_the_scale(
    draft: Any, unit: str, scale: str, expected: float | str | None
) -> None:
    made, points = draft(
        f"{HEAD}Outdoor temp,200,input,int16,0.1,°C,r,\n"
        f'Room temp,1,input,int16,"{scale}","{unit}",,\n'
    )
    if isinstance(expected, str):
        assert "room_temperature" not in points
        assert expected in made.text
    else:
        assert points["room_temperature"].get("scale") == expected
        assert points["room_temperature"]["unit"] == "degC"


def test_a_unit_that_a_person_explains_keeps_its_number(draft: Any) -> None:
    legend = Legend(takes=dict([take("unit:[0.1grad]=degC")]))
    _, points = draft(HEAD + "Room temp,1,input,int16,,[0.1grad],,\n", legend=legend)
    assert points["room_temperature"]["scale"] == 0.1


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Name,Coil,Discrete,Input,Holding,Type,Unit", "Room temp,,,7,,int16,°C"),
        ("Name,Input Register,Type,Unit", "Room temp,7,int16,°C"),
        ("Name,Address,Address (hex),Table,Type,Unit", "Room temp,7,0007,input,int16,°C"),
        ("Name,Address (hex),Table,Type,Unit", "Room temp,0007,input,int16,°C"),
        ("Name,Address,Table,Type,Unit", "Room temp,0x0007,input,int16,°C"),
        ("Name,Address,Table,Type,Unit", "Room temp,07h,04,int16,°C"),
        ("Name,Start,End,Function code,Type,Unit", "Room temp,7,7,04,int16,°C"),
    ],
)
def test_addresses_in_whatever_column(draft: Any, header: str, row: str) -> None:
    _, points = draft(f"{header}\n{row}\n")
    fields = points["room_temperature"]
    assert (fields["space"], fields["address"]) == ("input", 7)


def test_two_registers_are_no_int16(draft: Any) -> None:
    made, points = draft(
        "Name,Address,Table,Unit\nRoom temp,7,input,°C\nReturn temp,8-9,input,°C\n"
    )
    assert points.keys() == {"room_temperature"}
    assert "does not say its type" in made.text
    assert "int16 is assumed of room_temperature" in made.text


@pytest.mark.parametrize(
    ("name", "explained", "enum"),
    [
        ("Defrost", "0: OFF / 1: ON", {0: 0, 1: 1}),
        ("Defrost", "0: ON / 1: OFF", {0: 1, 1: 0}),
        ("Defrost", "0 = aus; 1 = ein", {0: 0, 1: 1}),
        ("Fault status", "0: no error, 1: error state", {0: 0, 1: 1}),
        ("Defrost", "0: red / 1: blue", None),
        (
            "Operating mode",
            "1: Heating / 2: Cooling / 3: Heating + DHW / 9: Party",
            {1: 1, 2: 5, 3: 2},
        ),
        ("Operating mode (0none 1heat 2heat+tank 3tank)", "", {0: 0, 1: 1, 2: 2, 3: 3}),
    ],
)
def test_what_the_values_of_a_state_mean(
    draft: Any, name: str, explained: str, enum: dict[int, int] | None
) -> None:
    _, points = draft(
        "Name,Address,Table,Type,Unit,Remarks\nRoom temp,7,input,int16,°C,\n"
        f'{name},8,holding,uint16,,"{explained}"\n'
    )
    found = [fields["enum"] for fields in points.values() if "enum" in fields]
    assert found == ([enum] if enum is not None else [])


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("inlet_temperature", "return_temperature"),
        ("Measurements.outlet_temperature", "supply_temperature"),
        ("Zone1_Room_Temperature", "room_temperature"),
        ("wp_flow_temp_b4", "supply_temperature"),
        ("Return temperature B9", "return_temperature"),
        ("Heating Zone 1 Fixed Water Setpoint", "supply_setpoint"),
        ("ww_normal", "dhw_setpoint"),
        # of these nobody can be certain
        ("brine inlet temperature 2", None),
        ("evaporator_temp", None),
        ("Zone2_Room_Temperature", None),
        ("Cooling Zone1 Fixed Water Setpoint", None),
        ("temperature_setpoint", None),
    ],
)
def test_names_of_makers(draft: Any, name: str, point: str | None) -> None:
    _, points = draft(f"{HEAD}DHW temp,200,input,int16,0.1,°C,r,\n{name},1,input,int16,0.1,°C,,\n")
    assert points.keys() - {"dhw_temperature"} == ({point} if point else set())


@pytest.mark.parametrize(
    ("name", "source", "unit"),
    [
        ("Water pressure [bar]", "", "bar"),
        ("Water pressure (kPa)", "", "kPa"),
        ("Water pressure in bar", "", "bar"),
        ("Water pressure", "Manual; water pressure in bar (K series)", "bar"),
        # not said, or said twice
        ("Water pressure", "Manual, as in a circuit", None),
        ("Water pressure (kPa)", "in bar", None),
    ],
)
def test_units_in_words(draft: Any, name: str, source: str, unit: str | None) -> None:
    made, points = draft(
        f'{HEAD}Room temp,200,input,int16,0.1,°C,r,\n{name},1,input,int16,0.01,,r,"{source}"\n'
    )
    assert points.get("water_pressure", {}).get("unit") == unit
    assert (unit is not None) is ("does not say its unit" not in made.text)


@pytest.mark.parametrize(
    ("rows", "celsius"),
    [
        ("Flow temperature,1,input,int16,0.1,,r,\nDefrost,2,discrete,bit,,,r,\n", True),
        # what is no temperature has more than one unit to choose from
        ("Heat power,1,input,int16,0.1,,r,\n", False),
        # the table states units, its types or scales are not known either, or it is imperial
        ("Flow temperature,1,input,int16,0.1,,r,\nFan,3,input,uint16,1,rpm,r,\n", False),
        ("Flow temperature,1,input,,0.1,,r,\n", False),
        ("Flow temperature,1,input,int16,,,r,\n", False),
        ("Flow temperature,1,input,int16,0.1,,r,\nDisplay Fahrenheit,3,coil,bit,,,rw,\n", False),
        ("Flow temperature,1,input,int16,0.1,,r,\nPressure psi,3,input,uint16,1,,r,\n", False),
    ],
)
def test_a_table_without_units(draft: Any, rows: str, celsius: bool) -> None:
    made, points = draft(f"{HEAD}System on/off,0,coils,bit,1,,rw,\n{rows}")
    assert ("the table has no units; °C is assumed of supply_temperature" in made.text) is celsius
    assert (points.get("supply_temperature", {}).get("unit") == "degC") is celsius


def test_a_person_says_the_unit_of_a_table_without_units(draft: Any) -> None:
    made, points = draft(
        f"{HEAD}Flow temperature,1,input,int16,0.1,,r,\n",
        legend=Legend(takes=dict([take("unit:=degF")])),
    )
    assert points["supply_temperature"]["unit"] == "degF"
    assert "is assumed" not in made.text


@pytest.mark.parametrize(
    ("kind", "scale", "mapped"),
    [
        ("temperature", "0.1", True),
        ("temperature", "1", False),  # may be a float, in two registers
        ("temperature", "", False),
        ("my_temperature", "0.1", False),
    ],
)
def test_a_type_that_only_says_temperature(draft: Any, kind: str, scale: str, mapped: bool) -> None:
    made, points = draft(
        f"{HEAD}Room temp,200,input,int16,0.1,°C,r,\nOutdoor temp,1,input,{kind},{scale},°C,r,\n"
    )
    assert ("outdoor_temperature" in points) is mapped
    assert ("int16 is assumed of outdoor_temperature" in made.text) is mapped
    assert ("has a type" in made.text) is not mapped


def test_an_8_bit_enum_lies_in_the_low_byte(draft: Any) -> None:
    _, points = draft(
        f"{HEAD}Room temp,200,input,int16,0.1,°C,r,\ndhw_enabled,501,holding,enum8,1,,rw,\n"
    )
    assert points["dhw_enabled"] == {
        "space": "holding", "address": 501, "type": "uint16", "enum": {0: 0, 1: 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "first", "second", "chosen"),
    [
        ("input", "Flow temperature", "Actual flow temperature hp", 1),
        ("input", "Actual flow temperature", "Flow temperature", 2),
        ("input", "Flow temperature", "Temperature, flow", None),
        # may be the frequency that is asked for
        ("input", "Compressor frequency", "Current compressor frequency", None),
        # what can be written may be the setpoint of the other
        ("holding", "DHW temperature", "Actual DHW temperature", None),
    ],
)
def test_of_two_rows_that_are_read_the_plainer_name(
    draft: Any, table: str, first: str, second: str, chosen: int | None
) -> None:
    unit = "Hz" if "frequency" in first else "°C"
    made, points = draft(
        f"{HEAD}Room temp,200,input,int16,0.1,°C,r,\n"
        f'"{first}",1,{table},int16,0.1,{unit},,\n"{second}",2,{table},int16,0.1,{unit},,\n'
    )
    found = [at["address"] for point, at in points.items() if point != "room_temperature"]
    assert found == ([chosen] if chosen else [])
    assert ("2 rows fit this point" in made.text) is (chosen is None)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("a,b\n1,2\n", "there is no column name (it may be called name or point or"),
        ("", "there is no column name"),
        ("name,unit\nx,y\n", "there is no column address"),
    ],
)
def test_what_is_no_table(draft: Any, table: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        draft(table)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sensors=input", "write COLUMN:CELL=MEANING"),
        ("colour:red=input", "write COLUMN:CELL=MEANING"),
        ("table:sensors=wall", "'wall' is not a table"),
        ("type:=int17", "'int17' is not a type"),
        ("unit:=parsec", "'parsec' is not a unit"),
        ("scale:x=big", "'big' is not a scale"),
    ],
)
def test_what_cannot_be_said(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        take(text)


@pytest.mark.parametrize("kind", list(DeviceKind))
def test_every_term_means_one_point_of_the_catalogue(kind: DeviceKind) -> None:
    terms = register_terms()
    meaning: dict[TermWords, str] = {}
    for point, names in terms.points[kind].items():
        assert point in CATALOGUE["heat_pump"]
        for name in (point, *names):
            assert meaning.setdefault(terms.words_of(name), point) == point, name


@pytest.mark.parametrize(
    ("header", "cells", "scales"),
    [
        ("Gain", ("10", "100", "1"), (0.1, 0.01, 1)),
        ("Divisor", ("10", "0.5", ""), (0.1, 0.5, 1)),
        ("Teiler", ("10", "10", "10"), (0.1, 0.1, 0.1)),
        ("Decimals", ("1", "2", "0"), (0.1, 0.01, 1)),
        ("Nachkommastellen", ("1", "1", "-"), (0.1, 0.1, 1)),
    ],
)
def test_a_scale_that_is_told_as_divisor_or_decimals(
    draft: Any, header: str, cells: tuple[str, ...], scales: tuple[float, ...]
) -> None:
    names = ("Supply temperature", "Outdoor temperature", "Return temperature")
    rows = [
        f"{n},{i},input,int16,°C,{c}\n" for i, (n, c) in enumerate(zip(names, cells, strict=True))
    ]
    _, points = draft(f"name,address,table,type,unit,{header}\n{''.join(rows)}")
    assert tuple(point.get("scale", 1) for point in points.values()) == scales


def test_a_divisor_that_says_something_else_than_the_unit_waits_for_a_person(draft: Any) -> None:
    made, points = draft(
        "name,address,table,type,unit,gain,decimals\n"
        "Supply temperature,1,input,int16,0.1 °C,1,\n"
        "Return temperature,2,input,int16,0.1 °C,10,\n"
        "Outdoor temperature,3,input,int16,°C,,40\n"
    )
    assert points.keys() == {"return_temperature"}
    assert "1 in its own column and 0.1 with the unit" in made.text
    assert "40 decimals" in made.text


def test_lines_that_end_as_on_old_machines(draft: Any) -> None:
    table = HEAD + "Flow temperature,100,input,int16,0.1,°C,r,\n"
    for end in ("\r", "\r\n", "\n"):
        assert draft(table.replace("\n", end))[1].keys() == {"supply_temperature"}


@pytest.mark.parametrize("data", [HEAD.encode("utf-16-le"), HEAD.encode("utf-16-be"), bytes(99)])
def test_a_file_that_is_no_text_is_told_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="save it as CSV in UTF-8"):
        draft_profile(path, PUMP, Legend())
