"""The fields of the shelving state machine of an alarm (OPC 10000-9, 5.8.17)."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.space.event import Fields
from heatpump_twin.server.space.node_builder import standard, text
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState, Shelving

IDS = ua.ObjectIds
STATE = "ShelvingState"
STATES = {
    Shelving.UNSHELVED: (
        IDS.ShelvedStateMachineType_Unshelved,
        Text("Unshelved", Context.STATES),
    ),
    Shelving.TIMED: (
        IDS.ShelvedStateMachineType_TimedShelved,
        Text("Timed shelved", Context.STATES),
    ),
    Shelving.ONE_SHOT: (
        IDS.ShelvedStateMachineType_OneShotShelved,
        Text("One-shot shelved", Context.STATES),
    ),
}


def shelving_fields(state: ConditionState, now: int) -> Fields:
    """Return the fields of an alarm's shelving. [µs]"""
    node, name = STATES[state.shelving]
    left = max(state.shelved_until - now, 0) / 1000 if state.shelved_until else 0.0
    since = ua.Variant(to_datetime(state.shelving_since), ua.VariantType.DateTime)
    return {
        (STATE, "CurrentState"): ua.Variant(text(name), ua.VariantType.LocalizedText),
        (STATE, "CurrentState", "Id"): ua.Variant(standard(node), ua.VariantType.NodeId),
        (STATE, "CurrentState", "EffectiveTransitionTime"): since,
        (STATE, "UnshelveTime"): ua.Variant(left, ua.VariantType.Double),
    }
