"""Add the state machine type: states, transitions and their causes (OPC 10000-16, 4.4)."""

from __future__ import annotations

from itertools import permutations

from heatpump_twin.server.nodeset.generator.model_draft import MANDATORY, ModelDraft
from heatpump_twin.server.nodeset.generator.nodeset_node import NodeClass, NodesetNode
from heatpump_twin.server.nodeset.model import Cause, StateMachineDeclaration
from heatpump_twin.server.nodeset.nodeset_xml import element
from heatpump_twin.server.nodeset.vocabulary import HEAT_PUMP

CODES = 100
"""TransitionNumber is 100 × the number of the state that is left + that of the one entered."""


def add_state_machine_type(draft: ModelDraft, spec: StateMachineDeclaration) -> None:
    """Add the state machine type with its states, transitions and mandatory variables."""
    machine = draft.type(NodeClass.OBJECT_TYPE, spec.name, spec.of, spec.text)
    machine.refer(draft["GeneratesEvent"], draft["TransitionEventType"])
    for variable, members in (
        ("CurrentState", ("Id", "Number")),
        ("LastTransition", ("Id", "Number", "TransitionTime")),
    ):
        node = draft.override(machine, f"ua:{variable}", MANDATORY)
        for member in members:
            draft.override(node, f"ua:{member}", MANDATORY)
    # Mandatory, as not every heat pump can do all that the type knows.
    draft.override(machine, "ua:AvailableStates", MANDATORY)
    draft.override(machine, "ua:AvailableTransitions", MANDATORY)
    states = {name: _add_state(draft, spec, machine, name) for name in spec.states}
    # Every pair: what is seen are polls of a device, which may have passed any state in between.
    for start, end in permutations(spec.states, 2):
        # Without a modelling rule: states and transitions are the type's, instances do not repeat
        # them.
        node = draft.object(machine, f"{start}To{end}", "TransitionType", None)
        node.display_name = f"{states[start].display_name} to {states[end].display_name}"
        number = CODES * spec.states[start] + spec.states[end]
        _number(draft, node, "TransitionNumber", number)
        node.refer(draft["FromState"], states[start])
        node.refer(draft["ToState"], states[end])
        node.refer(draft["HasEffect"], draft["TransitionEventType"])


def add_causes(draft: ModelDraft, spec: StateMachineDeclaration, methods: NodesetNode) -> None:
    """Add HasCause references from transitions to the methods that cause them."""
    machine = draft[spec.name]
    for name, cause in spec.causes.items():
        for start, end in permutations(spec.states, 2):
            if _causes(cause, start, end):
                transition = machine.child(f"{start}To{end}")
                transition.refer(draft["HasCause"], methods.child(name))


def _causes(cause: Cause, start: str, end: str) -> bool:
    return (cause.leaves is None or start in cause.leaves) and (
        cause.enters is None or end in cause.enters
    )


def _add_state(
    draft: ModelDraft, spec: StateMachineDeclaration, machine: NodesetNode, name: str
) -> NodesetNode:
    type_name = "InitialStateType" if name == spec.initial else "StateType"
    node = draft.object(machine, name, type_name, None)
    node.display_name = HEAT_PUMP[spec.point].codes[spec.states[name]]
    _number(draft, node, "StateNumber", spec.states[name])
    return node


def _number(draft: ModelDraft, node: NodesetNode, name: str, value: int) -> None:
    draft.variable(
        node,
        f"ua:{name}",
        "PropertyType",
        "UInt32",
        MANDATORY,
        value=element("UInt32", str(value)),
    )
