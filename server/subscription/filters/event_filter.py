"""Event filters (OPC 10000-4, 7.22.3): which events an item reports, and which of their fields."""

from __future__ import annotations

from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.server.limits import MAX_SELECT_CLAUSES
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.index_range import parsed, part_of
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.subscription.filters.event_fields import EventFields
from heatpump_twin.server.subscription.filters.where_clause import WhereClause, build


@dataclass(frozen=True, slots=True)
class EventFilter:
    """The filter of an item of events, checked and built."""

    select: tuple[ua.SimpleAttributeOperand, ...]
    where: WhereClause

    def passes(self, event: Event) -> bool:
        """Tell whether an event is to be reported."""
        return event.unfiltered or self.where.passes(event)

    def fields(self, event: Event) -> list[ua.Variant]:
        """Return the selected fields of an event; null where it has no such field."""
        return [_field(event, operand) for operand in self.select]


def _field(event: Event, operand: ua.SimpleAttributeOperand) -> ua.Variant:
    value = event.field(operand)
    span = parsed(operand.IndexRange) if operand.IndexRange else None
    return value if span is None else part_of(value, span) or ua.Variant()


def checked(
    wanted: ua.EventFilter, fields: EventFields
) -> tuple[EventFilter | None, ua.EventFilterResult]:
    """Return a filter, None if it is refused as a whole, and what is to be said of its elements.

    A field that there is not is null in every event, and said; the others are reported. A where
    clause is right or refused: with a part of it left out, it would mean something else.
    """
    select = tuple(wanted.SelectClauses or ())
    if len(select) > MAX_SELECT_CLAUSES:
        return None, ua.EventFilterResult()
    codes = [fields.problem(operand) for operand in select]
    where, said = build(wanted.WhereClause, fields)
    result = ua.EventFilterResult()
    if any(codes):
        result.SelectClauseResults = [status_code(code) for code in codes]
    result.WhereClauseResult = said
    if where is None or all(codes):
        return None, result
    return EventFilter(select, where), result
