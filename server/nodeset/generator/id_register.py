"""The register of NodeIds: the permanent number of every symbol (the CSV beside the XML)."""

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
"""Ranges of new numbers by node class; older numbers may lie elsewhere."""


@dataclass(slots=True)
class RegisteredId:
    """The row of one symbol: its number, and its node class or that it is retired."""

    number: int
    kind: str


class Register:
    """The register that gives permanent numbers to symbols."""

    def __init__(self, text: str) -> None:
        self._rows = {
            name: RegisteredId(int(number), kind)
            for name, number, kind in csv.reader(text.splitlines())
        }
        numbers = [row.number for row in self._rows.values()]
        # Two branches may each have given the next number; merged as text, both rows stay.
        if len(set(numbers)) != len(numbers):
            raise NodesetError("the register of NodeIds has a number twice: undo the last change")

    def assign(self, nodes: Iterable[NodesetNode]) -> None:
        """Give every node of the model its number; retire symbols that the model has no more."""
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
        # After the highest, retired ones included: a hole is never filled, as clients may have
        # stored what was there.
        last = max((r.number for r in self._rows.values() if r.number in span), default=0)
        row = self._rows[symbol] = RegisteredId(max(last + 1, span.start), node_class)
        if row.number not in span:
            raise NodesetError(f"no number is left for a {node_class}: give RANGES a second span")
        return row

    def text(self) -> str:
        """Return the CSV as companion specifications publish it: Name,NodeId,NodeClass."""
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        # By number: new rows come at the end of their range, and a diff shows them alone.
        for name, row in sorted(self._rows.items(), key=lambda item: item[1].number):
            writer.writerow((name, row.number, row.kind))
        return lines.getvalue()


def _class_of(row: RegisteredId) -> str:
    """Return the node class of a symbol; of a retired one, as far as its number tells."""
    if row.kind != RETIRED:
        return row.kind
    return next((kind for kind, span in RANGES.items() if row.number in span), RETIRED)
