"""Which events a client wants: where clauses over the fields of an event (OPC 10000-4, 7.7)."""

from __future__ import annotations

import re
from typing import Any

from asyncua import ua
from asyncua.server.monitored_item_service import WhereClauseEvaluator


class EventFilter(WhereClauseEvaluator):
    """The stock evaluator with type hierarchies, patterns and paths of more than one step."""

    def _eval_el(self, index: int, event: Any) -> Any:
        element = self.elements[index]
        match element.FilterOperator:
            case ua.FilterOperator.OfType:
                wanted = self._eval_op(element.FilterOperands[0], event)
                return self._is_type(event.EventType, wanted)
            case ua.FilterOperator.Between:
                value, low, high = (self._eval_op(o, event) for o in element.FilterOperands)
                return low <= value <= high
            case _:
                return super()._eval_el(index, event)

    def _eval_op(self, op: Any, event: Any) -> Any:
        if isinstance(op, ua.SimpleAttributeOperand):
            return event.field(op).Value
        return super()._eval_op(op, event)

    def _is_type(self, event_type: ua.NodeId, wanted: ua.NodeId) -> bool:
        current: ua.NodeId | None = event_type
        while current is not None and current != wanted:
            current = self._supertype(current)
        return current is not None

    def _supertype(self, node: ua.NodeId) -> ua.NodeId | None:
        data = self._aspace.get(node)
        has_subtype = ua.NodeId(ua.Int32(ua.ObjectIds.HasSubtype))
        for reference in data.references if data else ():
            if reference.ReferenceTypeId == has_subtype and not reference.IsForward:
                return reference.NodeId
        return None

    def _like_operator(self, string: Any, pattern: Any) -> bool:
        if not isinstance(string, str | ua.LocalizedText) or not isinstance(pattern, str):
            return False
        subject = string if isinstance(string, str) else string.Text or ""
        return re.fullmatch(like_pattern(pattern), subject, re.DOTALL) is not None


def like_pattern(pattern: str) -> str:
    r"""Return a LIKE pattern as a regular expression: ``%``, ``_``, ``[a-c]``, ``[^a]``, ``\%``."""
    out, position = [], 0
    while position < len(pattern):
        sign = pattern[position]
        closing = pattern.find("]", position + 2)
        if sign == "\\" and position + 1 < len(pattern):
            position += 1
            out.append(re.escape(pattern[position]))
        elif sign == "[" and closing > 0:
            content = pattern[position + 1 : closing]
            negated, content = content.startswith("^"), content.removeprefix("^")
            # Only ranges and signs are special inside; everything else stands for itself.
            safe = content.replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            out.append(f"[{'^' if negated else ''}{safe}]")
            position = closing
        else:
            out.append({"%": ".*", "_": "."}.get(sign, re.escape(sign)))
        position += 1
    return "".join(out)
