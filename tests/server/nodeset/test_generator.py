"""The files are made from the model; a number that was given stays."""

from __future__ import annotations

from importlib.resources import files

import pytest

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.server.errors import NodesetError
from heatpump_twin.server.nodeset.generator.__main__ import make
from heatpump_twin.server.nodeset.generator.id_register import Register
from heatpump_twin.server.nodeset.generator.nodeset_node import BrowseName, NodeClass, NodesetNode
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.nodeset.type_ids import REGISTER, TypeIds, load_type_ids
from heatpump_twin.server.nodeset.type_models import TYPES

FOLDER = files("heatpump_twin.server.nodeset")
SOURCE = FOLDER.joinpath("model.yaml").read_text("utf-8")
FIRST_RELEASE = {
    "HeatPumpType": 1001,
    "RuleAlarmType": 1002,
    "HeatPumpType_Operational": 5001,
    "HeatPumpType_Configuration": 5002,
    "HeatPumpType_Maintenance": 5003,
    "HeatPumpType_Diagnostics": 5004,
    "HeatPumpType_Statistics": 5005,
    "HeatPumpType_Prediction": 5006,
    "RuleAlarmType_LikelyCause": 6001,
    "RuleAlarmType_CorrectiveAction": 6002,
}
"""Numbers of version 0.1.0, which clients know."""


def test_the_files_are_what_the_model_says() -> None:
    for name, content in make(FOLDER.joinpath(REGISTER).read_text("utf-8")).items():
        current = FOLDER.joinpath(name).read_text("utf-8")
        assert current == content, f"{name} is stale: run `make nodeset`"


def test_published_numbers_stay() -> None:
    ids = load_type_ids()
    assert {name: ids[name] for name in FIRST_RELEASE} == FIRST_RELEASE
    with pytest.raises(NodesetError, match="no symbol HeatPumpType_Nothing"):
        ids["HeatPumpType_Nothing"]


def node(symbol: str, node_class: NodeClass = NodeClass.VARIABLE) -> NodesetNode:
    return NodesetNode(node_class, BrowseName(TYPES, symbol), TYPES, symbol)


def assigned(text: str, *nodes: NodesetNode) -> tuple[str, list[str]]:
    register = Register(text)
    register.assign(nodes)
    return register.text(), [node.identifier for node in nodes]


def test_a_new_symbol_gets_a_new_number_and_a_lost_one_keeps_its_own() -> None:
    first, ids = assigned("", node("A"), node("B"), node("T", NodeClass.OBJECT_TYPE))
    assert ids == ["i=10001", "i=10002", "i=1001"]
    second, ids = assigned(first, node("C"), node("A"), node("T", NodeClass.OBJECT_TYPE))
    assert ids == ["i=10003", "i=10001", "i=1001"]
    assert "B,10002,Unspecified\n" in second
    third, ids = assigned(second, node("D"), node("A"))
    assert ids == ["i=10004", "i=10001"]
    assert "T,1001,Unspecified\n" in third
    fourth, ids = assigned(third, node("B"), node("A"))
    assert ids == ["i=10002", "i=10001"]
    assert "B,10002,Variable\n" in fourth


def test_a_retired_symbol_is_not_found() -> None:
    text, _ = assigned("A,10001,Variable\n", node("B"))
    ids = TypeIds.of(text)
    assert ids["B"] == 10002
    with pytest.raises(NodesetError, match="no symbol A"):
        ids["A"]


def test_a_symbol_that_becomes_something_else_is_refused() -> None:
    for kind in ("Variable", "Unspecified"):
        with pytest.raises(NodesetError, match="give it another name"):
            assigned(f"A,10001,{kind}\n", node("A", NodeClass.METHOD))


def test_a_number_that_is_there_twice_is_refused() -> None:
    with pytest.raises(NodesetError, match="a number twice"):
        Register("A,10001,Variable\nB,10001,Variable\n")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("writes: [dhw_setpoint]", "writes: [dhw_target]", "not in heat_pump: dhw_target"),
        ("{point: room_setpoint}", "{point: room_target}", "not in heat_pump: room_target"),
        ("{point: room_setpoint}", "{text: Target}", "state a point, or a type and a text"),
        ("Fault: 6, Lockout: 7", "Fault: 6, Lockout: 8", "not the codes of operating_state"),
        ("[high_pressure,", "[low_pressure,", "low_pressure is in two parts"),
        ("    Statistics: ", "    Statistic: ", "write 'Identification'"),
        ("    ResetFault: ", "    ResetFaults: ", "not in methods: ResetFaults"),
        ("{type: String, rule: Mandatory", "{type: String, rule: Must", "write 'Mandatory'"),
        ("section: tariff,", "section: weather,", "nothing for tariff"),
        ("role: engineer", "role: engineer\n    who: me", "unknown key"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_model_is_named_with_its_line(before, after, problem) -> None:
    assert before in SOURCE
    with pytest.raises(ConfigError, match=problem) as caught:
        YamlSource(SOURCE.replace(before, after, 1), "model.yaml").validate(TypeModel)
    assert str(caught.value).startswith("model.yaml:")
