"""Other people's tools read the nodeset: the official schema, node-opcua, asyncua, o6-ncc."""

from __future__ import annotations

import json
import os
import shutil
import sys
from itertools import permutations
from pathlib import Path

import processes
import pytest
from asyncua import Server, ua
from asyncua.common.xmlimporter import XmlImporter
from places import NODE_MODULES

from heatpump_twin.config.catalogue import CATALOGUE, UNITS, PointKind, PointRole, pascal_case
from heatpump_twin.server.nodeset.model import load_model
from heatpump_twin.server.nodeset.type_ids import load_type_ids
from heatpump_twin.server.nodeset.type_models import (
    LOAD_ORDER,
    TYPES,
    official_nodeset,
    own_nodeset,
    runtime_part,
)
from heatpump_twin.server.nodeset.vocabulary import HEAT_PUMP

SCHEMA = NODE_MODULES / "node-opcua-nodesets" / "nodesets" / "UANodeSet.xsd"
PROBE = Path(__file__).with_name("node_opcua_nodeset.js")
MODEL = load_model()
POINTS = {pascal_case(name): spec for name, spec in HEAT_PUMP.items()}
DATA_TYPES = {
    PointKind.ANALOG: "Double",
    PointKind.TWO_STATE: "Boolean",
    PointKind.MULTI_STATE: "Int32",
}
VARIABLE_TYPES = {
    PointKind.ANALOG: "AnalogUnitRangeType",
    PointKind.TWO_STATE: "TwoStateDiscreteType",
    PointKind.MULTI_STATE: "MultiStateValueDiscreteType",
}


def files(folder: Path) -> list[str]:
    """Write the nodesets beside the standard's own to a folder, in loading order."""
    contents = {name: runtime_part(official_nodeset(name)) for name in LOAD_ORDER}
    for name, content in (contents | {"own": own_nodeset()}).items():
        (folder / f"{name}.xml").write_bytes(content)
    return [str(folder / f"{name}.xml") for name in (*LOAD_ORDER, "own")]


@pytest.mark.skipif(
    shutil.which("xmllint") is None or not SCHEMA.is_file(),
    reason="needs xmllint, and UANodeSet.xsd in build/node_modules; `make test` installs them",
)
def test_it_is_valid_by_the_official_schema(tmp_path) -> None:
    path = files(tmp_path)[-1]
    command = ["xmllint", "--noout", "--nonet", "--schema", str(SCHEMA), path]
    good = processes.run(*command)
    assert good.returncode == 0, good.stderr
    broken = tmp_path / "broken.xml"
    broken.write_bytes(Path(path).read_bytes().replace(b"ParentNodeId=", b"Parent=", 1))
    bad = processes.run(*command[:-1], broken)
    assert bad.returncode != 0


@pytest.fixture(scope="module")
def created(tmp_path_factory):
    """What node-opcua makes of the nodeset: HeatPumpType with everything optional."""
    if shutil.which("node") is None or not (NODE_MODULES / "node-opcua-address-space").is_dir():
        pytest.skip("needs Node and node-opcua-address-space; `make test` installs them")
    optionals = [
        "MethodSet", "Operational", "Configuration", "Maintenance", "Diagnostics", "Statistics",
        "Prediction", "HourlyFigures", "DailyFigures", "MonthlyFigures", "YearlyFigures",
        "OperatingStateMachine", "MachineryBuildingBlocks",
        "MachineryBuildingBlocks.MachineryItemState",
        "MachineryBuildingBlocks.MachineryOperationMode",
        *(f"ParameterSet.{name}" for name in POINTS),
        *(f"MethodSet.{name}" for name in MODEL.methods),
        *MODEL.components,
        *(
            f"{name}.ParameterSet.{pascal_case(point)}"
            for name, part in MODEL.components.items()
            for point in part.points
        ),
    ]  # fmt: skip
    done = processes.run(
        "node", PROBE,
        input=json.dumps({"files": files(tmp_path_factory.mktemp("xml")), "optionals": optionals}),
        env={**os.environ, "NODE_PATH": str(NODE_MODULES), "NODE_NO_WARNINGS": "1"},
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert lines, done.stdout + done.stderr
    assert done.stderr == ""
    return json.loads(lines[0].removeprefix("RESULT "))


def test_node_opcua_knows_every_node(created, space) -> None:
    assert created["own"] == len(space.own)
    assert created["abstract"] is True


def test_node_opcua_creates_a_device_and_a_machine(created) -> None:
    assert {"DeviceHealth", "Identification", "Manufacturer", "Model", "ParameterSet",
            "RevisionCounter", "SerialNumber"} <= set(created["least"])  # fmt: skip
    assert not {"MethodSet", "Operational", "OperatingStateMachine"} & set(created["least"])
    assert {"MethodSet", "OperatingStateMachine", *MODEL.components} <= set(created["most"])
    assert created["blocks"] == ["Identification", "MachineryItemState", "MachineryOperationMode"]
    assert created["running"] == [
        "AvailableStates", "AvailableTransitions", "CurrentState", "LastTransition",
    ]  # fmt: skip
    assert created["site"] == [
        "Alarms",
        "Emulated",
        "HeatPumps",
        "Name",
        "Tariff",
        "TimeZone",
        "Totals",
        "Weather",
    ]


def test_node_opcua_creates_the_points_of_the_catalogue(created) -> None:
    assert set(created["points"]) == set(POINTS)
    for name, spec in POINTS.items():
        found = created["points"][name]
        predicted = spec.role is PointRole.PREDICTED
        usual = "AnalogItemType" if spec.currency else VARIABLE_TYPES[spec.kind]
        assert found["type"] == ("PredictionType" if predicted else usual)
        assert found["dataType"] == DATA_TYPES[spec.kind]
        assert (found["title"], found["text"]) == (spec.title, spec.text)
        assert found["unit"] == (UNITS[spec.unit].unit_id if spec.unit else None)
        analog = spec.kind is PointKind.ANALOG
        assert found["range"] == (list(spec.range) if analog else None)
        assert found["instrument"] == (
            list(spec.instrument_range) if spec.instrument_range else None
        )
        assert found["states"] == (list(spec.states) if spec.states else None)
        codes = {} if spec.states else spec.codes
        assert found["codes"] == {str(code): text for code, text in codes.items()}
        assert ("ModelSha256" in found["properties"]) == predicted
        assert ("ValueAsText" in found["properties"]) == bool(spec.enum or spec.flags)


def test_node_opcua_sorts_the_points_into_groups(created) -> None:
    for group, members in created["groups"].items():
        assert members == sorted(n for n, spec in POINTS.items() if spec.group.value == group)
    assert len(created["groups"]) == 10


def test_node_opcua_relates_the_points(created) -> None:
    kinds = {spec.relation: name for name, spec in MODEL.reference_types.items()}
    assert sorted(created["related"]) == sorted(
        [pascal_case(other), kinds[relation], name]
        for name, spec in POINTS.items()
        for relation, other in spec.relations.items()
    )


def test_node_opcua_creates_the_parts(created) -> None:
    assert created["parts"] == {
        name: {
            "type": part.type,
            "points": sorted(map(pascal_case, part.points)),
        }
        for name, part in MODEL.components.items()
    }


def test_node_opcua_creates_the_methods(created) -> None:
    def arguments(declared):
        return [
            [name, f"ns=0;i={getattr(ua.ObjectIds, spec.data_type)}", spec.description]
            for name, spec in declared.items()
        ]

    assert created["methods"] == {
        name: {"inputs": arguments(spec.inputs), "outputs": arguments(MODEL.outputs(name))}
        for name, spec in MODEL.methods.items()
    }


def test_node_opcua_knows_every_transition(created) -> None:
    states = MODEL.state_machine.states
    assert created["states"] == {
        name: ["InitialStateType" if name == "Off" else "StateType", number]
        for name, number in states.items()
    }
    assert len(created["transitions"]) == 56
    numbers = set()
    for start, end in permutations(states, 2):
        leaves, enters, causes, effect, number = created["transitions"][f"{start}To{end}"]
        assert (leaves, enters, effect) == ([start], [end], ["TransitionEventType"])
        assert ("Stop" in causes) == (end == "Off")
        assert ("Start" in causes) == (start == "Off")
        assert ("ResetFault" in causes) == (start == "Fault")
        numbers.add(number)
    assert len(numbers) == 56
    assert min(numbers) > 0


async def test_asyncua_imports_it(space, caplog) -> None:
    server = Server()
    await server.init()
    for name in LOAD_ORDER:
        await server.import_xml(xmlstring=runtime_part(official_nodeset(name)))
    caplog.clear()
    nodes = await XmlImporter(server, strict_mode=True).import_xml(xmlstring=own_nodeset())
    assert [r.message for r in caplog.records if r.levelname in ("WARNING", "ERROR")] == []
    assert len(nodes) == len(space.own)
    index = await server.get_namespace_index(TYPES)
    for entry in space.own:
        node_id = ua.NodeId(int(entry.id[1].removeprefix("i=")), index)
        references = await server.get_node(node_id).get_references()
        assert len({(r.ReferenceTypeId, r.NodeId, r.IsForward) for r in references}) >= len(
            entry.forward
        )
    for name, method in MODEL.methods.items():  # node-opcua's loader drops their descriptions
        number = load_type_ids()[f"HeatPumpType_MethodSet_{name}"]
        node = server.get_node(ua.NodeId(number, index))
        assert (await node.read_description()).Text == method.description
    totals = await server.nodes.base_object_type.get_child([f"{index}:SiteTotalsType"])
    for name, spec in CATALOGUE["site"].items():
        if spec.section != "totals":
            continue
        node = await totals.get_child([f"{index}:{pascal_case(name)}"])
        span = await (await node.get_child(["0:EURange"])).read_value()
        assert (span.Low, span.High) == spec.range
        unit = await (await node.get_child(["0:EngineeringUnits"])).read_value()
        assert unit.UnitId == UNITS[spec.unit].unit_id
    await server.iserver.stop()


def test_the_nodeset_compiler_of_open62541_reads_it(tmp_path, space) -> None:
    bundled = [argument for name in ("ns0", *LOAD_ORDER) for argument in ("-e", name)]
    own = files(tmp_path)[-1]
    done = processes.run(
        Path(sys.executable).with_name("ncc"), "inventory", own, *bundled,
        "--output", tmp_path / "inventory.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in (done.stdout + done.stderr).lower()
    read = json.loads((tmp_path / "inventory.json").read_text())
    assert len(read["nodes"]) == len(space.own)
