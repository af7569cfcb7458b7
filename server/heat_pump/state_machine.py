"""Finite state machines: the states of a type, and an instance in one (OPC 10000-16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.space.node_builder import standard
from heatpump_twin.server.space.ua_values import content

_STATES = frozenset(map(standard, (ua.ObjectIds.StateType, ua.ObjectIds.InitialStateType)))
_TRANSITION = standard(ua.ObjectIds.TransitionType)
_FROM, _TO = standard(ua.ObjectIds.FromState), standard(ua.ObjectIds.ToState)


@dataclass(frozen=True, slots=True)
class Element:
    """A state or a transition of a state machine type."""

    node: ua.NodeId
    name: ua.LocalizedText
    number: int
    """StateNumber or TransitionNumber."""


@dataclass(frozen=True, slots=True)
class StateMachineType:
    """A state machine type: states by BrowseName, transitions by their two states."""

    states: Mapping[str, Element]
    transitions: Mapping[tuple[str, str], Element]

    @classmethod
    def read(cls, aspace: AddressSpace, type_id: ua.NodeId) -> StateMachineType:
        """Read the states and transitions from the nodes of the type."""
        states: dict[str, Element] = {}
        names: dict[ua.NodeId, str] = {}
        declared = []
        # Read from the nodes, not from model.yaml: it works for Machinery's types as well.
        for reference in aspace[type_id].references:
            if not reference.IsForward:
                continue
            if reference.TypeDefinition in _STATES:
                names[reference.NodeId] = reference.BrowseName.Name
                state = _element(aspace, reference, "StateNumber")
                states[reference.BrowseName.Name] = replace(state, name=_state_name(state.name))
            elif reference.TypeDefinition == _TRANSITION:
                declared.append(_element(aspace, reference, "TransitionNumber"))
        return cls(
            states,
            {
                (names[_end(aspace, t.node, _FROM)], names[_end(aspace, t.node, _TO)]): t
                for t in declared
            },
        )


class StateMachine:
    """One state machine: its current state and its last transition."""

    def __init__(self, type_: StateMachineType) -> None:
        self._type = type_
        self.state: Element | None = None
        """None while the state is not known."""
        self.last: tuple[Element, Element, Element] | None = None
        """The last transition with the states that it left and entered."""
        self.last_time = 0
        """When it happened. [µs since the Unix epoch, UTC]"""
        self._known = ""

    def follow(self, name: str | None, time: int) -> bool:
        """Enter a state, or none; tell whether that was a transition.

        What happened while the state was unknown counts as one transition.
        """
        self.state = None if name is None else self._type.states[name]
        if name is None or name == self._known:
            return False
        before, self._known = self._known, name
        # The first known state is where the machine was found; nothing led there.
        if not before:
            return False
        self.last = (
            self._type.transitions[before, name],
            self._type.states[before],
            self._type.states[name],
        )
        self.last_time = time
        return True


def _element(aspace: AddressSpace, reference: ua.ReferenceDescription, number: str) -> Element:
    properties = {r.BrowseName.Name: r.NodeId for r in aspace[reference.NodeId].references}
    value = aspace.read_attribute_value(properties[number], ua.AttributeIds.Value)
    name = aspace.read_attribute_value(reference.NodeId, ua.AttributeIds.DisplayName)
    return Element(reference.NodeId, content(name), int(content(value)))


def _state_name(name: ua.LocalizedText) -> ua.LocalizedText:
    """Return the name of a state with its translation context, which type nodes do not keep."""
    return ua.LocalizedText(Text(name.Text or "", Context.STATES), name.Locale)


def _end(aspace: AddressSpace, transition: ua.NodeId, kind: ua.NodeId) -> ua.NodeId:
    for reference in aspace[transition].references:
        if reference.IsForward and reference.ReferenceTypeId == kind:
            end: ua.NodeId = reference.NodeId
            return end
    raise LookupError(f"transition {transition.to_string()} has no {kind.to_string()}")
