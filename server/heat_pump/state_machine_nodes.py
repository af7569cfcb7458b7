"""State machine nodes of a heat pump, which follow its operating state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.config.catalogue import Point
from heatpump_twin.config.phrase import Phrase
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import is_bad
from heatpump_twin.server.heat_pump.point_nodes import LiveNode
from heatpump_twin.server.heat_pump.state_machine import Element, StateMachine, StateMachineType
from heatpump_twin.server.space.event import Event, Origin, base_fields
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import instance_name, status_code, timed_value
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.image import Image

IDS = ua.ObjectIds
NODE_ID, UINT32, TEXT = ua.VariantType.NodeId, ua.VariantType.UInt32, ua.VariantType.LocalizedText
TIME = ua.VariantType.DateTime

ITEM_STATES = (
    "NotAvailable", "NotExecuting", "Executing", "Executing", "Executing", "Executing",
    "OutOfService", "NotExecuting",
)  # fmt: skip
"""The MachineryItemState (OPC 40001-1, 12) of each operating state."""

OPERATION_MODES = ("None", *["Processing"] * 7)
"""The MachineryOperationMode (OPC 40001-1, 13) of each: a controller does not report service."""

# Low: normal operation, for the event list and nobody's pager (OPC 10000-5 has 1 to 1000).
TRANSITION_SEVERITY = 100

ReadElement = Callable[[], tuple[object, ua.VariantType] | None]
"""Return a value and its type; None while there is none."""

NO_TRANSITION = Element(ua.NodeId(), ua.LocalizedText(), 0)
"""LastTransition of a state machine that has not made a transition yet."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A state machine, its node, and its state for each operating state."""

    node: ua.NodeId
    title: str
    machine: StateMachine
    states: tuple[str, ...]
    tells: bool
    """Whether its transitions are sent as events."""


class StateMachineNodes:
    """The builder of state machines, which moves them with the operating state."""

    def __init__(self, builder: NodeBuilder, image: Image, clock: Clock) -> None:
        self._builder = builder
        self._image = image
        self._clock = clock
        self._types: dict[ua.NodeId, StateMachineType] = {}
        self._followers: dict[int, list[Follower]] = {}
        self._failures = FailureLog("a state machine cannot follow its point", "point")

    def add(
        self,
        name: str,
        browse_name: ua.QualifiedName,
        type_id: ua.NodeId,
        place: NodePlace,
        point: Point,
        states: tuple[str, ...],
        *,
        description: str,
        with_transitions: bool = False,
    ) -> list[LiveNode]:
        """Add a state machine that follows a point; return the variables that change with it."""
        if type_id not in self._types:
            self._types[type_id] = StateMachineType.read(self._builder.aspace, type_id)
        machine = StateMachine(self._types[type_id])
        node = self._builder.object(
            name, browse_name, type_id, place, description=description, notifier=with_transitions
        )
        follower = Follower(node, browse_name.Name, machine, states, tells=with_transitions)
        self._followers.setdefault(point.index, []).append(follower)
        # The present state is where it begins: a start of the twin is no transition.
        self._move(follower, point.index)
        live = self._add_state(follower, point)
        return live + (self._add_transition(follower, point) if with_transitions else [])

    def restrict(self, machine: ua.NodeId, type_id: ua.NodeId, states: Collection[str]) -> None:
        """Add AvailableStates and AvailableTransitions to a state machine (OPC 10000-16, 4.4.5)."""
        type_ = self._types[type_id]
        for name, nodes in (
            ("AvailableStates", [type_.states[state].node for state in states]),
            (
                "AvailableTransitions",
                [t.node for ends, t in type_.transitions.items() if set(ends) <= set(states)],
            ),
        ):
            self._builder.variable(
                f"{instance_name(machine)}.{name}",
                ua.QualifiedName(name),
                standard(IDS.BaseDataVariableType),
                NodePlace(machine),
                standard(IDS.NodeId),
                nodes,
                array=True,
            )

    def remove(self, index: int) -> None:
        """Forget the state machines that follow a point."""
        self._followers.pop(index, None)

    def take(self, indices: set[int]) -> list[tuple[int, Event]]:
        """Move the state machines whose points changed; return the transitions as events."""
        return [
            (index, event)
            for index in self._followers.keys() & indices
            for event in self._attempt(index)
        ]

    def _attempt(self, index: int) -> list[Event]:
        point = self._image.table[index].key
        try:
            events = [
                self._event(follower)
                for follower in self._followers[index]
                if self._move(follower, index) and follower.tells
            ]
        except Exception:  # noqa: BLE001 (the boundary of one heat pump: the others go on)
            self._failures.failed(point)
            return []
        self._failures.worked(point)
        return events

    def _move(self, follower: Follower, index: int) -> bool:
        unknown = is_bad(int(self._image.status[index]))
        name = None if unknown else follower.states[int(self._image.value[index])]
        return follower.machine.follow(name, int(self._image.time[index]))

    # ── nodes ─────────────────────────────────────────────────────────────────────────────────────
    def _add_state(self, follower: Follower, point: Point) -> list[LiveNode]:
        machine = follower.machine
        return self._add_variable(
            follower, point, "CurrentState", IDS.FiniteStateVariableType, lambda: machine.state
        )

    def _add_transition(self, follower: Follower, point: Point) -> list[LiveNode]:
        machine = follower.machine
        # The last transition stays readable for clients that come after its event.
        live = self._add_variable(
            follower,
            point,
            "LastTransition",
            IDS.FiniteTransitionVariableType,
            lambda: machine.last[0] if machine.last else NO_TRANSITION,
        )
        variable = self._builder.node_id(f"{instance_name(follower.node)}.LastTransition")
        time = self._builder.property(variable, ua.QualifiedName("TransitionTime"), IDS.UtcTime)
        live.append(
            self._follow(
                time,
                point,
                lambda: (to_datetime(machine.last_time), TIME),
            )
        )
        return live

    def _add_variable(
        self,
        follower: Follower,
        point: Point,
        name: str,
        type_id: int,
        now: Callable[[], Element | None],
    ) -> list[LiveNode]:
        """Add a variable with the element's name, and its Id and Number."""
        variable = self._builder.variable(
            f"{instance_name(follower.node)}.{name}",
            ua.QualifiedName(name),
            standard(type_id),
            NodePlace(follower.node),
            standard(IDS.LocalizedText),
        )
        identifier = self._builder.property(variable, ua.QualifiedName("Id"), IDS.NodeId)
        number = self._builder.property(variable, ua.QualifiedName("Number"), IDS.UInt32)

        def part(pick: Callable[[Element], object], kind: ua.VariantType) -> ReadElement:
            def read() -> tuple[object, ua.VariantType] | None:
                element = now()
                return None if element is None else (pick(element), kind)

            return read

        return [
            self._follow(variable, point, part(lambda e: e.name, TEXT)),
            self._follow(identifier, point, part(lambda e: e.node, NODE_ID)),
            self._follow(number, point, part(lambda e: e.number, UINT32)),
        ]

    def _follow(self, node: ua.NodeId, point: Point, read: ReadElement) -> LiveNode:
        def value(index: int) -> ua.DataValue:
            found = read()
            status = int(self._image.status[index])
            return timed_value(
                ua.Variant() if found is None else ua.Variant(*found),
                status_code(status),
                to_datetime(int(self._image.time[index])),
                to_datetime(self._clock.now()),
            )

        index = point.index
        self._builder.computed(node, lambda _node, _attribute: value(index))
        return LiveNode(node, value)

    def _event(self, follower: Follower) -> Event:
        """Return the last transition as a TransitionEventType event (OPC 10000-16, 4.4.15)."""
        assert follower.machine.last is not None  # noqa: S101 (there was a transition)
        transition, left, entered = follower.machine.last
        time = follower.machine.last_time
        before, after = left.name.Text or "", entered.name.Text or ""
        words = Phrase("{left} → {entered}", left=before, entered=after)
        origin = Origin(standard(IDS.TransitionEventType), follower.node, follower.title)
        base = base_fields(origin, time, words, TRANSITION_SEVERITY, received=self._clock.now())
        return Event(
            {
                **base,
                ("Transition",): ua.Variant(transition.name, TEXT),
                ("Transition", "Id"): ua.Variant(transition.node, NODE_ID),
                ("Transition", "Number"): ua.Variant(transition.number, UINT32),
                ("FromState",): ua.Variant(left.name, TEXT),
                ("FromState", "Id"): ua.Variant(left.node, NODE_ID),
                ("FromState", "Number"): ua.Variant(left.number, UINT32),
                ("ToState",): ua.Variant(entered.name, TEXT),
                ("ToState", "Id"): ua.Variant(entered.node, NODE_ID),
                ("ToState", "Number"): ua.Variant(entered.number, UINT32),
            }
        )
