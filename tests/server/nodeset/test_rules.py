"""What OPC 10000-3, -5, -6, -16, -100 and OPC 40001-1 demand of a type model."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter

from nodeset_space import HIERARCHICAL, XML, registered

from heatpump_twin.server.nodeset.type_models import DI, MACHINERY, TYPES, UA, own_nodeset

VALUES = "{http://opcfoundation.org/UA/2008/02/Types.xsd}"
NO_RULE = {"StateType", "InitialStateType", "TransitionType", "NamespaceMetadataType"}
STRICTER = {"Optional": {"Optional", "Mandatory"}, "Mandatory": {"Mandatory"}}


def test_nothing_dangles(space) -> None:
    assert space.dangling == []
    for entry in space.own:
        for other in (entry.parent, entry.data_type):
            assert other is None or other in space.nodes, entry.id


def test_parents_and_children_agree_in_the_file(space) -> None:
    root = ET.fromstring(own_nodeset())
    children = [e for e in root if e.get("ParentNodeId")]
    written = {
        (e.get("NodeId"), r.get("ReferenceType"), r.get("IsForward") != "false", r.text)
        for e in root
        for r in e.iterfind(f"{XML}References/{XML}Reference")
    }
    ours = {e.get("NodeId") for e in root if e.get("NodeId")}
    assert len(children) > 800
    for element in children:
        parent, node = element.get("ParentNodeId"), element.get("NodeId")
        up = [
            kind
            for source, kind, forward, target in written
            if (source, forward, target) == (node, False, parent)
        ]
        assert len(up) == 1, node
        assert up[0] in HIERARCHICAL
        assert parent not in ours or (parent, up[0], True, node) in written
    one_way = {"HasTypeDefinition", "HasSubtype"}
    for source, kind, forward, target in written:
        if source in ours and target in ours and kind not in one_way:
            assert (target, kind, not forward, source) in written


def test_every_alias_and_namespace_is_used(space) -> None:
    text = own_nodeset().decode()
    root = ET.fromstring(text)
    for alias in root.iterfind(f"{XML}Aliases/{XML}Alias"):
        name = alias.get("Alias")
        assert f'ReferenceType="{name}"' in text or f'DataType="{name}"' in text
    uris = [uri.text for uri in root.iterfind(f"{XML}NamespaceUris/{XML}Uri")]
    assert uris == [TYPES, DI, MACHINERY]


def test_required_models_are_those_of_the_package(space) -> None:
    root = ET.fromstring(own_nodeset())
    (model,) = root.iterfind(f"{XML}Models/{XML}Model")
    assert model.get("ModelVersion") == model.get("Version")
    required = {r.get("ModelUri"): r.attrib for r in model}
    assert set(required) == {UA, DI, MACHINERY}
    for content in space.files[1:-1]:
        (carried,) = ET.fromstring(content).iterfind(f"{XML}Models/{XML}Model")
        if carried.get("ModelUri") in required:
            for key in ("Version", "PublicationDate", "ModelVersion"):
                assert required[carried.get("ModelUri")][key] == carried.get(key)
        for theirs in carried:  # we ask of the standard what DI and Machinery ask of it, or more
            if theirs.get("ModelUri") == UA:
                assert required[UA]["PublicationDate"] >= theirs.get("PublicationDate")


def test_every_instance_has_one_concrete_type(space) -> None:
    for entry in space.own:
        types = entry.targets("HasTypeDefinition")
        assert len(types) == (entry.node_class in ("Object", "Variable")), entry.name
        for type_id in types:
            kind = space.nodes[type_id]
            assert kind.node_class == f"{entry.node_class}Type"
            assert kind.element.get("IsAbstract") != "true", entry.name


def test_every_declaration_has_a_rule(space) -> None:
    for entry in space.own:
        for reference, child in space.children(entry):
            if child.parent != entry.id:
                continue  # shown here, declared elsewhere
            kind = space.type_of(child)
            if (kind and kind.name in NO_RULE) or space.type_of(entry) is space.nodes.get(
                (UA, "i=11616")
            ):
                assert space.rule(child) is None
            else:
                rules = {"Mandatory", "Optional", "OptionalPlaceholder"}
                assert space.rule(child) in rules, (entry.name, child.name, reference)
                assert ("<" in child.name) == (space.rule(child) == "OptionalPlaceholder")


def test_browse_names_are_unique_among_siblings(space) -> None:
    for entry in space.own:
        names = Counter(child.browse_name for _, child in space.children(entry))
        assert not [name for name, n in names.items() if n > 1], entry.name


def test_declarations_belong_to_one_type(space) -> None:
    """OPC 10000-3, 6.2.1: no two types refer to the same declaration."""

    def owner(entry) -> str:
        while entry.parent is not None:
            entry = space.nodes[entry.parent]
        return entry.name

    for entry in space.own:
        for _, child in space.children(entry):
            if entry.parent or entry.id[1] != "i=1":
                assert owner(child) == owner(entry)


def test_members_of_supertypes_keep_name_class_type_and_strictness(space) -> None:
    for entry in space.own:
        if entry.node_class != "ObjectType":
            continue
        inherited = {}
        for supertype in list(space.lineage(entry))[1:]:
            for reference, child in space.children(supertype):
                inherited.setdefault(child.name, (reference, child))
        for reference, child in space.children(entry):
            if child.name not in inherited:
                continue
            theirs_reference, theirs = inherited[child.name]
            assert child.browse_name == theirs.browse_name
            assert child.node_class == theirs.node_class
            assert space.is_a(space.type_of(child), space.type_of(theirs))
            assert reference == theirs_reference or reference == "HasAddIn"
            assert space.rule(child) in STRICTER[space.rule(theirs)]
            assert child.data_type == theirs.data_type


def test_declarations_have_all_that_their_type_makes_mandatory(space) -> None:
    checked = 0
    for entry in space.own:
        if space.type_of(entry) is None or space.rule(entry) is None:
            continue
        have = {child.browse_name: child for _, child in space.children(entry)}
        for kind in space.lineage(space.type_of(entry)):
            for _, child in space.children(kind):
                if space.rule(child) == "Mandatory":
                    assert child.browse_name in have, (entry.name, child.name)
                    ours = have[child.browse_name]
                    assert space.is_a(space.type_of(ours), space.type_of(child))
                    checked += 1
    assert checked > 400


def test_values_fit_their_data_types(space) -> None:
    checked = 0
    for entry in space.own:
        found = entry.element.find(f"{XML}Value")
        if found is None:
            continue
        (value,) = found
        tag = value.tag.removeprefix(VALUES)
        is_array = entry.element.get("ValueRank") == "1"
        assert tag.startswith("ListOf") == is_array
        assert (entry.element.get("ArrayDimensions") == "0") == is_array
        data_type = space.nodes[entry.data_type]
        for item in list(value) if is_array else [value]:
            if item.tag == f"{VALUES}ExtensionObject":
                (body,) = item.find(f"{VALUES}Body")
                assert body.tag == f"{VALUES}{data_type.name}"
            else:
                names = {kind.name for kind in space.lineage(data_type)}
                plain = {"IdType": "Int32"}.get(data_type.name, item.tag.removeprefix(VALUES))
                assert item.tag == f"{VALUES}{plain}"
                assert plain in names or data_type.name == "IdType"
        checked += 1
    assert checked > 400


def test_what_is_ours_is_described(space) -> None:
    silent = [
        entry.name
        for entry in space.own
        if entry.browse_name[0] == TYPES
        and "<" not in entry.name
        and not entry.text("Description")
        and (space.type_of(entry) is None or space.type_of(entry).name not in NO_RULE)
    ]
    assert silent == []
    for entry in space.own:
        for tag in ("DisplayName", "Description", "InverseName"):
            for text in entry.element.iterfind(f"{XML}{tag}"):
                assert text.get("Locale") == "en"
        assert entry.text("DisplayName")


def test_reference_types_read_both_ways(space) -> None:
    for entry in space.own:
        if entry.node_class == "ReferenceType":
            assert [kind.name for kind in space.lineage(entry)][1:] == [
                "NonHierarchicalReferences", "References",
            ]  # fmt: skip
            assert entry.text("InverseName").startswith("Is")


def test_the_register_is_the_file(space) -> None:
    rows = {number: (name, kind) for name, (number, kind) in registered().items()}
    assert len(rows) == len(registered())
    for entry in space.own:
        name, kind = rows.pop(int(entry.id[1].removeprefix("i=")))
        assert kind == entry.node_class
        if entry.parent and entry.parent[0] == TYPES:
            parent = int(entry.parent[1].removeprefix("i="))
            owner = next(n for n, (number, _) in registered().items() if number == parent)
            assert name == f"{owner}_{entry.name.strip('<>')}"
    assert {kind for _, kind in rows.values()} <= {"Unspecified"}
