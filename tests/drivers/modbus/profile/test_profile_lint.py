"""What a profile should not say, with the place where it says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatpump_twin.drivers.modbus.profile.profile_files import packaged_profiles
from heatpump_twin.drivers.modbus.profile.profile_lint import lint_profile

HEAD = """
title: A draft
kind: heat_pump_controller
source: this test
points:
"""


def findings(tmp_path: Path, *points: str) -> list[tuple[bool, str]]:
    path = tmp_path / "draft.yaml"
    path.write_text(HEAD + "".join(f"  - {{{point}}}\n" for point in points), "utf-8")
    found = lint_profile(path)
    return [(f.is_error, str(f.problem).removeprefix(f"{path}:")) for f in found]


@pytest.mark.parametrize("name", packaged_profiles())
def test_packaged_profiles_are_clean(name: str) -> None:
    assert lint_profile(name) == []


@pytest.mark.parametrize(
    ("point", "is_error", "text"),
    [
        (
            "point: supply_temperature, space: input, address: 1, type: int16, scale: 0.0001, "
            "unit: degC",
            True,
            "6: points.0.scale: int16 can hold -3.2768 to 3.2767 Cel, but supply_temperature is",
        ),
        (
            "point: supply_temperature, space: input, address: 1, type: int16, scale: 0.001",
            False,
            "can hold -32.768 to 32.767 Cel, but supply_temperature is usually 10 to 65",
        ),
        (
            "point: supply_temperature, space: input, address: 1, type: int16, scale: 10",
            False,
            "one count is 10 Cel",
        ),
        (
            "point: controller_water_flow, space: input, address: 1, type: uint16, scale: 100, "
            "unit: m3/h",
            True,
            "one count is 1666.67 l/min, but controller_water_flow is usually 0 to 40",
        ),
        (
            "point: outdoor_temperature, space: input, address: 1, type: uint16, scale: 0.1",
            False,
            "6: points.0.type: uint16 can hold 0 to 6553.5 Cel",
        ),
        (
            "point: controller_heat_energy, space: input, address: 1, type: uint16, scale: 0.1",
            False,
            "so this counter soon starts again at 0",
        ),
    ],
)
def test_a_scale_that_cannot_be(tmp_path: Path, point: str, is_error: bool, text: str) -> None:
    ((found, problem),) = findings(tmp_path, point)
    assert found is is_error
    assert text in problem


@pytest.mark.parametrize(
    "point",
    [
        "point: supply_temperature, space: input, address: 1, type: int16, scale: 0.1",
        "point: supply_temperature, space: input, address: 1, type: float32",
        "point: compressor_hours, space: input, address: 1, type: uint16",
        "point: error_code, space: input, address: 1, type: int16",
        "point: operating_mode, space: input, address: 1, type: uint16, enum: {0: 0}",
        "point: fault_active, space: input, address: 1, type: uint16, bit: 3",
        "point: serial_number, space: input, address: 1, type: string, length: 8",
    ],
)
def test_what_can_be(tmp_path: Path, point: str) -> None:
    assert findings(tmp_path, point) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("space: input, address: 7, type: int16, write: {space: holding}", "address: 7"),
        ("space: holding, address: 3, type: int16, write: {address: 7}", "address: 7"),
        ("space: holding, address: 3, type: int32, write: {address: 6}", "address: 7"),
    ],
)
def test_two_points_that_are_written_to_one_register(tmp_path: Path, one: str, other: str) -> None:
    ((is_error, problem),) = findings(
        tmp_path,
        f"point: dhw_setpoint, {one}",
        f"point: supply_setpoint, space: holding, {other}, type: int16, write: {{}}",
    )
    assert is_error
    assert "7: points.1.write: a write goes where dhw_setpoint is written" in problem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("address: 3, type: int16, write: {address: 8}", "address: 7, type: int16, write: {}"),
        (
            "address: 3, type: uint16, bit: 0, bits: 8, write: {address: 7}",
            "address: 7, type: uint16, bit: 8, bits: 8, write: {}",
        ),
    ],
)
def test_two_points_that_are_written_side_by_side(tmp_path: Path, one: str, other: str) -> None:
    points = (
        f"point: dhw_setpoint, space: holding, {one}",
        f"point: supply_setpoint, space: holding, {other}",
    )
    assert not [text for is_error, text in findings(tmp_path, *points) if is_error]


@pytest.mark.parametrize(
    ("space", "address", "doubted"),
    [
        ("holding", 40003, "40003 looks like Modicon numbering; address 2?"),
        ("input", 30001, "address 0?"),
        ("discrete", 10017, "address 16?"),
        ("holding", 40000, ""),
        ("holding", 50000, ""),
        ("input", 40003, ""),
    ],
)
def test_a_number_of_a_printed_table(tmp_path, space: str, address: int, doubted: str) -> None:
    kind = "bool" if space == "discrete" else "int16"
    point = "compressor_on" if space == "discrete" else "supply_temperature"
    text = (
        "title: Mine\nkind: heat_pump_controller\nsource: me\npoints:\n"
        f"  - {{point: {point}, space: {space}, address: {address}, type: {kind}}}\n"
    )
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    messages = [f.problem.message for f in lint_profile(path) if "Modicon" in f.problem.message]
    assert len(messages) == bool(doubted)
    assert all(doubted in message for message in messages)
    path.write_text(f"wire_addresses: true\n{text}", "utf-8")
    assert not [f for f in lint_profile(path) if "Modicon" in f.problem.message]


def test_a_state_that_is_written_needs_its_texts(tmp_path: Path) -> None:
    (found,) = findings(
        tmp_path, "point: operating_mode, space: holding, address: 3, type: uint16, write: {}"
    )
    assert found[0]
    assert "which number is which of the texts" in found[1]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("timeout: 500", "timeout: 500 s is very long; did you mean 500 ms?"),
        ("timeout: 2 ms", "timeout: 2 ms is shorter than most devices take"),
        ("pause: 100", "pause: 100 s is very long; did you mean 100 ms?"),
        ("connect_delay: 1000", "connect_delay: 1000 s is very long"),
        ("poll: {slow: 100000}", "poll.slow: 100000 s is very long"),
        ("timeout: 2 s", ""),
        ("pause: 100 ms", ""),
    ],
)
def test_times_that_are_in_the_wrong_unit(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "draft.yaml"
    point = "  - {point: voltage, space: input, address: 1, type: int16, scale: 0.1}\n"
    path.write_text(HEAD.replace("points:", f"{line}\npoints:") + point, "utf-8")
    found = [f"{finding.problem} {finding.is_error}" for finding in lint_profile(path)]
    assert len(found) == bool(told)
    assert all(f"draft.yaml:5: {told}" in text and text.endswith("False") for text in found)


@pytest.mark.parametrize(
    ("scale", "rules", "told"),
    [
        (0.1, "min: 20, max: 60, step: 0.5", []),
        (0.1, "min: 20, max: 60, step: 0.25", ["step 0.25: the registers hold steps of 0.1"]),
        (1, "min: 20.5, max: 60", ["min 20.5: the registers hold steps of 1 degC only"]),
        (0.1, "min: 20, max: 60, step: 7", ["max 60 is no step of 7 from min: the last one is 55"]),
        (0.1, "min: 20, max: 60, step: 100", ["the last one is 20"]),
        (0.5, "min: 20, max: 60.3", ["max 60.3: the registers hold steps of 0.5 degC only"]),
    ],
)
def test_steps_that_do_not_go_together(
    tmp_path: Path, scale: float, rules: str, told: list[str]
) -> None:
    found = findings(
        tmp_path,
        "point: supply_setpoint, space: holding, address: 1, type: int16, unit: degC, "
        f"scale: {scale}, write: {{{rules}}}",
    )
    assert len(found) == len(told)
    for (is_error, problem), text in zip(found, told, strict=True):
        assert not is_error
        assert problem.startswith("6: points.0.write: ")
        assert text in problem
