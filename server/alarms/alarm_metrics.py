"""Figures of the alarms of each device since the server has started (OPC 10000-9, 9.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from asyncua import ua

from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.server.alarms.alarm_steps import Step
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.services.method_table import Caller, OfferedMethod, result
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import timed_value
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.historian.events.journal_entry import TransitionKind as Kind

log = structlog.stdlib.get_logger(__name__)

IDS, TYPES = ua.ObjectIds, ua.VariantType
NAME = "AlarmMetrics"
RATE_MINUTES = 10
"""Rates are alarms in so long a time, as those of a flood (ISA-18.2). [min]"""
_RATE_SPAN = RATE_MINUTES * 60 * MICROSECONDS


@dataclass(slots=True)
class Tally:
    """Figures of one device. Times are µs since the Unix epoch, UTC."""

    start: int
    count: int = 0
    longest_active: int = 0
    """[µs]"""
    longest_open: int = 0
    """How long one has waited for somebody to acknowledge it. [µs]"""
    repeats: int = 0
    most: int = 0
    """Alarms in the worst span."""
    recent: deque[int] = field(default_factory=deque)
    states: dict[str, ConditionState] = field(default_factory=dict)

    def note(self, before: ConditionState, step: Step, now: int) -> None:
        """Count what a step of a condition has brought."""
        after = step.state
        self.states[after.key] = after
        if before.active and not after.active:
            self.longest_active = max(self.longest_active, after.trunk.turned - before.trunk.raised)
        if before.trunk.number == after.trunk.number and not before.trunk.acked:
            waited = after.trunk.acked_since - before.trunk.acked_since
            self.longest_open = max(self.longest_open, waited)
        self.repeats = max(self.repeats, after.trunk.repeats)
        for news in step.news:
            if news.kind in (Kind.RAISED, Kind.RAISED_AGAIN):
                self.count += 1
                self.recent.append(now)
                self.most = max(self.most, self.rate(now))

    def rate(self, now: int) -> int:
        """Return the alarms of the span before a time. [-]"""
        while self.recent and self.recent[0] <= now - _RATE_SPAN:
            self.recent.popleft()
        return len(self.recent)

    def average(self, now: int) -> float:
        """Return the alarms in a span, on average since the start; at least one span counts."""
        return self.count * _RATE_SPAN / max(now - self.start, _RATE_SPAN)

    def active_for(self, now: int) -> float:
        """Return how long an alarm was active at most, also one that is. [ms]"""
        active = (now - s.trunk.raised for s in self.states.values() if s.active)
        return max((self.longest_active, *active)) / 1000

    def open_for(self, now: int) -> float:
        """Return how long one was not acknowledged at most, also one that is not. [ms]"""
        waiting = (
            now - o.acked_since for s in self.states.values() for o in s.occurrences if not o.acked
        )
        return max((self.longest_open, *waiting)) / 1000


_Figure = tuple[str, int, ua.VariantType, Callable[[Tally, int], Any]]
FIGURES: tuple[_Figure, ...] = (
    ("AlarmCount", IDS.UInt32, TYPES.UInt32, lambda tally, _: tally.count),
    ("StartTime", IDS.UtcTime, TYPES.DateTime, lambda tally, _: to_datetime(tally.start)),
    ("MaximumActiveState", IDS.Duration, TYPES.Double, Tally.active_for),
    ("MaximumUnAck", IDS.Duration, TYPES.Double, Tally.open_for),
    ("CurrentAlarmRate", IDS.Double, TYPES.Double, lambda tally, now: float(tally.rate(now))),
    ("MaximumAlarmRate", IDS.Double, TYPES.Double, lambda tally, _: float(tally.most)),
    ("MaximumReAlarmCount", IDS.UInt32, TYPES.UInt32, lambda tally, _: tally.repeats),
    ("AverageAlarmRate", IDS.Double, TYPES.Double, Tally.average),
)
"""Variables with their data types, and what they show at a time."""


class AlarmMetrics(Container[ua.NodeId]):
    """The objects with the figures of all devices; as a container: their NodeIds."""

    def __init__(self, builder: NodeBuilder, clock: Clock) -> None:
        self._builder, self._clock = builder, clock
        self._tallies: dict[str, Tally] = {}

    def __contains__(self, node: object) -> bool:
        return isinstance(node, ua.NodeId) and self._asset(node) is not None

    def add(self, asset: str, device: ua.NodeId) -> None:
        """Add the figures of a device."""
        self._tallies[asset] = Tally(self._clock.now())
        node = self._builder.object(
            f"{asset}.{NAME}", ua.QualifiedName(NAME), standard(IDS.AlarmMetricsType),
            NodePlace(device),
        )  # fmt: skip
        for name, data_type, kind, value in FIGURES:
            is_rate = name.endswith("Rate")
            variable = self._builder.variable(
                f"{asset}.{NAME}.{name}",
                ua.QualifiedName(name),
                standard(IDS.AlarmRateVariableType if is_rate else IDS.BaseDataVariableType),
                NodePlace(node),
                standard(data_type),
            )
            if is_rate:
                self._builder.property(variable, ua.QualifiedName("Rate"), IDS.UInt16, RATE_MINUTES)
            self._builder.computed(variable, self._reader(asset, kind, value))
        method = standard(IDS.AlarmMetricsType_Reset)
        self._builder.reference(node, IDS.HasComponent, method, inverse=False)

    def remove(self, asset: str) -> None:
        """Forget the figures of a device; its nodes go with its others."""
        self._tallies.pop(asset, None)

    def note(self, asset: str, before: ConditionState, step: Step) -> None:
        """Count what a step of a condition has brought."""
        if (tally := self._tallies.get(asset)) is not None:
            tally.note(before, step, self._clock.now())

    @property
    def reset(self) -> OfferedMethod:
        """Method that begins the figures of a device anew."""
        return OfferedMethod((), UserRole.ENGINEER, self._reset)

    async def _reset(
        self, caller: Caller, node: ua.NodeId, _inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        asset = self._asset(node)
        if asset is None:
            return result(ua.StatusCodes.BadNodeIdUnknown)
        # What is active or waits goes on to be so.
        states = self._tallies[asset].states
        self._tallies[asset] = Tally(self._clock.now(), states=states)
        log.info("figures of alarms begun anew", asset=asset, user=caller.user_name)
        return result(ua.StatusCodes.Good)

    def _asset(self, node: ua.NodeId) -> str | None:
        asset, _, last = str(node.Identifier).rpartition(".")
        own = node.NamespaceIndex == self._builder.namespaces.site and last == NAME
        return asset if own and asset in self._tallies else None

    def _reader(
        self, asset: str, kind: ua.VariantType, value: Callable[[Tally, int], Any]
    ) -> Callable[[ua.NodeId, ua.AttributeIds], ua.DataValue]:
        def read(_node: ua.NodeId, _attribute: ua.AttributeIds) -> ua.DataValue:
            now = self._clock.now()
            shown = ua.Variant(value(self._tallies[asset], now), kind)
            return timed_value(shown, ua.StatusCode(), to_datetime(now), to_datetime(now))

        return read
