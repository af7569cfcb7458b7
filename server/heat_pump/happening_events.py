"""What happens and is no alarm, as OPC UA events of the heat pump that it happens to."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import is_good
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.space.event import Event, Fields, Origin, base_fields, moment
from heatpump_twin.server.space.node_builder import NodeBuilder
from heatpump_twin.server.space.ua_values import content
from heatpump_twin.twin_engine.happening import (
    Happening,
    PhaseChange,
    ProgramReport,
    SettingChange,
)

T = ua.VariantType
SEVERITY, FAILED_SEVERITY = 100, 300
"""Normal operation is for the event list and nobody's pager; a program that failed is for both."""
PHASE_TYPES = "PhaseBegunEventType", "PhaseEndedEventType"
"""Of an event that no type is declared for, such as those of a site's own pack."""
_MILLISECOND = 1_000
"""[µs]"""


class HappeningEvents:
    """The maker of events; one for a site."""

    def __init__(self, builder: NodeBuilder, model: TypeModel, clock: Clock) -> None:
        self._builder = builder
        self._clock = clock
        self._types = {
            (phase, begins): name
            for name, spec in model.events.items()
            for begins, phases in ((True, spec.begins), (False, spec.ends))
            for phase in phases
        }

    def event(self, happening: Happening, device: ua.NodeId) -> Event:
        """Return the event of what has happened to a heat pump."""
        match happening:
            case PhaseChange():
                kind = self._types.get((happening.phase, happening.begins))
                kind = kind or PHASE_TYPES[0 if happening.begins else 1]
                return self._event(happening, device, kind, SEVERITY, _phase(happening))
            case SettingChange():
                more = self._setting(happening)
                return self._event(happening, device, "SettingChangedEventType", SEVERITY, more)
            case ProgramReport():
                severity = SEVERITY if is_good(happening.status) else FAILED_SEVERITY
                more = _program(happening)
                return self._event(happening, device, "ProgramEventType", severity, more)

    def _event(
        self, happening: Happening, device: ua.NodeId, kind: str, severity: int, more: Fields
    ) -> Event:
        title = self._builder.aspace.read_attribute_value(device, ua.AttributeIds.DisplayName)
        name = content(title).Text or happening.asset
        origin = Origin(self._builder.type_id(kind), device, name)
        base = base_fields(
            origin, happening.time, happening.message, severity, received=self._clock.now()
        )
        return Event({**base, **more})

    def _setting(self, change: SettingChange) -> Fields:
        return {
            ("Setting",): ua.Variant(self._builder.node_id(change.point.key), T.NodeId),
            ("OldValue",): ua.Variant(change.old, T.Double),
            ("NewValue",): ua.Variant(change.new, T.Double),
            ("ChangedBy",): ua.Variant(change.user, T.String),
            ("ChangedAtDevice",): ua.Variant(not change.user, T.Boolean),
        }


def _phase(change: PhaseChange) -> Fields:
    fields: Fields = {("Phase",): ua.Variant(change.phase, T.String)}
    if change.begins:
        return fields
    if change.since is None:
        return {**fields, ("BeganAt",): ua.Variant(), ("Lasted",): ua.Variant()}
    lasted = (change.time - change.since) / _MILLISECOND
    return {
        **fields,
        ("BeganAt",): moment(change.since),
        ("Lasted",): ua.Variant(lasted, T.Double),
    }


def _program(report: ProgramReport) -> Fields:
    status = ua.StatusCode(ua.UInt32(report.status))
    return {
        ("Program",): ua.Variant(report.program, T.String),
        ("RequestedBy",): ua.Variant(report.user, T.String),
        ("Outcome",): ua.Variant(status, T.StatusCode),
    }
