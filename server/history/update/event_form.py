"""What the values of written events stand for (OPC 10000-11, 6.9.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.server.limits import MAX_SELECT_CLAUSES
from heatpump_twin.server.space.event import Path
from heatpump_twin.twin_engine.correction import Change

CODES = ua.StatusCodes
EVENT_ID, EVENT_TYPE, TIME = ("EventId",), ("EventType",), ("Time",)
CONDITION_ID: Path = ()
"""Stands for the condition that an event is about: it has no path (OPC 10000-9, 5.5.2)."""
NEEDED: Mapping[Change, frozenset[Path]] = {
    Change.INSERT: frozenset({EVENT_TYPE, TIME}),
    Change.REPLACE: frozenset({EVENT_ID}),
    Change.UPDATE: frozenset({EVENT_TYPE, TIME}),
}
"""Fields without which events cannot be written; all others of an event type may be missing."""


@dataclass(frozen=True, slots=True)
class EventForm:
    """What the values of each event of a request stand for."""

    paths: tuple[Path | None, ...]
    """Fields in the order of the values; None: there is no such field."""

    @classmethod
    def of(cls, wanted: ua.EventFilter, change: Change) -> EventForm | int:
        """Return the form that a filter describes, or the status that refuses it."""
        clauses = wanted.SelectClauses or ()
        # What the where clause would choose is given already.
        if wanted.WhereClause.Elements or len(clauses) > MAX_SELECT_CLAUSES:
            return int(CODES.BadEventFilterInvalid)
        form = cls(tuple(_path(clause) for clause in clauses))
        return form if NEEDED[change] <= set(form.paths) else int(CODES.BadArgumentsMissing)

    @property
    def known(self) -> list[Path]:
        """The fields that there are."""
        return [path for path in self.paths if path is not None]

    def event_id(self, values: Sequence[ua.Variant]) -> bytes:
        """Return the EventId that is among the values; empty: none is."""
        for path, variant in self.given(values):
            if path == EVENT_ID and isinstance(variant.Value, bytes):
                return bytes(variant.Value)
        return b""

    def given(self, values: Sequence[ua.Variant]) -> Iterator[tuple[Path | None, ua.Variant]]:
        """Yield the fields that have a value; an empty EventId is none."""
        for path, variant in zip(self.paths, values, strict=False):
            if variant.Value not in (None, b""):
                yield path, variant


def _path(clause: ua.SimpleAttributeOperand) -> Path | None:
    """Return the field that a select clause names; None: a part of one, or what is none."""
    path = tuple(name.Name or "" for name in clause.BrowsePath or ())
    if not path and clause.AttributeId == ua.AttributeIds.NodeId:
        return CONDITION_ID
    whole = path and clause.AttributeId == ua.AttributeIds.Value and not clause.IndexRange
    return path if whole else None
