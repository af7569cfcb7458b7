"""The register of NodeIds: every symbol has its number for ever (the CSV beside the XML)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from heatpump_twin.server.errors import NodesetError
from heatpump_twin.server.nodeset.generator.nodeset_node import NodeClass, NodesetNode
from heatpump_twin.server.nodeset.type_ids import RETIRED

RANGES = {
    NodeClass.OBJECT_TYPE: range(1001, 2000),
    NodeClass.VARIABLE_TYPE: range(2001, 3000),
    NodeClass.DATA_TYPE: range(3001, 4000),
    NodeClass.REFERENCE_TYPE: range(4001, 5000),
    NodeClass.OBJECT: range(5001, 6000),
    NodeClass.METHOD: range(7001, 8000),
    NodeClass.VARIABLE: range(10001, 65536),
}
"""Where new numbers come from. Older ones may lie elsewhere."""


@dataclass(slots=True)
class RegisteredId:
    """One symbol: its number, and its node class, or that it is gone."""

    number: int
    kind: str


class Register:
    """Gives numbers to symbols; what is once given stays."""

    def __init__(self, text: str) -> None:
        self._rows = {
            name: RegisteredId(int(number), kind)
            for name, number, kind in csv.reader(text.splitlines())
        }
        numbers = [row.number for row in self._rows.values()]
        if len(set(numbers)) != len(numbers):
            raise NodesetError("the register of NodeIds has a number twice: undo the last change")

    def assign(self, nodes: Iterable[NodesetNode]) -> None:
        """Give all nodes of the model their numbers; retire what the model has no more."""
        present = {node.symbol: node for node in nodes}
        for symbol, row in self._rows.items():
            if symbol not in present:
                row.kind = RETIRED
        for symbol, node in present.items():
            row = self._rows.get(symbol) or self._new(symbol, node.node_class)
            was = _class_of(row)
            if was not in (node.node_class, RETIRED):
                raise NodesetError(
                    f"{symbol} was a {was} and is now a {node.node_class}: "
                    "give it another name, its NodeId means the old one"
                )
            row.kind = node.node_class
            node.identifier = f"i={row.number}"

    def _new(self, symbol: str, node_class: NodeClass) -> RegisteredId:
        span = RANGES[node_class]
        last = max((r.number for r in self._rows.values() if r.number in span), default=0)
        row = self._rows[symbol] = RegisteredId(max(last + 1, span.start), node_class)
        if row.number not in span:
            raise NodesetError(f"no number is left for a {node_class}: give RANGES a second span")
        return row

    def text(self) -> str:
        """Return the CSV as companion specifications publish it: Name,NodeId,NodeClass."""
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        for name, row in sorted(self._rows.items(), key=lambda item: item[1].number):
            writer.writerow((name, row.number, row.kind))
        return lines.getvalue()


def _class_of(row: RegisteredId) -> str:
    """Return the node class of a symbol; of a retired one, as far as its number tells."""
    if row.kind != RETIRED:
        return row.kind
    return next((kind for kind, span in RANGES.items() if row.number in span), RETIRED)
