"""A crawled address space, and what a modeller would find wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

OBJECT, VARIABLE, METHOD = 1, 2, 4
OBJECT_TYPE, VARIABLE_TYPE = 8, 16
HAS_TYPE_DEFINITION, HAS_MODELLING_RULE, HAS_SUBTYPE = "i=40", "i=37", "i=45"
MANDATORY = "i=78"
AGGREGATES = {"i=46", "i=47", "i=49", "i=44", "i=17604", "i=56"}
"""HasProperty, HasComponent, HasOrderedComponent, Aggregates, HasAddIn and HasHistorical…"""
HIERARCHICAL = AGGREGATES | {"i=35"}
OBJECTS, TYPES = "i=85", "i=86"
PROPERTY_TYPE, BASE_DATA_VARIABLE = "i=68", "i=63"
ANALOG = {"i=17497", "i=17570", "i=2368", "i=17500"}
"""AnalogUnitType, AnalogUnitRangeType, AnalogItemType, BaseAnalogType."""
UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"


@dataclass(frozen=True)
class Graph:
    """Nodes by NodeId, as a crawl printed them."""

    namespaces: list[str]
    nodes: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, crawl: dict[str, Any]) -> Graph:
        nodes = {}
        for name, node in crawl["nodes"].items():
            references = [[plain(t), plain(n), b] for t, n, b in node["references"]]
            nodes[plain(name)] = node | {"references": references}
        return cls(crawl["namespaces"], nodes)

    def targets(self, node: str, *types: str) -> list[str]:
        return [n for t, n, _ in self.nodes[node]["references"] if t in types]

    def type_of(self, node: str) -> str | None:
        found = self.targets(node, HAS_TYPE_DEFINITION)
        return found[0] if found else None

    @cached_property
    def supertype(self) -> dict[str, str]:
        return {sub: name for name in self.nodes for sub in self.targets(name, HAS_SUBTYPE)}

    def ancestry(self, type_id: str | None) -> Iterator[str]:
        while type_id is not None:
            yield type_id
            type_id = self.supertype.get(type_id)

    @cached_property
    def instances(self) -> list[str]:
        """What hangs below Objects: the instances, not the declarations of types."""
        found = dict.fromkeys([OBJECTS])
        waiting = [OBJECTS]
        while waiting:
            for target in self.targets(waiting.pop(), *HIERARCHICAL):
                node = self.nodes.get(target)
                if node and node["class"] in (OBJECT, VARIABLE, METHOD) and target not in found:
                    found[target] = None
                    waiting.append(target)
        return list(found)

    @property
    def types_in_use(self) -> set[str]:
        return {kind for name in self.instances if (kind := self.type_of(name))}

    def findings(self) -> dict[str, list[str]]:
        """Everything that is wrong, by what it is."""
        found = {
            "dangling reference": self.dangling(),
            "not exactly one type definition": self.untyped(),
            "placeholder": self.placeholders(),
            "instance of an abstract type": self.abstract(),
            "without a name": self.nameless(),
            "mandatory member missing": self.missing(),
            "null mandatory value": self.null_mandatory(),
            "without a unit of UNECE": self.without_unit(),
        }
        return {kind: places for kind, places in found.items() if places}

    # ── findings ──────────────────────────────────────────────────────────────────────────────────
    def dangling(self) -> list[str]:
        return [
            f"{name} → {target} ({kind})"
            for name, node in self.nodes.items()
            for kind, target, _ in node["references"]
            if target not in self.nodes or self.nodes[target]["status"] != "Good"
        ]

    def untyped(self) -> list[str]:
        return [
            name
            for name, node in self.nodes.items()
            if node["class"] in (OBJECT, VARIABLE)
            and len(self.targets(name, HAS_TYPE_DEFINITION)) != 1
        ]

    def placeholders(self) -> list[str]:
        return [n for n in self.instances if re.search(r"[<>]", str(self.nodes[n]["name"]))]

    def abstract(self) -> list[str]:
        """Instances of types that can have none."""
        return [
            name
            for name in self.instances
            if (kind := self.type_of(name)) and self.nodes[kind]["abstract"]
        ]

    def nameless(self) -> list[str]:
        return [n for n, node in self.nodes.items() if not node["name"] or not node["display"]]

    def missing(self) -> list[str]:
        """Mandatory members that an instance does not have."""
        return [
            f"{name} lacks {member}"
            for name in self.instances
            for member in self.mandatory(name)
            if member not in self.members(name)
        ]

    def null_mandatory(self) -> list[str]:
        """Mandatory variables without a value, unless their status says why there is none."""
        found = []
        for name in self.instances:
            members = self.members(name)
            for member in self.mandatory(name):
                node = self.nodes.get(members.get(member, ""))
                if node is None or node["class"] != VARIABLE or node["value"] is not None:
                    continue
                measured = self.type_of(members[member]) != PROPERTY_TYPE
                if node["value_status"] == "Good" or not measured:
                    found.append(f"{members[member]} {node['value_status']}")
        return found

    def without_unit(self) -> list[str]:
        """Analog instances without a unit of UNECE Recommendation 20, but for amounts of money."""
        return [
            name
            for name in self.instances
            if self.nodes[name]["class"] == VARIABLE
            and ANALOG & set(self.ancestry(self.type_of(name)))
            and "0:CurrencyUnit" not in self.members(name)
            and not self._unece(self.members(name))
        ]

    def _unece(self, members: dict[str, str]) -> bool:
        unit = self.nodes.get(members.get("0:EngineeringUnits", ""), {}).get("value")
        if not isinstance(unit, dict) or unit["NamespaceUri"] != UNECE:
            return False
        code = int(unit["UnitId"]).to_bytes(4, "big").lstrip(b"\0").decode("ascii")
        return re.fullmatch(r"[A-Z0-9]{2,3}", code) is not None

    def members(self, node: str) -> dict[str, str]:
        return {b: n for t, n, b in self.nodes[node]["references"] if t in AGGREGATES}

    def mandatory(self, node: str) -> list[str]:
        """BrowseNames of the members that the instance's type, with its supertypes, demands."""
        return [
            browse_name
            for kind in self.ancestry(self.type_of(node))
            for t, target, browse_name in self.nodes[kind]["references"]
            if t in AGGREGATES and MANDATORY in self.targets(target, HAS_MODELLING_RULE)
        ]


def plain(node: str) -> str:
    """Return a NodeId as most clients write it."""
    return node.removeprefix("ns=0;")
