"""Where clauses of event filters (OPC 10000-4, 7.7): checked and built once, asked of each event.

A clause has a value of three: true, false, and NULL where it depends on a field that the event does
not have. Only what is true passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.subscription.filters import operators
from heatpump_twin.server.subscription.filters.casting import CASTS
from heatpump_twin.server.subscription.filters.event_fields import EventFields

MAX_ELEMENTS = 100
"""Elements of one where clause; real clients send a few."""
ONE, TWO, THREE = (1, 1), (2, 2), (3, 3)
COUNTS: Mapping[int, tuple[int, int]] = {
    ua.FilterOperator.Equals: TWO,
    ua.FilterOperator.IsNull: ONE,
    ua.FilterOperator.GreaterThan: TWO,
    ua.FilterOperator.LessThan: TWO,
    ua.FilterOperator.GreaterThanOrEqual: TWO,
    ua.FilterOperator.LessThanOrEqual: TWO,
    ua.FilterOperator.Like: TWO,
    ua.FilterOperator.Not: ONE,
    ua.FilterOperator.Between: THREE,
    ua.FilterOperator.InList: (2, MAX_ELEMENTS),
    ua.FilterOperator.And: TWO,
    ua.FilterOperator.Or: TWO,
    ua.FilterOperator.Cast: TWO,
    ua.FilterOperator.OfType: ONE,
    ua.FilterOperator.BitwiseAnd: TWO,
    ua.FilterOperator.BitwiseOr: TWO,
}
"""Operators that are offered, with the least and the largest number of their operands."""

Term = Callable[[Event, dict[int, Any]], Any]
"""Returns the value of an operand for an event; the dictionary has the elements known already."""


class WhereClause:
    """A where clause that has no mistakes."""

    def __init__(self, elements: Sequence[Term]) -> None:
        self._elements = elements

    def passes(self, event: Event) -> bool:
        """Tell whether an event passes."""
        # Elements may share operands: without this memory, a chain of n elements that each name
        # the next one twice would take 2ⁿ evaluations.
        return not self._elements or self._elements[0](event, {}) is True


def build(
    where: ua.ContentFilter, fields: EventFields
) -> tuple[WhereClause | None, ua.ContentFilterResult]:
    """Return a where clause, None if it is wrong, and what is to be said of its elements."""
    elements = where.Elements or []
    result = ua.ContentFilterResult()
    if len(elements) > MAX_ELEMENTS:
        return None, result
    terms: list[Term] = []
    builder = _Builder(terms, len(elements), fields)
    for index, element in enumerate(elements):
        term, said = builder.element(index, element)
        result.ElementResults.append(said)
        if term is not None:
            terms.append(term)
    if len(terms) < len(elements):
        return None, result
    return WhereClause(terms), ua.ContentFilterResult()


class _Builder:
    def __init__(self, terms: Sequence[Term], count: int, fields: EventFields) -> None:
        self._terms = terms
        self._count = count
        self._fields = fields

    def element(
        self, index: int, element: ua.ContentFilterElement
    ) -> tuple[Term | None, ua.ContentFilterElementResult]:
        said = ua.ContentFilterElementResult()
        operands = element.FilterOperands or []
        counts = COUNTS.get(element.FilterOperator)
        if counts is None:
            said.StatusCode = status_code(ua.StatusCodes.BadFilterOperatorUnsupported)
            return None, said
        if not counts[0] <= len(operands) <= counts[1]:
            said.StatusCode = status_code(ua.StatusCodes.BadFilterOperandCountMismatch)
            return None, said
        found = [self._operand(index, operand) for operand in operands]
        codes = [term if isinstance(term, int) else 0 for term in found]
        terms = [term for term in found if not isinstance(term, int)]
        term = self._term(element.FilterOperator, operands[-1], terms)
        if isinstance(term, int):
            codes[-1] = term
        if any(codes) or isinstance(term, int):
            said.StatusCode = status_code(ua.StatusCodes.BadFilterOperandInvalid)
            said.OperandStatusCodes = [status_code(code) for code in codes]
            return None, said
        return term, said

    def _term(self, operator: int, last: object, terms: Sequence[Term]) -> Term | int:
        """Return what an operator makes of its operands, or why the last one is wrong."""
        literal = last.Value.Value if isinstance(last, ua.LiteralOperand) and last.Value else None
        if operator == ua.FilterOperator.OfType:
            return self._of_type(literal)
        if operator == ua.FilterOperator.Cast:
            cast = CASTS.get(literal) if isinstance(literal, ua.NodeId) else None
            if cast is None:
                return int(ua.StatusCodes.BadFilterLiteralInvalid)
            return _applied(cast, terms[:1])
        return _applied(operators.OPERATIONS[operator], terms)

    def _of_type(self, wanted: object) -> Term | int:
        if not isinstance(wanted, ua.NodeId):
            return int(ua.StatusCodes.BadFilterLiteralInvalid)
        if not self._fields.is_event_type(wanted):
            return int(ua.StatusCodes.BadTypeDefinitionInvalid)
        is_type = self._fields.is_type
        return lambda event, _known: is_type(event.EventType, wanted)

    def _operand(self, index: int, operand: object) -> Term | int:
        """Return what an operand stands for, or why it is wrong."""
        match operand:
            case ua.ElementOperand():
                # To later ones only (7.7.1): that keeps the evaluation finite.
                if not index < operand.Index < self._count:
                    return int(ua.StatusCodes.BadFilterOperandInvalid)
                return self._element_at(int(operand.Index))
            case ua.LiteralOperand():
                value = operand.Value.Value if operand.Value is not None else None
                return lambda _event, _known: value
            case ua.SimpleAttributeOperand():
                problem = self._fields.problem(operand)
                return problem or (lambda event, _known: event.field(operand).Value)
        return int(ua.StatusCodes.BadFilterOperandInvalid)

    def _element_at(self, index: int) -> Term:
        terms = self._terms

        def value(event: Event, known: dict[int, Any]) -> Any:
            if index not in known:
                known[index] = terms[index](event, known)
            return known[index]

        return value


def _applied(operation: Callable[..., Any], operands: Sequence[Term]) -> Term:
    return lambda event, known: operation(*(operand(event, known) for operand in operands))
