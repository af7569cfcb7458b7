"""Event filters: where clauses over the fields of an event (OPC 10000-4, 7.7)."""

from __future__ import annotations

import re
from typing import Any

from asyncua import ua
from asyncua.server.monitored_item_service import WhereClauseEvaluator

from heatpump_twin.server.space.ua_values import standard

MAX_WHERE_ELEMENTS = 100
"""Elements of one where clause; real clients send a few."""


class EventFilter(WhereClauseEvaluator):
    """The where clause of an item: asyncua's, with subtypes, LIKE patterns and long paths."""

    def eval(self, event: Any) -> bool:
        """Tell whether an event passes the where clause; evaluate each element once at most."""
        self._known: dict[int, Any] = {}
        return bool(super().eval(event))

    def _eval_el(self, index: int, event: Any) -> Any:
        # Elements may share operands: without this memory, a chain of n elements that each name the
        # next one twice would take 2ⁿ evaluations.
        if index not in self._known:
            self._known[index] = self._element(index, event)
        return self._known[index]

    def _element(self, index: int, event: Any) -> Any:
        element = self.elements[index]
        match element.FilterOperator:
            # asyncua compares the type alone: OfType ConditionType would match no alarm, as every
            # alarm is of a subtype.
            case ua.FilterOperator.OfType:
                wanted = self._eval_op(element.FilterOperands[0], event)
                return self._is_type(event.EventType, wanted)
            case ua.FilterOperator.Between:
                value, low, high = (self._eval_op(o, event) for o in element.FilterOperands)
                return low <= value <= high
            case _:
                return super()._eval_el(index, event)

    def _eval_op(self, op: Any, event: Any) -> Any:
        # asyncua looks for an attribute named like the first step of the path; fields of a
        # condition such as ActiveState/Id have two.
        if isinstance(op, ua.SimpleAttributeOperand):
            return event.field(op).Value
        return super()._eval_op(op, event)

    def _is_type(self, event_type: ua.NodeId, wanted: ua.NodeId) -> bool:
        current: ua.NodeId | None = event_type
        # Upwards, as a type has one supertype but any number of subtypes.
        while current is not None and current != wanted:
            current = self._supertype(current)
        return current is not None

    def _supertype(self, node: ua.NodeId) -> ua.NodeId | None:
        data = self._aspace.get(node)
        has_subtype = standard(ua.ObjectIds.HasSubtype)
        for reference in data.references if data else ():
            if reference.ReferenceTypeId == has_subtype and not reference.IsForward:
                supertype: ua.NodeId = reference.NodeId
                return supertype
        return None

    def _like_operator(self, string: Any, pattern: Any) -> bool:
        if not isinstance(string, str | ua.LocalizedText) or not isinstance(pattern, str):
            # A field that this event does not have is null, and null is like nothing.
            return False
        subject = string if isinstance(string, str) else string.Text or ""
        try:
            return re.fullmatch(like_pattern(pattern), subject, re.DOTALL) is not None
        except re.error:  # such as [z-a]
            return False


def where_problem(where: ua.ContentFilter) -> int | None:
    """Return the status of a wrong where clause: elements may only refer to later ones (7.7.1).

    That keeps the evaluation finite, and the limit keeps it short.
    """
    elements = where.Elements or []
    if len(elements) > MAX_WHERE_ELEMENTS:
        return int(ua.StatusCodes.BadEventFilterInvalid)
    for index, element in enumerate(elements):
        for operand in element.FilterOperands or []:
            forward = not isinstance(operand, ua.ElementOperand) or (
                index < operand.Index < len(elements)
            )
            if not forward:
                return int(ua.StatusCodes.BadEventFilterInvalid)
    return None


def like_pattern(pattern: str) -> str:
    r"""Return a LIKE pattern as a regular expression: ``%``, ``_``, ``[a-c]``, ``[^a]``, ``\%``.

    What stands between two ``%`` is looked for once, at its first place (an atomic group): with
    backtracking, a pattern of many ``%`` would take for ever.
    """
    first, *others = _segments(pattern)
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>.*?{part})" for part in middle if part) + f".*{last}"


def _segments(pattern: str) -> list[str]:
    """Return what stands before, between and behind the ``%`` of a LIKE pattern."""
    segments, position = [""], 0
    while position < len(pattern):
        sign = pattern[position]
        closing = pattern.find("]", position + 2)
        if sign == "%":
            segments.append("")
        elif sign == "\\" and position + 1 < len(pattern):
            position += 1
            segments[-1] += re.escape(pattern[position])
        elif sign == "[" and closing > 0:
            content = pattern[position + 1 : closing]
            negated, content = content.startswith("^"), content.removeprefix("^")
            # Only ranges and signs are special inside; everything else stands for itself.
            safe = content.replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            segments[-1] += f"[{'^' if negated else ''}{safe}]"
            position = closing
        else:
            segments[-1] += "." if sign == "_" else re.escape(sign)
        position += 1
    return segments
